import type {
  AbstractClientBase,
  ClientReadableStream,
  Metadata as Fields,
  MethodDescriptor,
  Request,
  RpcError,
  Status,
  StreamInterceptor,
  UnaryInterceptor,
  UnaryResponse,
} from "grpc-web";
import type { CallOptions } from "../api/options.js";
import type { Channel } from "../api/types.js";
import { TOO_LATE, unlessAborted } from "./adapter.js";
import { Countdown } from "./countdown.js";
import { codecOf, fieldsOfMetadata, metadataOf, rpcError, rpcErrorOf } from "./grpc-web-convert.js";
import { EventStream, quietly } from "./grpc-web-stream.js";

/** A call's options of grpc-web 2. */
interface PromiseOptions {
  readonly signal?: AbortSignal | undefined;
}

type Callback<O> = (error: RpcError, response: O) => void;

/** Makes the calls of generated clients. The method is also in the descriptor, without the host name: that is the channel's. */
export class ChannelClientBase implements AbstractClientBase {
  readonly #channel: Promise<Channel>;
  readonly #unaryInterceptors: readonly UnaryInterceptor<unknown, unknown>[];
  readonly #streamInterceptors: readonly StreamInterceptor<unknown, unknown>[];

  constructor(
    channel: Promise<Channel>,
    unaryInterceptors: readonly UnaryInterceptor<unknown, unknown>[],
    streamInterceptors: readonly StreamInterceptor<unknown, unknown>[],
  ) {
    this.#channel = channel;
    this.#unaryInterceptors = unaryInterceptors;
    this.#streamInterceptors = streamInterceptors;
  }

  async thenableCall<I, O>(
    _method: string,
    message: I,
    metadata: Fields,
    descriptor: MethodDescriptor<I, O>,
    { signal }: PromiseOptions = {},
  ): Promise<O> {
    type Invoker = (request: Request<I, O>) => Promise<UnaryResponse<I, O>>;
    const innermost: Invoker = (request) => this.#answered(request, signal);
    const interceptors = this.#unaryInterceptors as readonly UnaryInterceptor<I, O>[];
    const call = interceptors.reduce<Invoker>((next, one) => (request) => one.intercept(request, next), innermost);
    return (await call(requestOf(message, metadata, descriptor))).getResponseMessage();
  }

  unaryCall<I, O>(
    method: string,
    message: I,
    metadata: Fields,
    descriptor: MethodDescriptor<I, O>,
    options?: PromiseOptions,
  ): Promise<O> {
    return this.thenableCall(method, message, metadata, descriptor, options);
  }

  rpcCall<I, O>(
    _method: string,
    message: I,
    metadata: Fields,
    descriptor: MethodDescriptor<I, O>,
    callback: Callback<O>,
  ): ClientReadableStream<O> {
    const stream = this.#intercepted(requestOf(message, metadata, descriptor), (request) =>
      EventStream.of(async (events) => {
        const response = await this.#answered(request, events.signal);
        events.emit("metadata", response.getMetadata());
        events.emit("data", response.getResponseMessage());
        return response.getStatus();
      }),
    );
    callBack(stream, callback);
    return quietly(stream);
  }

  serverStreaming<I, O>(
    _method: string,
    message: I,
    metadata: Fields,
    descriptor: MethodDescriptor<I, O>,
  ): ClientReadableStream<O> {
    return this.#intercepted(requestOf(message, metadata, descriptor), (request) =>
      EventStream.of(async (events) => {
        const { serialize, deserialize } = codecOf(request.getMethodDescriptor());
        const bytes = serialize(request.getRequestMessage());
        const start = await this.#begin(request, events.signal);
        const stream = start((channel, path, options) => channel.serverStreaming(path, bytes, options));
        stream.header.then(
          (header) => events.emit("metadata", metadataOf(header)),
          () => {}, // told where the messages are read
        );
        for await (const one of stream) events.emit("data", deserialize(one));
        return statusOf(metadataOf(await stream.trailer));
      }),
    );
  }

  #intercepted<I, O>(
    request: Request<I, O>,
    innermost: (request: Request<I, O>) => ClientReadableStream<O>,
  ): ClientReadableStream<O> {
    const interceptors = this.#streamInterceptors as readonly StreamInterceptor<I, O>[];
    return interceptors.reduce((next, one) => (request) => one.intercept(request, next), innermost)(request);
  }

  /** A call that is answered by one message. */
  async #answered<I, O>(request: Request<I, O>, signal: AbortSignal | undefined): Promise<UnaryResponse<I, O>> {
    try {
      const descriptor = request.getMethodDescriptor();
      const { serialize, deserialize } = codecOf(descriptor);
      const bytes = serialize(request.getRequestMessage());
      const start = await this.#begin(request, signal);
      const answer = await start((channel, path, options) => channel.unary(path, bytes, options));
      const response = deserialize(answer.message);
      const [metadata, status] = [metadataOf(answer.header), statusOf(metadataOf(answer.trailer))];
      return {
        getResponseMessage: () => response,
        getMetadata: () => metadata,
        getMethodDescriptor: () => descriptor,
        getStatus: () => status,
      };
    } catch (error) {
      throw rpcErrorOf(error, signal);
    }
  }

  /** Waits for the channel, and gives what makes the call over it. */
  async #begin<I, O>(request: Request<I, O>, signal: AbortSignal | undefined) {
    const { deadline, ...fields } = request.getMetadata();
    const timeoutMs = deadline === undefined ? undefined : Number(deadline) - Date.now();
    const countdown = new Countdown(signal, timeoutMs, () => rpcError(4, TOO_LATE));
    try {
      const channel = await unlessAborted(this.#channel, countdown.signal);
      const options: CallOptions = { metadata: fieldsOfMetadata(fields), timeoutMs: countdown.handOver(), signal };
      const path = request.getMethodDescriptor().getName();
      return <T>(call: (channel: Channel, path: string, options: CallOptions) => T): T => call(channel, path, options);
    } finally {
      countdown.end();
    }
  }
}

/** A request as interceptors see it. The peer's has more than its declaration says. */
function requestOf<I, O>(message: I, metadata: Fields, descriptor: MethodDescriptor<I, O>): Request<I, O> {
  const fields = { ...metadata };
  const request = {
    getRequestMessage: () => message,
    getMethodDescriptor: () => descriptor,
    getMetadata: () => fields,
    getCallOptions: () => undefined,
    withMetadata: (name: string, value: string) => {
      fields[name] = value;
      return request;
    },
  };
  return request;
}

function statusOf(metadata: Fields): Status {
  return { code: 0, details: "", metadata };
}

/** Calls back once, with what comes of a stream that has one message. The stream may be an interceptor's. */
function callBack<O>(stream: ClientReadableStream<O>, callback: Callback<O>): void {
  let response: O | undefined;
  let called = false;
  // The peer's declaration has no null, where generated code has.
  const call = (...of: unknown[]): void => {
    if (!called) (callback as (...of: unknown[]) => void)(...of);
    called = true;
  };
  stream.on("data", (message) => {
    response = message;
  });
  stream.on("error", (error) => call(error, null));
  stream.on("status", ({ code, details, metadata }) => {
    if (code !== 0) call(rpcError(code, details, metadata), null);
  });
  stream.on("end", () => {
    if (response === undefined) call(rpcError(2, "the call ended without a message"), null);
    else call(null, response);
  });
}
