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

/** Throws the refusal of a call whose argument of this name does not fit. */
type Must = (fits: boolean, name: string, be: string, value: unknown) => void;

/** Checks a call's arguments. If it throws a StatusError, the call is refused with that, and nothing is sent. */
export function checkRequest(
  method: string,
  input: Input,
  options: CallOptions,
  streaming: boolean,
  defaults: Defaults,
): Request {
  const misuse = (text: string): StatusError => refusal(show(method), Code.INTERNAL, text, "internal");
  const must: Must = (fits, name, be, value) => {
    if (!fits) throw misuse(`${name} must be ${be}, not ${describe(value)}`);
  };
  must(typeof method === "string", "the method", "a string", method);
  const outgoing = checkInput(input, defaults.gzip, must);
  must(typeof options === "object" && options !== null, "the call's options", "an object", options);
  const names = Object.keys(options);
  // Of very many names, the values are not looked at.
  const unknown = (name: string): boolean =>
    !CALL_OPTIONS.includes(name) && (names.length > 100 || options[name as keyof CallOptions] !== undefined);
  const stranger = names.find(unknown);
  if (stranger !== undefined) throw misuse(`unknown option ${describe(stranger)}: a call has ${CALL_OPTIONS.join(", ")}`);
  const { signal, onEvent, waitForReady, credentialsRefresh } = options;
  const { timeoutMs = Number.POSITIVE_INFINITY, maxReceiveMessageBytes = 0 } = options;
  must(signal === undefined || typeof signal?.addEventListener === "function", "signal", "an AbortSignal", signal);
  must(onEvent === undefined || typeof onEvent === "function", "onEvent", "a function", onEvent);
  must(waitForReady === undefined || typeof waitForReady === "boolean", "waitForReady", "true or false", waitForReady);
  const noRefresh = credentialsRefresh === false;
  must(credentialsRefresh === undefined || noRefresh, "credentialsRefresh", "false or left out", credentialsRefresh);
  if (defaults.inside && !noRefresh) throw misuse(REFRESH_INSIDE);
  if (signal?.aborted) throw refusal(method, Code.CANCELLED, CANCELED_BEFORE, "cancelled", signal.reason);
  const metadata = metadataOf(options.metadata, misuse);
  must(isNumber(timeoutMs), "timeoutMs", "a number", timeoutMs);
  must(isNumber(maxReceiveMessageBytes), "maxReceiveMessageBytes", "a number", maxReceiveMessageBytes);
  const limited = options.maxReceiveMessageBytes !== undefined;
  must(!limited || maxReceiveMessageBytes >= 1, "maxReceiveMessageBytes", "1 or more", maxReceiveMessageBytes);
  return {
    method,
    outgoing,
    canStream: defaults.canStream && "messages" in input,
    streaming,
    metadata,
    timeoutMs,
    maxReceiveMessageBytes,
    waitForReady,
    noRefresh,
    signal,
    listeners: onEvent ? [...defaults.listeners, onEvent] : defaults.listeners,
  };
}

function checkInput(input: Input, gzip: boolean, must: Must): Outgoing {
  if ("message" in input) {
    must(isBytes(input.message), "the message", "a Uint8Array (the serialized message)", input.message);
    return gzip ? new Outgoing() : Outgoing.of(input.message);
  }
  const { messages } = input;
  const iterable =
    typeof messages === "object" && messages !== null && (Symbol.asyncIterator in messages || Symbol.iterator in messages);
  must(iterable, "the messages", "an iterable or an async iterable of Uint8Array", messages);
  must(!isBytes(messages), "the messages", "an iterable of Uint8Array, such as an array with this one in it", messages);
  return new Outgoing();
}

const NONE = new Metadata();

function metadataOf(metadata: CallOptions["metadata"], misuse: (text: string) => StatusError): Metadata {
  if (metadata === undefined) return NONE;
  try {
    return metadata instanceof Metadata ? metadata : new Metadata(metadata);
  } catch (error) {
    throw misuse(show(peek(error, "message") ?? error));
  }
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(value);
}
