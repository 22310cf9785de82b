// Plays one of the scripts that both drivers run: the application's part. The server's is in script-server.ts.
import {
  type AttemptRecord,
  type Channel,
  type ChannelOptions,
  type CommitReason,
  createChannel,
  type Metadata,
  type MetadataInit,
  StatusError,
} from "hedgerow";
import type { TestClock } from "hedgerow/testing";
import { ScriptServer, type SeenRequest } from "./script-server.js";
import type { Prepare, Script, Step } from "./script-types.js";

const METHOD = "/helloworld.Greeter/SayHello";

// These defaults are those of package driverscripts.
const CONFIGS = {
  retry: {
    maxAttempts: 3,
    initialBackoff: "1s",
    maxBackoff: "5s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE", "CANCELLED"],
  },
  hedge: { maxAttempts: 2, hedgingDelay: "0.1s", nonFatalStatusCodes: ["UNAVAILABLE"] },
};

/** How a call ended: a StatusError, or the same fields for a call that ended with OK. */
export type End =
  | StatusError
  | {
      readonly header: Metadata;
      readonly trailer: Metadata;
      readonly attempts: readonly AttemptRecord[];
      readonly commitReason: CommitReason | undefined;
    };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One script as it runs, and what the application has seen. */
export class ScriptRun {
  readonly received: string[] = [];
  /** The instant at which each message that was sent was accepted. */
  readonly accepted: number[] = [];
  end!: End;
  /** When the application saw the end. */
  endAt: number | undefined;
  readonly #script: Script;
  readonly #clock: TestClock;
  readonly #server: ScriptServer;
  readonly #abort = new AbortController();
  readonly #messages = new Messages(() => this.accepted.push(this.#clock.now()));
  #channel!: Channel;
  #refreshes = 0;
  #reader: AsyncIterator<Uint8Array> | undefined;

  constructor(script: Script, clock: TestClock) {
    this.#script = script;
    this.#clock = clock;
    this.#server = new ScriptServer(script.server, clock);
  }

  get requests(): readonly SeenRequest[] {
    return this.#server.requests;
  }

  close(): void {
    this.#channel.close();
  }

  async play(base: Pick<ChannelOptions, "baseUrl" | "random">): Promise<void> {
    const { steps = [], before } = this.#script;
    this.#channel = await createChannel({ ...base, ...this.#options() });
    if (before === "cancel") this.#abort.abort();
    if (before === "closeChannel") this.#channel.close();
    const ended = this.#begin();
    for (const step of steps) {
      await this.#clock.advance(step.at - this.#clock.now());
      this.#step(step);
      await this.#clock.advance(0);
    }
    await this.#clock.advance(60_000); // Everything has happened by then, except for what is inflated, which takes real time.
    this.end = await ended;
  }

  #options(): Partial<ChannelOptions> {
    const { options, policy, streams, prepare, refresh } = this.#script;
    const name = { retry: "retryPolicy", hedge: "hedgingPolicy" }[policy ?? "retry"];
    return {
      clock: this.#clock,
      fetch: this.#server.fetch,
      ...(streams ? {} : { requestStreaming: false }),
      ...(policy ? { serviceConfig: { methodConfig: [{ name: [{}], [name]: CONFIGS[policy] }] } } : {}),
      ...(prepare ? { metadata: ({ attempt }) => this.#prepare(prepare[attempt - 1] as Prepare) } : {}),
      ...(refresh ? { credentialsRefresh: { refresh: () => this.#refresh(refresh[this.#refreshes++]) } } : {}),
      ...options,
    };
  }

  async #refresh({ after = 0, error }: NonNullable<Script["refresh"]>[number] = {}): Promise<void> {
    await new Promise<void>((go) => this.#clock.setTimeout(go, after));
    if (error) throw new Error(error);
  }

  async #prepare({ after, metadata, error, status }: Prepare): Promise<MetadataInit> {
    if (after) await new Promise<void>((go) => this.#clock.setTimeout(go, after));
    if (error) throw new Error(error);
    if (status) throw await failedWith(status);
    return metadata ?? {};
  }

  /** Begins the call. The promise is that of its end. */
  #begin(): Promise<End> {
    const { call, timeoutMs } = this.#script;
    const options = { signal: this.#abort.signal, timeoutMs };
    if (call === "unary") {
      return this.#channel.unary(METHOD, encoder.encode("ping"), options).then(
        (response) => {
          this.received.push(decoder.decode(response.message));
          this.endAt = this.#clock.now();
          return response;
        },
        (error: unknown) => {
          this.endAt = this.#clock.now();
          return error as StatusError;
        },
      );
    }
    const stream = this.#channel.bidiStreaming(METHOD, this.#messages, options);
    this.#reader = stream[Symbol.asyncIterator]();
    return Promise.all([stream.header, stream.trailer]).then(
      ([header, trailer]) => ({ header, trailer, attempts: stream.attempts, commitReason: stream.commitReason }),
      (error: unknown) => error as StatusError,
    );
  }

  #step({ send, halfClose, read, cancel, leave, closeChannel }: Step): void {
    if (send !== undefined) this.#messages.push(encoder.encode(send));
    if (halfClose) this.#messages.finish();
    if (read !== undefined) void this.#read(read === "all" ? Number.POSITIVE_INFINITY : read);
    if (cancel) this.#abort.abort();
    if (leave) void this.#reader?.return?.();
    if (closeChannel) this.#channel.close();
  }

  async #read(count: number): Promise<void> {
    try {
      for (let i = 0; i < count; i++) {
        const next = await this.#reader?.next();
        if (!next || next.done) break;
        this.received.push(decoder.decode(next.value));
        if (i === count - 1) return;
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
    this.endAt = this.#clock.now();
  }
}

/** The application's messages, given one by one. A message is accepted when the next one is asked for. */
class Messages implements AsyncIterable<Uint8Array> {
  readonly #queue: Uint8Array[] = [];
  readonly #accept: () => void;
  #finished = false;
  #given = false;
  #wake: (() => void) | undefined;

  constructor(accept: () => void) {
    this.#accept = accept;
  }

  push(message: Uint8Array): void {
    this.#queue.push(message);
    this.#wake?.();
  }

  finish(): void {
    this.#finished = true;
    this.#wake?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => this.#next(), return: async () => ({ done: true, value: undefined }) };
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#given) this.#accept();
    this.#given = false;
    for (;;) {
      const value = this.#queue.shift();
      if (value) {
        this.#given = true;
        return { done: false, value };
      }
      if (this.#finished) return { done: true, value: undefined };
      await new Promise<void>((go) => {
        this.#wake = go;
      });
    }
  }
}

/** Makes a StatusError by a call that ends so, because only the package can make one. */
async function failedWith({ code, message, trailer }: NonNullable<Prepare["status"]>): Promise<StatusError> {
  const headers = { "content-type": "application/grpc-web", "grpc-status": String(code), "grpc-message": message, ...trailer };
  const channel = await createChannel({
    baseUrl: "https://tokens.example.com",
    fetch: async () => new Response(null, { headers }),
  });
  try {
    await channel.unary("/tokens.Tokens/Get", new Uint8Array());
  } catch (error) {
    return error as StatusError;
  } finally {
    channel.close();
  }
  throw new Error("the call for a token was expected to fail");
}
