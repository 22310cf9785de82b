// The entry "hedgerow/grpc-web": a channel under the stubs that protoc-gen-grpc-web generates.
import type { AbstractClientBase, StreamInterceptor, UnaryInterceptor } from "grpc-web";
import { type ChannelInit, channelOf } from "./adapters/adapter.js";
import { ChannelClientBase } from "./adapters/grpc-web-base.js";

/** What the constructor of a generated client takes besides, and a channel has not. */
export interface ClientBaseOptions {
  /** Run around calls that answer with a promise, once a call, the last one outermost. Default: none. */
  unaryInterceptors?: readonly UnaryInterceptor<unknown, unknown>[] | undefined;
  /** Run around calls that answer with a stream, those with a callback included, the last one outermost. Default: none. */
  streamInterceptors?: readonly StreamInterceptor<unknown, unknown>[] | undefined;
}

/**
 * Lets a generated client make its calls over a channel, or over the promise of one, which calls wait for within their deadlines; and
 * answers with the client. It may be of any import style, with callbacks or promises. The host name that it was made with is not used.
 *
 * ```ts
 * const greeter = withChannel(new GreeterPromiseClient(""), createChannel({ baseUrl, serviceConfig }));
 * ```
 *
 * Calls fail with the RpcError of "grpc-web", whose `metadata` is the trailer and whose `cause` is the StatusError, which has the
 * attempts. The key `deadline` of a call's metadata is its deadline, in milliseconds since 1970. A stream's "metadata" comes as soon as
 * the header is here, before "data"; behind an "error" and its "status" there is no "end". Values of `-bin` names are base64.
 *
 * Throws a TypeError if it is no such client, or one that was made with interceptors: they belong into these options.
 */
export function withChannel<Client extends object>(
  client: Client,
  channel: ChannelInit,
  options: ClientBaseOptions = {},
): Client {
  const holder = client as { client_?: unknown };
  const base = holder.client_;
  if (typeof base !== "object" || base === null || !("rpcCall" in base)) {
    throw new TypeError(
      "withChannel takes a client that protoc-gen-grpc-web generated: this object has no client_ that could be replaced",
    );
  }
  if (Object.values(base).some((value) => Array.isArray(value) && value.length > 0)) {
    throw new TypeError("the client was made with interceptors: give them to withChannel instead");
  }
  holder.client_ = createClientBase(channel, options);
  return client;
}

/** What `withChannel` puts into a client: for stubs that are given their base in another way. */
export function createClientBase(channel: ChannelInit, options: ClientBaseOptions = {}): AbstractClientBase {
  const { unaryInterceptors = [], streamInterceptors = [] } = options;
  return new ChannelClientBase(channelOf(channel), unaryInterceptors, streamInterceptors);
}
