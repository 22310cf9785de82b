import { isBytes } from "../api/foreign.js";
import type { HeadersInitType, HeadersType, ResponseType } from "../api/platform.js";
import { Code, Metadata, type MetadataInit } from "../index.js";
import type { TestRequest } from "./request.js";

/** A failure. As a step it is a Trailers-Only response; in a reply it is the status after the messages before it. */
export interface Failure {
  readonly kind: "fail";
  readonly code: Code;
  readonly options: FailureOptions;
}

export interface FailureOptions {
  /** grpc-message. Default "". */
  readonly message?: string | undefined;
  /** grpc-retry-pushback-ms: after how many milliseconds to try again, or "stop" for not at all. Default: the server does not say. */
  readonly pushbackMs?: number | "stop" | undefined;
  /** grpc-status-details-bin, a serialized google.rpc.Status. */
  readonly details?: Uint8Array | undefined;
  /** Further trailer metadata. */
  readonly trailer?: MetadataInit | undefined;
}

/** Messages, then the end of the call. */
export interface Reply {
  readonly kind: "reply";
  readonly parts: Iterable<Part> | AsyncIterable<Part>;
  readonly header: Metadata;
  readonly trailer: Metadata;
}

export interface ReplyOptions {
  readonly header?: MetadataInit | undefined;
  /** The trailer metadata of a reply that ends with OK. */
  readonly trailer?: MetadataInit | undefined;
}

/** An HTTP response from something in between that does not know gRPC. */
export interface HttpError {
  readonly kind: "httpError";
  readonly status: number;
  readonly body: string;
  readonly headers: HeadersType;
}

export interface NetworkError {
  readonly kind: "networkError";
  readonly message: string;
}

export interface Hang {
  readonly kind: "hang";
}

export interface Cut {
  readonly kind: "cut";
}

/** The same, this many virtual milliseconds later. */
export interface Later<T> {
  readonly kind: "later";
  readonly ms: number;
  readonly what: T;
}

/** How an answer can end other than with OK. */
export type Ending = Failure | NetworkError | Hang | Cut;

/** The parts of a reply: messages, then at most one ending. */
export type Part = Uint8Array | Ending | Later<Part>;

/** What a request is answered with. */
export type Answer = Reply | Ending | HttpError | Later<Answer>;

/** What one request is answered with, or a function that sees the request first. A Response that it returns is passed on unchanged. */
export type Step = Answer | ((request: TestRequest) => Answer | ResponseType | Promise<Answer | ResponseType>);

/** A step for several requests. */
export interface Repeated {
  readonly kind: "times";
  readonly times: number;
  readonly step: Step;
}

/** Fails with a status, in a Trailers-Only response. Within a reply, in the body after the parts before it. */
export function fail(code: Code, options: FailureOptions = {}): Failure {
  if (!Number.isInteger(code) || Code[code] === undefined || code === Code.OK)
    throw new TypeError(`fail takes a Code other than OK, such as Code.UNAVAILABLE, not ${shown(code)}`);
  return { kind: "fail", code, options };
}

/**
 * Answers with one message, or with several parts: messages, delayed messages (`later`), and at the end a failure, if any. The header is
 * sent at once. What an async iterable yields is sent as it comes.
 */
export function reply(parts: Uint8Array | Iterable<Part> | AsyncIterable<Part>, options: ReplyOptions = {}): Reply {
  if (typeof parts !== "object" || parts === null || !(Symbol.iterator in parts || Symbol.asyncIterator in parts))
    throw new TypeError(`reply takes a serialized message (a Uint8Array) or several parts in an array, not ${shown(parts)}`);
  return {
    kind: "reply",
    parts: isBytes(parts) ? [parts] : parts,
    header: new Metadata(options.header),
    trailer: new Metadata(options.trailer),
  };
}

/** Answers with an HTTP status and a page, as proxies do. The body is HTML unless the headers say otherwise. */
export function httpError(
  status: number,
  options: { readonly body?: string; readonly headers?: HeadersInitType } = {},
): HttpError {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`httpError takes an HTTP status from 200 to 599, not ${shown(status)}`);
  const headers = new Headers(options.headers);
  if (!headers.has("content-type")) headers.set("content-type", "text/html");
  return { kind: "httpError", status, body: options.body ?? `<h1>${status}</h1>`, headers };
}

/** Makes fetch reject with a TypeError, as if there were no network. Within a reply, makes the body break off. */
export function networkError(message = "Failed to fetch"): NetworkError {
  return { kind: "networkError", message };
}

/** Never answers; within a reply, never says anything more. An abort ends it. */
export function hang(): Hang {
  return { kind: "hang" };
}

/** Ends the body without a status, as a proxy does that has lost its server. As a step, it does so after the header. */
export function cut(): Cut {
  return { kind: "cut" };
}

/** The same, this many milliseconds of the server's clock later: a step, or a part of a reply. Its delay counts from the part before. */
export function later<T extends Answer | Part>(ms: number, what: T): Later<T> {
  if (!Number.isFinite(ms) || ms < 0) throw new TypeError(`later takes a number of milliseconds, 0 or more, not ${shown(ms)}`);
  if (typeof what !== "object" || what === null) throw new TypeError(`later takes a step or a message, not ${shown(what)}`);
  return { kind: "later", ms, what };
}

/** The same step for this many requests. */
export function times(times: number, step: Step): Repeated {
  if (times !== Number.POSITIVE_INFINITY && (!Number.isInteger(times) || times < 1))
    throw new TypeError(`times takes a whole number above 0, not ${shown(times)}`);
  return { kind: "times", times, step: checkedStep(step) };
}

/** The same step for every request from here on. */
export function always(step: Step): Repeated {
  return times(Number.POSITIVE_INFINITY, step);
}

const KINDS: readonly string[] = ["fail", "reply", "httpError", "networkError", "hang", "cut", "later"];

/** Checks a step, for users of plain JavaScript, who may pass a message where a reply is meant. */
export function checkedStep<T extends Step>(step: T): T {
  if (typeof step === "function" || KINDS.includes((step as Partial<Answer> | null)?.kind ?? "")) return step;
  throw new TypeError(`a step must come from reply, fail, later or the like, or be a function, not ${shown(step)}`);
}

/** A value of the wrong kind. */
export function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : ArrayBuffer.isView(value) ? "bytes" : String(value);
}

/** A step in words, as it was written. */
export function wordsOf(step: Step): string {
  if (typeof step === "function") return "a function";
  switch (step.kind) {
    case "fail":
      return `fail(${Code[step.code]})`;
    case "httpError":
      return `httpError(${step.status})`;
    case "later":
      return `later(${step.ms}, ${wordsOf(step.what)})`;
    case "reply":
      return "reply(…)";
    default:
      return `${step.kind}()`;
  }
}
