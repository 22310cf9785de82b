// What a row of the tables is: an answer that a server sends, byte by byte, and how a call that gets it must end.
import { Code } from "hedgerow";
import { concat, frame, trailers } from "../support/responses.js";

/** What the server does next: it sends bytes, or lets the event loop turn, so that they go out as a piece of their own. */
export type Step = Uint8Array | "turn";

/** How the connection ends: in an orderly way, by a reset, or not at all, until the client closes it. */
export type End = "close" | "reset" | "hold";

/** An answer to an HTTP request. */
export interface Answer {
  /** The lines of the head, of which the first has the HTTP status. Without one, the steps are all that is sent. */
  readonly head?: readonly string[];
  readonly body: readonly Step[];
  readonly end: End;
}

/** How a call must end. */
export interface Outcome {
  readonly code: Code;
  /** A pattern of the status message. */
  readonly message?: string;
  /** How many messages a stream gives before its end, if that is certain. A unary call has one if it ends with OK, and else none. */
  readonly messages?: number;
  /**
   * Which channels with a retry policy for UNAVAILABLE use up its three attempts: all, or those with `headerCommit: "firstFrame"`. A channel without a
   * policy makes one attempt. "perhaps": a matter of timing.
   */
  readonly retried: "always" | "firstFrame" | "never" | "perhaps";
}

export interface Row {
  readonly name: string;
  readonly answer: Answer;
  readonly outcome: Outcome;
  /** What is different for a unary call, which needs exactly one message. */
  readonly unary?: Partial<Outcome>;
  /** What is different in a browser, which reads HTTP with other eyes than Node does. */
  readonly engines?: { readonly [Engine in "chromium" | "firefox"]?: Outcome };
  /** The deadline, in milliseconds, for an answer that never ends. All other calls have one that they do not need. */
  readonly timeoutMs?: number;
}

export const MESSAGE: Uint8Array = Uint8Array.of(1, 2, 3);
export const WEB = "content-type: application/grpc-web+proto";
export const TEXT = "content-type: application/grpc-web-text+proto";
export const ONE: Uint8Array = frame(MESSAGE);
export const OK: Uint8Array = trailers("grpc-status: 0");

export const fine: Outcome = { code: Code.OK, messages: 1, retried: "never" };

/** A call that fails with this code, and is not retried. */
export function fails(code: Code, message?: string, messages?: number): Outcome {
  return { code, retried: "never", ...(message !== undefined && { message }), ...(messages !== undefined && { messages }) };
}

/** A call that fails with UNAVAILABLE, and is retried. */
export function lost(message?: string, retried: Outcome["retried"] = "always"): Outcome {
  return { ...fails(Code.UNAVAILABLE, message), retried };
}

/** An answer with HTTP status 200 whose body ends with the connection. */
export function answer(fields: readonly string[], ...body: Step[]): Answer {
  return { head: ["HTTP/1.1 200 OK", ...fields], body, end: "close" };
}

/** The answer's body, as it is in text mode: all in one piece of base64. */
export function base64(...parts: Uint8Array[]): string {
  return Buffer.from(concat(...parts)).toString("base64");
}

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** One chunk of a body with `transfer-encoding: chunked`. */
export function chunk(bytes: Uint8Array): Uint8Array {
  return concat(ascii(`${bytes.length.toString(16)}\r\n`), bytes, ascii("\r\n"));
}
