// The entry "hedgerow/dynamic": calls any method of a server without generated code, JSON in and JSON out.
import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type ChannelInit, channelOf } from "./adapters/adapter.js";
import { describeServer } from "./adapters/reflection.js";
import type { AttemptRecord, CommitReason } from "./api/events.js";
import type { Metadata } from "./api/metadata.js";
import type { CallOptions } from "./api/options.js";
import type { Channel, ResponseStream } from "./api/types.js";

export type { JsonValue } from "@bufbuild/protobuf";

/** The answer to a call that is answered with one message. */
export interface DynamicResponse {
  readonly message: JsonValue;
  readonly header: Metadata;
  readonly trailer: Metadata;
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason;
}

/** The messages of a response, as JSON, and what a ResponseStream has beside them. `for await` reads it, once; `break` cancels the call. */
export interface DynamicStream extends AsyncIterable<JsonValue> {
  readonly header: Promise<Metadata>;
  readonly trailer: Promise<Metadata>;
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason | undefined;
  cancel(): void;
}

/** Messages of a request: one, or, for a method that takes a stream, several. An array is several messages. */
export type JsonMessages = JsonValue | Iterable<JsonValue> | AsyncIterable<JsonValue>;

/**
 * Calls methods that a registry describes. A method is written "package.Service/Method", with or without a slash before it. JSON is
 * protobuf's own mapping of messages: names in lowerCamelCase, bytes as base64, 64-bit integers as strings.
 *
 * A call that fails rejects with the channel's StatusError. A method that is not known, JSON that does not fit, and a response that cannot
 * be read reject with an Error whose message says so; the first two before anything is sent. JSON that an iterable gives only later ends
 * the call instead.
 */
export interface DynamicClient {
  /** What describes the services and messages; pass it to functions of @bufbuild/protobuf. */
  readonly registry: Registry;
  /** The full names of the services, sorted. */
  readonly services: readonly string[];
  /** Finds a method. Throws an Error that lists what there is if it is not known. */
  method(name: string): DescMethod;
  /** Calls a method that is answered with one message. */
  unary(method: string, messages: JsonMessages, options?: CallOptions): Promise<DynamicResponse>;
  /** Calls a method of any kind. The call starts when the stream is read, or when its header or trailer is asked for. */
  stream(method: string, messages: JsonMessages, options?: CallOptions): DynamicStream;
}

/**
 * Makes a client of what the server tells of itself by reflection: version v1, or else v1alpha. Each question is a call of its own, with
 * these options. It rejects if the server has no reflection.
 */
export async function reflect(channel: ChannelInit, options: CallOptions = {}): Promise<DynamicClient> {
  const ready = await channelOf(channel);
  const { files, services } = await describeServer(ready, options);
  return new RegistryClient(ready, createFileRegistry(files), services);
}

/** Makes a client of a FileDescriptorSet, serialized as `buf build -o set.binpb` writes it, or `protoc --include_imports`. */
export function fromFileDescriptorSet(channel: ChannelInit, set: Uint8Array): DynamicClient {
  return new RegistryClient(channel, createFileRegistry(fromBinary(FileDescriptorSetSchema, set)));
}

/** Makes a client of a registry, such as createRegistry of @bufbuild/protobuf makes of generated files. */
export function fromRegistry(channel: ChannelInit, registry: Registry): DynamicClient {
  return new RegistryClient(channel, registry);
}

class RegistryClient implements DynamicClient {
  readonly registry: Registry;
  readonly services: readonly string[];
  readonly #channel: Promise<Channel>;

  constructor(channel: ChannelInit, registry: Registry | FileRegistry, services?: readonly string[]) {
    this.#channel = channelOf(channel);
    this.registry = registry;
    const all = [...registry].filter(({ kind }) => kind === "service").map(({ typeName }) => typeName);
    this.services = [...(services ?? all)].sort();
  }

  method(name: string): DescMethod {
    const at = Math.max(name.lastIndexOf("/"), name.lastIndexOf("."));
    const service = name.slice(name.startsWith("/") ? 1 : 0, Math.max(at, 0));
    if (!service) throw new Error(`"${name}" is not the name of a method: write it as "package.Service/Method"`);
    const found = this.registry.getService(service);
    if (!found) throw new Error(`there is no service ${service}; the services are ${this.services.join(", ") || "none"}`);
    const method = found.methods.find((one) => one.name === name.slice(at + 1));
    if (method) return method;
    throw new Error(`${service} has no method ${name.slice(at + 1)}; it has ${found.methods.map((one) => one.name).join(", ")}`);
  }

  async unary(name: string, messages: JsonMessages, options: CallOptions = {}): Promise<DynamicResponse> {
    const method = this.method(name);
    if (method.methodKind !== "unary" && method.methodKind !== "client_streaming")
      throw new Error(`${method.parent.typeName}/${method.name} is answered with a stream: use stream()`);
    const path = pathOf(method);
    let response: Awaited<ReturnType<Channel["unary"]>>;
    if (method.methodKind === "unary") {
      const message = this.#encode(method.input, await only(method, messages));
      response = await (await this.#channel).unary(path, message, options);
    } else response = await (await this.#channel).clientStreaming(path, this.#encodeAll(method.input, messages), options);
    const { header, trailer, attempts, commitReason } = response;
    return { message: this.#decode(method.output, response.message), header, trailer, attempts, commitReason };
  }

  stream(name: string, messages: JsonMessages, options: CallOptions = {}): DynamicStream {
    return new JsonStream(async () => {
      const method = this.method(name);
      const decode = (message: Uint8Array): JsonValue => this.#decode(method.output, message);
      const path = pathOf(method);
      if (method.methodKind === "bidi_streaming" || method.methodKind === "client_streaming")
        return { stream: (await this.#channel).bidiStreaming(path, this.#encodeAll(method.input, messages), options), decode };
      const message = this.#encode(method.input, await only(method, messages));
      return { stream: (await this.#channel).serverStreaming(path, message, options), decode };
    });
  }

  #encode(of: DescMessage, json: JsonValue): Uint8Array {
    return toBinary(of, fromJson(of, json, { registry: this.registry }));
  }

  /** Messages that are there already are all encoded before anything is sent; others are encoded as they come. */
  #encodeAll(of: DescMessage, messages: JsonMessages): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    if (Array.isArray(messages)) return messages.map((json) => this.#encode(of, json));
    if (!isIterable(messages)) return [this.#encode(of, messages)];
    return this.#encodeEach(of, messages);
  }

  async *#encodeEach(of: DescMessage, messages: Iterable<JsonValue> | AsyncIterable<JsonValue>): AsyncGenerator<Uint8Array> {
    for await (const json of messages) yield this.#encode(of, json);
  }

  #decode(of: DescMessage, message: Uint8Array): JsonValue {
    return toJson(of, fromBinary(of, message), { registry: this.registry });
  }
}

interface Begun {
  readonly stream: ResponseStream;
  readonly decode: (message: Uint8Array) => JsonValue;
}

/** A stream that is begun when something of it is wanted. */
class JsonStream implements DynamicStream {
  readonly #begin: () => Promise<Begun>;
  #begun: Promise<Begun> | undefined;
  #stream: ResponseStream | undefined;
  #canceled = false;

  constructor(begin: () => Promise<Begun>) {
    this.#begin = begin;
  }

  get header(): Promise<Metadata> {
    return this.#quiet(this.#started().then(({ stream }) => stream.header));
  }

  get trailer(): Promise<Metadata> {
    return this.#quiet(this.#started().then(({ stream }) => stream.trailer));
  }

  get attempts(): readonly AttemptRecord[] {
    return this.#stream?.attempts ?? [];
  }

  get commitReason(): CommitReason | undefined {
    return this.#stream?.commitReason;
  }

  cancel(): void {
    this.#canceled = true;
    this.#stream?.cancel();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JsonValue> {
    const { stream, decode } = await this.#started();
    for await (const message of stream) yield decode(message);
  }

  #started(): Promise<Begun> {
    this.#begun ??= this.#begin().then((begun) => {
      this.#stream = begun.stream;
      if (this.#canceled) begun.stream.cancel();
      return begun;
    });
    return this.#begun;
  }

  /** Nobody need wait for metadata, so its rejection is never an unhandled one. */
  #quiet<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    return promise;
  }
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function isIterable(messages: JsonMessages): messages is Iterable<JsonValue> | AsyncIterable<JsonValue> {
  return typeof messages === "object" && messages !== null && (Symbol.iterator in messages || Symbol.asyncIterator in messages);
}

/** The one message of a method that takes no stream. */
async function only(method: DescMethod, messages: JsonMessages): Promise<JsonValue> {
  if (!isIterable(messages)) return messages;
  const all: JsonValue[] = [];
  for await (const message of messages) all.push(message);
  if (all.length === 1) return all[0] as JsonValue;
  throw new Error(`${method.parent.typeName}/${method.name} takes one message, and was given ${all.length}`);
}
