// For [Symbol.dispose], also in programs whose own lib ends before it.
/// <reference lib="esnext.disposable" preserve="true" />
import type { AttemptRecord, CommitReason } from "./events.js";
import type { Metadata } from "./metadata.js";
import type { CallOptions } from "./options.js";

/** Request messages, serialized, in order. */
export type Messages = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * A server's address with its policies. Failures never throw synchronously: promises and streams reject with StatusError.
 * A method is "/package.Service/Method"; messages are serialized.
 */
export interface Channel {
  /** One message, one answer. */
  unary(method: string, message: Uint8Array, options?: CallOptions): Promise<UnaryResponse>;
  /** One message, a stream of answers. The call starts at once; it is read as fast as it is iterated, and no faster. */
  serverStreaming(method: string, message: Uint8Array, options?: CallOptions): ResponseStream;
  /** A stream of messages, one answer. How far it streams: see ChannelOptions.requestStreaming. */
  clientStreaming(method: string, messages: Messages, options?: CallOptions): Promise<UnaryResponse>;
  /** A stream of messages, a stream of answers: as duplex as fetch is, see ChannelOptions.requestStreaming. */
  bidiStreaming(method: string, messages: Messages, options?: CallOptions): ResponseStream;
  /** Cancels what runs and frees what the channel holds. May be called again; later calls reject with CANCELLED. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * The answer of a unary call. The message may be a view (byteOffset ≠ 0) that keeps the chunk alive in which it came:
 * `slice()` it to keep it long or to transfer it.
 */
export interface UnaryResponse {
  readonly message: Uint8Array;
  readonly header: Metadata;
  readonly trailer: Metadata;
  /** Every attempt, in the order in which they began. */
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason;
}

/**
 * `for await (const message of stream)`, once. It throws a StatusError unless the call ended OK; `break` cancels the call.
 * Messages may be views, as in UnaryResponse.
 */
export interface ResponseStream extends AsyncIterable<Uint8Array> {
  /** The committed attempt's, or rejects with the final StatusError. Never an unhandled rejection. */
  readonly header: Promise<Metadata>;
  /** Resolves on OK, else rejects. It does not drain the stream: somebody must iterate. Never an unhandled rejection. */
  readonly trailer: Promise<Metadata>;
  /** So far. */
  readonly attempts: readonly AttemptRecord[];
  /** undefined: the call is still open to further attempts. */
  readonly commitReason: CommitReason | undefined;
  /** Ends the call as CANCELLED; after its end it does nothing. */
  cancel(): void;
}
