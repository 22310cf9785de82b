// A client of connect-es over the channel, through hedgerow/connect, as a caller of the suite's methods.
import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { type CallOptions, ConnectError, createClient } from "@connectrpc/connect";
import { type Channel, Metadata, type CallOptions as Options } from "hedgerow";
import { createTransport } from "hedgerow/connect";
import { ConformanceService, ErrorSchema } from "../gen/connectrpc/conformance/v1/service_pb.js";
import type { Answers, Caller } from "./case.js";

/** Any of the client's methods. */
type Method = (input: unknown, options: CallOptions) => Promise<Message> & AsyncIterable<Message>;

export function overConnect(channel: Channel): Caller {
  const client = createClient(ConformanceService, createTransport(channel)) as unknown as Record<string, Method>;

  /** Calls a method of the client, and returns what comes as bytes, which the suite wants. */
  function call(path: string, input: (method: DescMethod) => unknown, options: Options | undefined) {
    const method = ConformanceService.methods.find(({ name, parent }) => `/${parent.typeName}/${name}` === path);
    if (!method) throw new Error(`${path} is not a method of the suite's service`);
    const heard = new Heard(options);
    const answer = (client[method.localName] as Method)(input(method), heard.options);
    return { answer, heard, bytes: (message: Message) => toBinary(method.output, message) };
  }
  async function single(...of: Parameters<typeof call>) {
    const { answer, heard, bytes } = call(...of);
    return { message: bytes(await answer), header: await heard.header, trailer: await heard.trailer };
  }
  function several(...of: Parameters<typeof call>): Answers {
    const { answer, heard, bytes } = call(...of);
    return {
      header: heard.header,
      trailer: heard.trailer,
      async *[Symbol.asyncIterator]() {
        for await (const message of answer) yield bytes(message);
      },
    };
  }
  const one = (message: Uint8Array) => (method: DescMethod) => fromBinary(method.input, message);
  const all = (messages: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) =>
    async function* (method: DescMethod) {
      for await (const message of messages) yield fromBinary(method.input, message);
    };
  return {
    unary: (path, message, options) => single(path, one(message), options),
    clientStreaming: (path, messages, options) => single(path, all(messages), options),
    serverStreaming: (path, message, options) => several(path, one(message), options),
    bidiStreaming: (path, messages, options) => several(path, all(messages), options),
    outcomeOf,
  };
}

/** Header and trailer of a call that ends with OK. */
class Heard {
  readonly options: CallOptions;
  readonly header: Promise<Metadata>;
  readonly trailer: Promise<Metadata>;

  constructor({ metadata, timeoutMs, signal }: Options = {}) {
    let onHeader = (_: Headers): void => {};
    let onTrailer = (_: Headers): void => {};
    const heard = (set: (hear: (fields: Headers) => void) => void) =>
      new Promise<Metadata>((resolve) => set((fields) => resolve(metadataOf(fields))));
    this.header = heard((hear) => {
      onHeader = hear;
    });
    this.trailer = heard((hear) => {
      onTrailer = hear;
    });
    const headers = new Headers();
    for (const [name, value] of new Metadata(metadata)) headers.append(name, typeof value === "string" ? value : base64(value));
    this.options = { headers, onHeader, onTrailer, ...(timeoutMs !== undefined && { timeoutMs }), ...(signal && { signal }) };
  }
}

/** A ConnectError has header and trailer in one object. */
function outcomeOf(error: unknown): ReturnType<Caller["outcomeOf"]> {
  if (!(error instanceof ConnectError)) return undefined;
  const details = error.details.map((detail) => {
    if ("desc" in detail) throw new Error("a detail that came from a server is of no known type");
    return { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value };
  });
  const metadata = metadataOf(error.metadata);
  const status = { $typeName: ErrorSchema.typeName, code: error.code as number, message: error.rawMessage };
  const any = details.map((detail) => ({ $typeName: "google.protobuf.Any" as const, ...detail }));
  const bytes = toBinary(ErrorSchema, { ...status, details: any });
  return {
    header: metadata,
    trailer: metadata,
    error: { code: error.code as number, message: error.rawMessage, details: bytes },
  };
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) {
    for (const one of value.split(", ")) metadata.append(name, name.endsWith("-bin") ? Buffer.from(one, "base64") : one);
  }
  return metadata;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
