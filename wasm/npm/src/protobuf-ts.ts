// The entry "hedgerow/protobuf-ts": a channel as an RpcTransport, for the clients that protobuf-ts generates.
import {
  ClientStreamingCall,
  Deferred,
  DuplexStreamingCall,
  type MethodInfo,
  mergeRpcOptions,
  type RpcMetadata,
  type RpcOptions,
  RpcOutputStreamController,
  type RpcStatus,
  type RpcTransport,
  ServerStreamingCall,
  UnaryCall,
} from "@protobuf-ts/runtime-rpc";
import { type ChannelInit, channelOf, TOO_LATE, unlessAborted } from "./adapters/adapter.js";
import { Countdown } from "./adapters/countdown.js";
import { fieldsOfMeta, metaOf, rpcError, rpcErrorOf } from "./adapters/protobuf-ts-convert.js";
import { Requests } from "./adapters/protobuf-ts-requests.js";
import type { Metadata } from "./api/metadata.js";
import type { CallOptions } from "./api/options.js";
import type { Channel, ResponseStream, UnaryResponse } from "./api/types.js";

/** Options of a call, and, as defaults, of a transport: those of protobuf-ts, and some of a channel's. */
export interface ChannelRpcOptions
  extends RpcOptions,
    Pick<CallOptions, "waitForReady" | "maxReceiveMessageBytes" | "onEvent" | "credentialsRefresh"> {}

/**
 * Makes an RpcTransport of a channel, or of the promise of one: calls wait for it, within their deadlines.
 *
 * ```ts
 * const client = new GreeterClient(createRpcTransport(createChannel({ baseUrl, serviceConfig })));
 * ```
 *
 * All four kinds of call work. Calls fail with an RpcError whose `code` is the name of the gRPC status, whose `meta` is the trailer, and whose
 * `cause` is the StatusError, which has the attempts. `timeout` is the deadline of the whole call. A stream's messages are taken as they
 * come, whether they are read or not, because protobuf-ts has no backpressure. Values of `-bin` names are base64. `jsonOptions` are ignored.
 */
export function createRpcTransport(channel: ChannelInit, defaults: ChannelRpcOptions = {}): RpcTransport {
  return new ChannelRpcTransport(channelOf(channel), defaults);
}

class ChannelRpcTransport implements RpcTransport {
  readonly #channel: Promise<Channel>;
  readonly #defaults: ChannelRpcOptions;

  constructor(channel: Promise<Channel>, defaults: ChannelRpcOptions) {
    this.#channel = channel;
    this.#defaults = defaults;
  }

  mergeOptions(options?: Partial<RpcOptions>): RpcOptions {
    return mergeRpcOptions<RpcOptions>(this.#defaults, options);
  }

  unary<I extends object, O extends object>(method: MethodInfo<I, O>, input: I, options: RpcOptions): UnaryCall<I, O> {
    const call = new Call(method, options);
    const response = call.answered(this.#channel, (channel, path, of) =>
      channel.unary(path, method.I.toBinary(input, options.binaryOptions), of),
    );
    return new UnaryCall(method, options.meta ?? {}, input, call.header, response, call.status, call.trailer);
  }

  serverStreaming<I extends object, O extends object>(
    method: MethodInfo<I, O>,
    input: I,
    options: RpcOptions,
  ): ServerStreamingCall<I, O> {
    const call = new Call(method, options);
    const responses = call.streamed(this.#channel, (channel, path, of) =>
      channel.serverStreaming(path, method.I.toBinary(input, options.binaryOptions), of),
    );
    return new ServerStreamingCall(method, options.meta ?? {}, input, call.header, responses, call.status, call.trailer);
  }

  clientStreaming<I extends object, O extends object>(method: MethodInfo<I, O>, options: RpcOptions): ClientStreamingCall<I, O> {
    const call = new Call(method, options);
    const { requests } = call;
    const response = call.answered(this.#channel, (channel, path, of) => channel.clientStreaming(path, requests, of));
    return new ClientStreamingCall(method, options.meta ?? {}, requests, call.header, response, call.status, call.trailer);
  }

  duplex<I extends object, O extends object>(method: MethodInfo<I, O>, options: RpcOptions): DuplexStreamingCall<I, O> {
    const call = new Call(method, options);
    const { requests } = call;
    const responses = call.streamed(this.#channel, (channel, path, of) => channel.bidiStreaming(path, requests, of));
    return new DuplexStreamingCall(method, options.meta ?? {}, requests, call.header, responses, call.status, call.trailer);
  }
}

type Start<T> = (channel: Channel, path: string, options: CallOptions) => T;

/** One call, and what protobuf-ts shows of it. */
class Call<I extends object, O extends object> {
  readonly requests: Requests<I>;
  readonly #method: MethodInfo<I, O>;
  readonly #options: ChannelRpcOptions;
  readonly #header: Deferred<RpcMetadata> = new Deferred();
  readonly #status: Deferred<RpcStatus> = new Deferred();
  readonly #trailer: Deferred<RpcMetadata> = new Deferred();

  constructor(method: MethodInfo<I, O>, options: ChannelRpcOptions) {
    this.#method = method;
    this.#options = options;
    this.requests = new Requests((message) => method.I.toBinary(message, options.binaryOptions));
  }

  get header(): Promise<RpcMetadata> {
    return this.#header.promise;
  }

  get status(): Promise<RpcStatus> {
    return this.#status.promise;
  }

  get trailer(): Promise<RpcMetadata> {
    return this.#trailer.promise;
  }

  /** Makes a call that is answered by one message. */
  answered(channel: Promise<Channel>, start: Start<Promise<UnaryResponse>>): Promise<O> {
    const response = new Deferred<O>();
    this.#begin(channel, start)
      .then(async (answering) => {
        const { message, header, trailer } = await answering();
        const read = this.#read(message);
        this.#header.resolve(metaOf(header));
        response.resolve(read);
        this.#end(trailer);
      })
      .catch((error) => response.rejectPending(this.#fail(error)));
    return response.promise;
  }

  /** Makes a call that is answered by a stream. */
  streamed(channel: Promise<Channel>, start: Start<ResponseStream>): RpcOutputStreamController<O> {
    const responses = new RpcOutputStreamController<O>();
    this.#begin(channel, start)
      .then(async (starting) => {
        const stream = starting();
        stream.header.then(
          (header) => this.#header.resolvePending(metaOf(header)),
          () => {}, // told where the messages are read
        );
        for await (const message of stream) responses.notifyMessage(this.#read(message));
        const trailer = await stream.trailer;
        responses.notifyComplete();
        this.#end(trailer);
      })
      .catch((error) => {
        const failure = this.#fail(error);
        if (!responses.closed) responses.notifyError(failure);
      });
    return responses;
  }

  /** Waits for the channel. What it answers with begins the call: a promise of a promise would be awaited here. */
  async #begin<T>(ready: Promise<Channel>, start: Start<T>): Promise<() => T> {
    const { meta = {}, timeout, abort, waitForReady, maxReceiveMessageBytes, onEvent, credentialsRefresh } = this.#options;
    const timeoutMs = typeof timeout === "object" ? Number(timeout) - Date.now() : timeout;
    const countdown = new Countdown(abort, timeoutMs, () => rpcError(TOO_LATE, "DEADLINE_EXCEEDED"));
    try {
      const channel = await unlessAborted(ready, countdown.signal);
      const { service, name } = this.#method;
      const metadata = fieldsOfMeta(meta);
      const own = { waitForReady, maxReceiveMessageBytes, onEvent, credentialsRefresh };
      const options = { metadata, timeoutMs: countdown.handOver(), signal: abort, ...own };
      return () => start(channel, `/${service.typeName}/${name}`, options);
    } finally {
      countdown.end();
    }
  }

  #read(message: Uint8Array): O {
    return this.#method.O.fromBinary(message, this.#options.binaryOptions);
  }

  #end(trailer: Metadata): void {
    this.requests.end();
    this.#status.resolve({ code: "OK", detail: "OK" });
    this.#trailer.resolve(metaOf(trailer));
  }

  #fail(reason: unknown): Error {
    const error = rpcErrorOf(reason, this.#options.abort);
    error.methodName = this.#method.name;
    error.serviceName = this.#method.service.typeName;
    this.requests.end(error);
    this.#header.rejectPending(error);
    this.#status.rejectPending(error);
    this.#trailer.rejectPending(error);
    return error;
  }
}
