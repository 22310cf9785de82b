// The entry "hedgerow/grpc-web": a channel under the stubs that protoc-gen-grpc-web generates.
import type { AbstractClientBase, StreamInterceptor, UnaryInterceptor } from "grpc-web";
import { type ChannelInit, channelOf } from "./adapters/adapter.js";
import { ChannelClientBase } from "./adapters/grpc-web-base.js";

/** What the constructor of a generated client takes, and a channel does not have. */
export interface ClientBaseOptions {
  /** Run around calls that return a promise, once per call, the last one outermost. Default: none. */
  unaryInterceptors?: readonly UnaryInterceptor<unknown, unknown>[] | undefined;
  /** Run around calls that return a stream, those with a callback included, the last one outermost. Default: none. */
  streamInterceptors?: readonly StreamInterceptor<unknown, unknown>[] | undefined;
}

/**
 * Has a generated client make its calls over a channel, or over the promise of one, which calls wait for within their deadlines. Returns
 * the client. It can have any import style, with callbacks or promises. The host name that it was made with is not used.
 *
 * ```ts
 * const greeter = withChannel(new GreeterPromiseClient(""), createChannel({ baseUrl, serviceConfig }));
 * ```
 *
 * Calls fail with the RpcError of "grpc-web", whose `metadata` is the trailer and whose `cause` is the StatusError, which has the
 * attempts. The key `deadline` of a call's metadata is its deadline, in milliseconds since 1970. A stream's "metadata" comes as soon as
 * the header is here, before "data"; behind an "error" and its "status" there is no "end". Values of `-bin` names are base64.
 *
 * Throws a TypeError if it is not such a client, or was made with interceptors, which belong in these options.
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
      "withChannel takes a client that protoc-gen-grpc-web generated, but this object has no client_ to replace",
    );
  }
  if (Object.values(base).some((value) => Array.isArray(value) && value.length > 0)) {
    throw new TypeError("the client was made with interceptors: pass them to withChannel instead");
  }
  holder.client_ = createClientBase(channel, options);
  return client;
}

/** What `withChannel` puts into a client, for stubs that get their base in another way. */
export function createClientBase(channel: ChannelInit, options: ClientBaseOptions = {}): AbstractClientBase {
  const { unaryInterceptors = [], streamInterceptors = [] } = options;
  return new ChannelClientBase(channelOf(channel), unaryInterceptors, streamInterceptors);
}
