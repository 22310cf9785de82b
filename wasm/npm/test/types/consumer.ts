// A user's program that uses every entry without a peer dependency. packed.test.ts compiles it with other versions of TypeScript,
// against the packed declarations.
import {
  type CallEvent,
  type Channel,
  type ChannelOptions,
  Code,
  ConfigError,
  createChannel,
  LoadError,
  Metadata,
  preload,
  type ResponseStream,
  type ServiceConfig,
  StatusError,
  type UnaryResponse,
} from "hedgerow";
import { allowedHeaders, allowedMethods, compressionHeaders, exposedHeaders } from "hedgerow/cors";
import { createFetch } from "hedgerow/fetch";
import * as inline from "hedgerow/inline";
import { integrity } from "hedgerow/integrity";
import { install } from "hedgerow/service-worker";
import { always, createTestServer, fail, later, reply, type TestRequest, type TestServer } from "hedgerow/testing";

export const lists: readonly string[] = [...allowedHeaders, ...allowedMethods, ...compressionHeaders, ...exposedHeaders];

const serviceConfig: ServiceConfig = {
  methodConfig: [
    {
      name: [{ service: "helloworld.Greeter" }],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.1s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

function tell(event: CallEvent): string {
  switch (event.type) {
    case "callEnded":
      return `${Code[event.code]} after ${event.attempts}`;
    case "backoff":
      return `${event.delayMs} ms`;
    default:
      return event.type;
  }
}

export async function main(log: (text: string) => void): Promise<void> {
  await preload({ wasmUrl: new URL("https://cdn.test/hedgerow.wasm"), integrity });
  const options: ChannelOptions = {
    baseUrl: "https://api.example.com",
    serviceConfig,
    metadata: async ({ attempt, signal }) => ({ attempt: `${attempt}`, aborted: [`${signal.aborted}`] }),
    onEvent: (event) => log(tell(event)),
    integrity: undefined,
  };
  const channel: Channel = await createChannel(options);
  const same: Channel = await inline.createChannel(options);
  try {
    const { message, header, attempts }: UnaryResponse = await channel.unary("/S/M", new Uint8Array(), { timeoutMs: 500 });
    log(`${message.length} ${header.get("x") ?? ""} ${header.get("x-bin")?.length} ${attempts[0]?.kind}`);
    const stream: ResponseStream = same.bidiStreaming("/S/B", [new Uint8Array()]);
    for await (const { byteLength } of stream) log(`${byteLength}`);
    for (const [name, value] of new Metadata([["a", "b"]])) log(`${name}: ${typeof value}`);
  } catch (error) {
    if (error instanceof StatusError)
      log(`${error.code === Code.UNAVAILABLE} ${error.details?.length} ${error.trailer.has("x")}`);
    if (error instanceof ConfigError) log(error.problems.map(({ path, reason }) => `${path}: ${reason}`).join());
    if (error instanceof inline.LoadError || error instanceof LoadError) log(error.message);
  } finally {
    channel.close();
    same[Symbol.dispose]();
  }
}

export const call: (channel: Channel) => typeof fetch = createFetch;
export const worker = (): void => install({ origins: ["/grpc"], serviceConfig });

const echo = ({ message, attempt }: TestRequest) => (attempt > 1 ? reply(message) : fail(Code.UNAVAILABLE));
export const server: TestServer = createTestServer().on("/S/M", later(5, reply([new Uint8Array()])), always(echo));
export const tested = (): Promise<Channel> => server.clock.runUntil(createChannel({ ...server.options, serviceConfig }));

// @ts-expect-error: a base URL is needed
createChannel({});
// @ts-expect-error: a message is bytes
export const misuse = (channel: Channel): unknown => channel.unary("/S/M", "text");
