// For [Symbol.dispose], also in programs whose own lib ends before it.
/// <reference lib="esnext.disposable" preserve="true" />
import type { AttemptRecord, CommitReason } from "./events.js";
import type { Metadata } from "./metadata.js";
import type { CallOptions, ResumableSource, ResumeOptions } from "./options.js";

/** Request messages, serialized, in order. */
export type Messages = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * A server's address with its policies. Failures never throw synchronously: promises and streams reject with StatusError.
 * A method is "/package.Service/Method"; messages are serialized.
 */
export interface Channel {
  /** Sends one message, and gets one. */
  unary(method: string, message: Uint8Array, options?: CallOptions): Promise<UnaryResponse>;
  /** Sends one message, and gets a stream. The call starts at once. It is read as fast as you iterate over it, and no faster. */
  serverStreaming(method: string, message: Uint8Array, options?: CallOptions): ResponseStream;
  /** Sends a stream of messages, and gets one. ChannelOptions.requestStreaming says whether messages are sent as they come. */
  clientStreaming(method: string, messages: Messages, options?: CallOptions): Promise<UnaryResponse>;
  /** Sends a stream of messages, and gets one, as duplex as fetch allows: see ChannelOptions.requestStreaming. */
  bidiStreaming(method: string, messages: Messages, options?: CallOptions): ResponseStream;
  /**
   * A stream that is subscribed to again, from the cursor on, when it fails with a code of the method's retryPolicy or its connection is
   * lost after it began. OK ends it; any other error is thrown. It begins when it is iterated over (SEMANTICS 8.4). Rejects with a
   * ConfigError if the method has no retryPolicy.
   */
  resumableStreaming<C>(method: string, source: ResumableSource<C>, options?: ResumeOptions): AsyncIterable<Uint8Array>;
  /** Cancels the calls that run, and frees what the channel holds. Later calls reject with CANCELLED. Closing again does nothing. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * The response of a unary call. The message may be a view (byteOffset ≠ 0) of a larger chunk, which it keeps in memory: `slice()` it to
 * keep it for long, or to transfer it.
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
 * Iterate over it once: `for await (const message of stream)`. The loop throws a StatusError unless the call ended with OK. `break` cancels
 * the call. Messages may be views, as in UnaryResponse.
 */
export interface ResponseStream extends AsyncIterable<Uint8Array> {
  /** The header metadata of the committed attempt. Rejects with the final StatusError if there is none; that need not be caught. */
  readonly header: Promise<Metadata>;
  /** Resolves when the call ends with OK, else rejects; that need not be caught. It does not read the stream: something must iterate. */
  readonly trailer: Promise<Metadata>;
  /** The attempts so far. */
  readonly attempts: readonly AttemptRecord[];
  /** Why no further attempt is made. It is set when the call commits or ends. */
  readonly commitReason: CommitReason | undefined;
  /** Ends the call with CANCELLED. Does nothing after its end. */
  cancel(): void;
}
