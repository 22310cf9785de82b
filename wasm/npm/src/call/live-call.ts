import type { History } from "../abi/actions.js";
import type { Code } from "../api/code.js";
import type { Ending, StatusError } from "../api/errors.js";
import type { Metadata } from "../api/metadata.js";

/** Gets the results of a call. */
export interface Receiver {
  /** Called for streams only. */
  onHeader(header: Metadata, attempt: number): void;
  onMessage(message: Uint8Array): void;
  /** The call ended, with OK or with an error. answer is the attempt whose status this is, or −1 if the client ended the call itself. */
  onEnd(ending: Ending, error: StatusError | undefined, answer: number): void;
}

/** A call that runs, here or in a worker. */
export interface LiveCall {
  readonly over: boolean;
  /** The attempts so far. */
  readonly history: History;
  /** Starts the call. at is the instant at which it was asked for, if that is not now. */
  start(at?: number): void;
  /** Adds a request message. Resolves once the next one is wanted, or the call is over. */
  write(message: Uint8Array): Promise<void>;
  /** Sends the only message of a call that has one. Does nothing if the message was sent by start. */
  sendOnlyMessage(message: Uint8Array): void;
  /** No further message follows. */
  halfClose(): void;
  /** Waits for a value for as long as the call lasts: undefined once it is over. */
  unlessOver<T>(value: T | Promise<T>): Promise<T | undefined>;
  /** The application waits for a message. */
  want(): void;
  /** Runs act after everything that is being reported now. */
  later(act: () => void): void;
  /** Ends the call as CANCELLED, or as INTERNAL if its caller made a mistake. */
  cancel(why: string, cause?: unknown, code?: Code): void;
}

let lastId = 0;

/** Numbers the calls of a page, in the page and in its worker alike. */
export function nextCallId(): number {
  return ++lastId;
}
