import {
  type Attributes,
  type Context,
  context,
  type HrTime,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Code } from "../api/code.js";
import { CODE_NAMES } from "../api/code-names.js";
import type { CallEvent } from "../api/events.js";
import type { Metrics } from "./otel-metrics.js";

type Event<T extends CallEvent["type"]> = Extract<CallEvent, { type: T }>;

/** What calls are reported to. */
export interface Sinks {
  readonly metrics: Metrics | undefined;
  readonly tracer: Tracer | undefined;
}

/** An attempt that has not been reported yet. */
interface Attempt {
  readonly startedAt: number;
  endedAt: number;
  readonly context: Context;
  readonly span: Span | undefined;
}

const LOST = "another attempt's answer was taken";

/** One call, from callStarted to callEnded: adds up its events, and reports it and its attempts as gRFC A66, A72 and A96 say. */
export class ObservedCall {
  /** "package.Service/Method" */
  readonly #method: string;
  readonly #sinks: Sinks;
  readonly #attributes: Attributes;
  readonly #startedAt: number;
  /** The wall clock's time at #startedAt: see #time. */
  readonly #epoch: number = Date.now();
  readonly #span: Span | undefined;
  readonly #context: Context;
  /** By number. A transparent restart repeats the number of an attempt that has ended. */
  readonly #live: Map<number, Attempt> = new Map();
  /** Ended by the client, which says why in a later event. */
  #aborted: Attempt[] = [];
  #retries = 0;
  #transparentRetries = 0;
  #hedges = 0;
  #retryDelay = 0;
  /** Since when no attempt is under way; undefined: one is, or none has begun. */
  #idleSince: number | undefined;

  constructor(sinks: Sinks, { method, at }: Event<"callStarted">, label: string | undefined) {
    this.#sinks = sinks;
    this.#method = method.replace(/^\//, "");
    this.#attributes = sinks.metrics?.attributesOf(this.#method, label) ?? {};
    this.#startedAt = at;
    const parent = context.active();
    this.#span = sinks.tracer?.startSpan(`Sent.${this.#name}`, { startTime: this.#time(at) }, parent);
    this.#context = within(parent, this.#span);
  }

  /** Answers with the context of the attempt, in which its span is the current one. */
  attemptStarted({ at, attempt: number, kind, endpoint }: Event<"attemptStarted">): Context {
    if (kind === "retry") this.#retries++;
    else if (kind === "hedge") this.#hedges++;
    else if (kind === "transparent") this.#transparentRetries++;
    if (this.#idleSince !== undefined) this.#retryDelay += at - this.#idleSince;
    this.#idleSince = undefined;

    const { metrics, tracer } = this.#sinks;
    const attributes = {
      "previous-rpc-attempts": number - 1,
      "transparent-retry": kind === "transparent",
      ...(kind === "refresh" ? { "hedgerow.credentials-refresh": true } : {}),
      ...(endpoint ? serverOf(endpoint) : {}),
    };
    const options = { kind: SpanKind.CLIENT, startTime: this.#time(at), attributes };
    const span = tracer?.startSpan(`Attempt.${this.#name}`, options, this.#context);
    const attempt: Attempt = { startedAt: at, endedAt: at, context: within(this.#context, span), span };
    this.#live.set(number, attempt);
    metrics?.attemptStarted(this.#attributes, attempt.context);
    return attempt.context;
  }

  attemptEnded({ at, attempt: number, code, statusMessage }: Event<"attemptEnded">): void {
    const attempt = this.#live.get(number);
    if (!attempt) return;
    this.#live.delete(number);
    attempt.endedAt = at;
    if (this.#live.size === 0) this.#idleSince = at;
    if (code === undefined) this.#aborted.push(attempt);
    else this.#report(attempt, code, statusMessage);
  }

  /** A delay that the server asked for says nothing about the policy. */
  hedgeScheduled({ delayMs, pushback }: Event<"hedgeScheduled">): void {
    if (!pushback) this.#sinks.metrics?.hedgeScheduled(this.#attributes, delayMs, this.#context);
  }

  budget({ blocked }: Event<"budget">): void {
    if (blocked) this.#sinks.metrics?.budgetRefused(this.#attributes, this.#context);
  }

  /** The client ended the other attempts because this one's answer is the call's. */
  committed({ attempt }: Event<"committed">): void {
    if (attempt !== undefined) this.#reportAborted(CODE_NAMES.indexOf("CANCELLED"), LOST);
  }

  callEnded({ at, code, statusMessage }: Event<"callEnded">): void {
    this.#reportAborted(code, statusMessage); // ended because the call did: by its deadline, by its caller
    if (this.#idleSince !== undefined) this.#retryDelay += at - this.#idleSince;
    this.#sinks.metrics?.callEnded(
      this.#attributes,
      {
        code,
        duration: at - this.#startedAt,
        retries: this.#retries,
        transparentRetries: this.#transparentRetries,
        hedges: this.#hedges,
        retryDelay: this.#retryDelay,
      },
      this.#context,
    );
    this.#end(this.#span, at, code, statusMessage);
  }

  get #name(): string {
    return this.#method.replaceAll("/", ".");
  }

  #reportAborted(code: Code, message: string): void {
    for (const attempt of this.#aborted) this.#report(attempt, code, message);
    this.#aborted = [];
  }

  #report({ startedAt, endedAt, context, span }: Attempt, code: Code, message: string | undefined): void {
    this.#sinks.metrics?.attemptEnded(this.#attributes, code, endedAt - startedAt, context);
    this.#end(span, endedAt, code, message);
  }

  /** A72: OK is OK, anything else is an error, described as "UNAVAILABLE, what the server said". */
  #end(span: Span | undefined, at: number, code: Code, message: string | undefined): void {
    if (!span) return;
    const name = CODE_NAMES[code] ?? "UNKNOWN";
    if (name === "OK") span.setStatus({ code: SpanStatusCode.OK });
    else span.setStatus({ code: SpanStatusCode.ERROR, message: message ? `${name}, ${message}` : name });
    span.end(this.#time(at));
  }

  /**
   * An event's instant on the wall clock. performance.timeOrigin would not do: where the computer slept since the page was loaded, it
   * is off by as much. So each call brings its clocks together when it begins, as the SDK does for each span.
   */
  #time(at: number): HrTime {
    const nanoseconds = Math.round((at - this.#startedAt) * 1e6);
    const seconds = Math.floor(this.#epoch / 1000);
    const rest = (this.#epoch - seconds * 1000) * 1e6 + nanoseconds;
    const carry = Math.floor(rest / 1e9);
    return [seconds + carry, rest - carry * 1e9];
  }
}

function within(parent: Context, span: Span | undefined): Context {
  return span ? trace.setSpan(parent, span) : parent;
}

/** The attributes that OpenTelemetry's conventions have for where a request goes. */
function serverOf(endpoint: string): Attributes {
  const { hostname, port, protocol } = new URL(endpoint);
  return { "server.address": hostname, "server.port": Number(port || (protocol === "http:" ? 80 : 443)) };
}
