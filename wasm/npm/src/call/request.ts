import { CANCELED_BEFORE, REFRESH_INSIDE } from "../abi/table.js";
import { Code } from "../api/code.js";
import { refusal, type StatusError } from "../api/errors.js";
import { describe, isBytes, peek, show } from "../api/foreign.js";
import { Metadata } from "../api/metadata.js";
import type { Listener } from "../api/observe.js";
import type { CallOptions } from "../api/options.js";
import type { Messages } from "../api/types.js";
import { Outgoing } from "./outgoing.js";

/** A call's arguments, checked. */
export interface Request {
  readonly method: string;
  readonly outgoing: Outgoing;
  /** The carrier can send each message when it comes. Whether it does is decided by Go, whose Open action says so. */
  readonly canStream: boolean;
  /** The response is a stream. */
  readonly streaming: boolean;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  /** 0 means the channel's limit. */
  readonly maxReceiveMessageBytes: number;
  readonly waitForReady: boolean | undefined;
  /** The call does not have credentials refreshed. */
  readonly noRefresh?: boolean;
  readonly signal: AbortSignal | undefined;
  readonly listeners: readonly Listener[];
  /** Receives the responses as they come; their messages then go nowhere else. */
  readonly tap?: Tap;
}

/** Gets the raw responses of attempts, for hedgerow/fetch. */
export interface Tap {
  head(attempt: number, status: number, fields: string): void;
  chunk(attempt: number, chunk: Uint8Array): void;
  end(attempt: number): void;
}

/** What an application sends: one message, or several. */
export type Input = { readonly message: Uint8Array } | { readonly messages: Messages };

/** What a channel adds to every call. */
export interface Defaults {
  /** The channel's carrier can send each message when it comes. */
  readonly canStream: boolean;
  /** Messages are compressed, which is asynchronous. */
  readonly gzip: boolean;
  readonly listeners: readonly Listener[];
  /** The call is made by the channel's function for refreshing credentials. */
  readonly inside: boolean;
}

const CALL_OPTIONS: readonly string[] = [
  "metadata",
  "timeoutMs",
  "signal",
  "waitForReady",
  "credentialsRefresh",
  "maxReceiveMessageBytes",
  "onEvent",
];

type Misuse = (text: string) => StatusError;

/** Checks a call's arguments. If it throws a StatusError, the call is refused with that, and nothing is sent. */
export function checkRequest(
  method: string,
  input: Input,
  options: CallOptions,
  streaming: boolean,
  defaults: Defaults,
): Request {
  const misuse: Misuse = (text) => refusal(show(method), Code.INTERNAL, text, "internal");
  if (typeof method !== "string") throw misuse(`the method must be a string, not ${describe(method)}`);
  const outgoing = checkInput(input, defaults.gzip, misuse);
  if (typeof options !== "object" || options === null)
    throw misuse(`the call's options must be an object, not ${describe(options)}`);
  const names = Object.keys(options);
  // Of very many names, the values are not looked at.
  const unknown = (name: string): boolean =>
    !CALL_OPTIONS.includes(name) && (names.length > 100 || options[name as keyof CallOptions] !== undefined);
  const stranger = names.find(unknown);
  if (stranger !== undefined) throw misuse(`unknown option ${describe(stranger)}: a call has ${CALL_OPTIONS.join(", ")}`);
  const { signal, onEvent, waitForReady, credentialsRefresh } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw misuse(`signal must be an AbortSignal, not ${describe(signal)}`);
  }
  if (onEvent !== undefined && typeof onEvent !== "function")
    throw misuse(`onEvent must be a function, not ${describe(onEvent)}`);
  if (waitForReady !== undefined && typeof waitForReady !== "boolean") {
    throw misuse(`waitForReady must be true or false, not ${describe(waitForReady)}`);
  }
  if (credentialsRefresh !== undefined && credentialsRefresh !== false)
    throw misuse(`credentialsRefresh must be false or left out, not ${describe(credentialsRefresh)}`);
  const noRefresh = credentialsRefresh === false;
  if (defaults.inside && !noRefresh) throw misuse(REFRESH_INSIDE);
  if (signal?.aborted) throw refusal(method, Code.CANCELLED, CANCELED_BEFORE, "cancelled", signal.reason);
  return {
    method,
    outgoing,
    canStream: defaults.canStream && "messages" in input,
    streaming,
    metadata: checkMetadata(options, misuse),
    timeoutMs: checkNumber("timeoutMs", options.timeoutMs, Number.POSITIVE_INFINITY, misuse),
    maxReceiveMessageBytes: checkLimit(options.maxReceiveMessageBytes, misuse),
    waitForReady,
    noRefresh,
    signal,
    listeners: onEvent ? [...defaults.listeners, onEvent] : defaults.listeners,
  };
}

function checkInput(input: Input, gzip: boolean, misuse: Misuse): Outgoing {
  if ("message" in input) {
    if (isBytes(input.message)) return gzip ? new Outgoing() : Outgoing.of(input.message);
    throw misuse(`the message must be a Uint8Array (the serialized message), not ${describe(input.message)}`);
  }
  const { messages } = input;
  if (typeof messages === "object" && messages !== null && (Symbol.asyncIterator in messages || Symbol.iterator in messages)) {
    if (!isBytes(messages)) return new Outgoing();
    throw misuse("the messages must be an iterable of Uint8Array, but this is a single Uint8Array: put it into an array");
  }
  throw misuse(`the messages must be an iterable or an async iterable of Uint8Array, not ${describe(messages)}`);
}

function checkMetadata({ metadata }: CallOptions, misuse: Misuse): Metadata {
  try {
    return metadata instanceof Metadata ? metadata : new Metadata(metadata);
  } catch (error) {
    throw misuse(show(peek(error, "message") ?? error));
  }
}

function checkNumber(name: string, value: unknown, fallback: number, misuse: Misuse): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || Number.isNaN(value)) throw misuse(`${name} must be a number, not ${describe(value)}`);
  return value;
}

function checkLimit(value: unknown, misuse: Misuse): number {
  const bytes = checkNumber("maxReceiveMessageBytes", value, 0, misuse);
  if (value !== undefined && bytes < 1) throw misuse(`maxReceiveMessageBytes must be 1 or more, not ${bytes}`);
  return bytes;
}
