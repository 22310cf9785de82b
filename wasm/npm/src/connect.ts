// The entry "hedgerow/connect": a channel as a Transport of connect-es, for the clients that `createClient` makes.
import type {
  BinaryReadOptions,
  BinaryWriteOptions,
  DescMessage,
  DescMethodServerStreaming,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextKey,
  type ContextValues,
  createContextKey,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { createClientMethodSerializers, createMethodUrl, runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { type ChannelInit, channelOf, TOO_LATE, unlessAborted } from "./adapters/adapter.js";
import { connectErrorOf, headersOf, metadataOf } from "./adapters/connect-convert.js";
import { Countdown } from "./adapters/countdown.js";
import type { CallOptions, ResumeOptions } from "./api/options.js";
import type { Channel, ResponseStream } from "./api/types.js";

/** Options of a transport. Everything else is set on the channel: base URL, credentials, fetch, service config, limits. */
export interface TransportOptions {
  /** Run around every call, the last one closest to it: once per call, not once per attempt. Changing `url` has no effect. Default: none. */
  interceptors?: Interceptor[] | undefined;
  /** How messages are written and read. Default: as @bufbuild/protobuf does. */
  binaryOptions?: Partial<BinaryReadOptions & BinaryWriteOptions> | undefined;
  /** The deadline of calls that set no `timeoutMs`, in milliseconds. A call with 0 or less has none. Default: the channel's. */
  defaultTimeoutMs?: number | undefined;
}

/** The options of a channel's calls that connect-es has no option for. */
export interface ChannelCallOptions
  extends Pick<CallOptions, "waitForReady" | "maxReceiveMessageBytes" | "onEvent" | "credentialsRefresh"> {}

/**
 * The context value that holds these options. Default: none of them.
 *
 * ```ts
 * const contextValues = createContextValues().set(callOptions, { waitForReady: true });
 * await client.sayHello({ name: "world" }, { contextValues });
 * ```
 */
export const callOptions: ContextKey<ChannelCallOptions> = /* @__PURE__ */ createContextKey<ChannelCallOptions>(
  {},
  {
    description: "hedgerow's options of a call",
  },
);

/**
 * Makes a Transport of a channel, or of the promise of one: calls wait for it, within their deadlines.
 *
 * ```ts
 * const client = createClient(Greeter, createTransport(createChannel({ baseUrl, serviceConfig })));
 * ```
 *
 * Calls fail with a ConnectError. Its `cause` is the StatusError, which has the attempts, unless the caller's own signal ended the call. Its
 * `metadata` has header and trailer. From connect-es 2.3 on, leaving the loop over a stream ends the call; before, only aborting its signal
 * does. In Headers, values of `-bin` names are base64.
 */
export function createTransport(channel: ChannelInit, options: TransportOptions = {}): Transport {
  return new ChannelTransport(channelOf(channel), options);
}

type Requested<T> = Omit<T, "message" | "signal">;

class ChannelTransport implements Transport {
  readonly #channel: Promise<Channel>;
  readonly #options: TransportOptions;
  readonly #run: { interceptors?: Interceptor[] };

  constructor(channel: Promise<Channel>, options: TransportOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#run = options.interceptors ? { interceptors: options.interceptors } : {};
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    message: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const { serialize, parse } = createClientMethodSerializers(method, true, undefined, this.#options.binaryOptions);
    const countdown = this.#countdown(signal, timeoutMs);
    try {
      const channel = await this.#ready(countdown);
      const common: Requested<UnaryRequest<I, O>> = {
        stream: false,
        service: method.parent,
        method,
        ...request(channel, method, header, contextValues),
      };
      return await runUnaryCall({
        ...this.#run,
        signal: countdown.signal,
        req: { ...common, message },
        next: async (req) => {
          const bytes = serialize(req.message);
          const answer = await channel.unary(pathOf(method), bytes, optionsOf(req, countdown)).catch(rethrow);
          return {
            stream: false,
            service: method.parent,
            method,
            header: headersOf(answer.header),
            trailer: headersOf(answer.trailer),
            message: parse(answer.message),
          };
        },
      });
    } finally {
      countdown.end();
    }
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const { serialize, parse } = createClientMethodSerializers(method, true, undefined, this.#options.binaryOptions);
    const countdown = this.#countdown(signal, timeoutMs);
    try {
      const channel = await this.#ready(countdown);
      const common: Requested<StreamRequest<I, O>> = {
        stream: true,
        service: method.parent,
        method,
        ...request(channel, method, header, contextValues),
      };
      return await runStreamingCall({
        ...this.#run,
        signal: countdown.signal,
        req: { ...common, message: input },
        next: async (req) => {
          const messages = mapped(req.message, serialize);
          // The countdown runs until the channel has the call, so the message has to be there before the deadline is handed over.
          const message = method.methodKind === "server_streaming" ? await unlessAborted(only(messages), req.signal) : undefined;
          const options = optionsOf(req, countdown);
          const stream = message
            ? channel.serverStreaming(pathOf(method), message, options)
            : channel.bidiStreaming(pathOf(method), messages, options);
          const trailer = new Headers();
          return {
            stream: true,
            service: method.parent,
            method,
            header: headersOf(await stream.header.catch(rethrow)),
            trailer,
            message: received(stream, parse, trailer, countdown),
          };
        },
      });
    } catch (error) {
      countdown.end();
      throw error;
    }
  }

  #countdown(signal: AbortSignal | undefined, timeoutMs: number | undefined): Countdown {
    const ms = timeoutMs ?? this.#options.defaultTimeoutMs;
    return new Countdown(signal, ms !== undefined && ms > 0 ? ms : undefined, tooLate);
  }

  #ready({ signal }: Countdown): Promise<Channel> {
    return unlessAborted(this.#channel, signal).catch(rethrow);
  }
}

/** What both kinds of request have. */
function request(channel: Channel, method: DescMethodUnary | DescMethodStreaming, header?: HeadersInit, values?: ContextValues) {
  // Interceptors parse the URL, so it must be absolute, even if the channel was not made by createChannel.
  const { baseUrl = "http://localhost" } = channel as { baseUrl?: string };
  return {
    requestMethod: "POST",
    url: createMethodUrl(baseUrl, method),
    header: new Headers(header),
    contextValues: values ?? createContextValues(),
  };
}

function pathOf(method: DescMethodUnary | DescMethodStreaming): string {
  return createMethodUrl("", method);
}

type OwnRequest = { header: Headers; signal: AbortSignal; contextValues: ContextValues };

function optionsOf({ header, signal, contextValues }: OwnRequest, countdown: Countdown): CallOptions {
  return { ...contextValues.get(callOptions), metadata: metadataOf(header), signal, timeoutMs: countdown.handOver() };
}

function tooLate(): ConnectError {
  return new ConnectError(TOO_LATE, Code.DeadlineExceeded);
}

function rethrow(error: unknown): never {
  throw connectErrorOf(error);
}

async function* mapped<T, U>(values: AsyncIterable<T>, map: (value: T) => U): AsyncGenerator<U> {
  for await (const value of values) yield map(value);
}

/** The one message of a method that takes one. */
async function only(messages: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const { done, value } = await messages.next();
  await messages.return(undefined);
  if (done) throw new ConnectError("the method takes one message, but the request has none", Code.Internal);
  return value;
}

/** The messages of a stream, then its trailer. */
async function* received<T>(
  stream: ResponseStream,
  parse: (message: Uint8Array) => T,
  trailer: Headers,
  countdown: Countdown,
): AsyncGenerator<T> {
  try {
    for await (const message of stream) yield parse(message);
    for (const [name, value] of headersOf(await stream.trailer)) trailer.append(name, value);
  } catch (error) {
    throw connectErrorOf(error);
  } finally {
    countdown.end();
  }
}

/** Where a subscription to a generated method stands. C is a cursor: an id, an offset, a time. */
export interface ResumableMessages<I extends DescMessage, O extends DescMessage, C> {
  /** The request that continues after the cursor; undefined is the beginning. */
  request(cursor: C | undefined): MessageInitShape<I>;
  /** Where a message stands. previous is the cursor before it. */
  cursor(message: MessageShape<O>, previous: C | undefined): C;
}

/**
 * Subscribes to a generated method, and subscribes again after the last message when the stream breaks: `channel.resumableStreaming`, with
 * messages instead of bytes. It throws what that throws: a StatusError, or a ConfigError if the method has no retryPolicy.
 *
 * ```ts
 * const source = { request: (after?: number) => ({ after: after ?? 0 }), cursor: ({ id }: Tick) => id };
 * for await (const tick of resume(channel, Ticker.method.watch, source)) show(tick);
 * ```
 */
export async function* resume<I extends DescMessage, O extends DescMessage, C>(
  channel: ChannelInit,
  method: DescMethodServerStreaming<I, O>,
  source: ResumableMessages<I, O, C>,
  options: ResumeOptions = {},
): AsyncGenerator<MessageShape<O>, void, void> {
  const { serialize, parse } = createClientMethodSerializers(method, true, undefined, undefined);
  let last: MessageShape<O>;
  const bytes = (await channelOf(channel)).resumableStreaming<C>(
    `/${method.parent.typeName}/${method.name}`,
    {
      request: (cursor) => serialize(create(method.input, source.request(cursor))),
      cursor: (message, previous) => {
        last = parse(message);
        return source.cursor(last, previous);
      },
    },
    options,
  );
  for await (const _ of bytes) yield last!;
}
