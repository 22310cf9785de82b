// The entry "hedgerow/otel": what happens to calls and attempts, as OpenTelemetry metrics and traces.
import { type Context, type Meter, metrics, propagation, type Tracer, trace } from "@opentelemetry/api";
import type { CallEvent } from "./api/events.js";
import type { AttemptContext } from "./api/options.js";
import { ObservedCall, type Sinks } from "./otel/otel-call.js";
import { Metrics } from "./otel/otel-metrics.js";

// build.mjs puts the package's version here.
declare const HEDGEROW_VERSION: string;

const NAME = "hedgerow";

/** What `instrument` is told. */
export interface InstrumentOptions {
  /** What the channel talks to: the attribute `grpc.target` of every metric. Usually the channel's `baseUrl`. */
  target: string;
  /**
   * Where metrics go; false: nowhere. Default: the global MeterProvider's meter "hedgerow", asked for when the first call begins, so
   * that the provider may be registered after `instrument`.
   */
  meter?: Meter | false | undefined;
  /** Where spans go; false: nowhere. Default: the global TracerProvider's tracer "hedgerow", asked for when the first call begins. */
  tracer?: Tracer | false | undefined;
}

/** Listens to events, and knows the trace context of each attempt that is about to be sent. */
export interface Instrumentation {
  /** The listener, for a channel's `onEvent` or a call's; not for both, or all is counted twice. */
  (event: CallEvent): void;
  /**
   * For a channel's `metadata`: what the global propagator adds to an attempt so that the server's span becomes a child of the
   * attempt's (`traceparent`, for example). Empty without a propagator, for an attempt whose events do not come here, and when it is
   * called later than in the turn in which `metadata` itself was called: call it before the first `await`. On another origin than the
   * page, the server's CORS must allow what it adds.
   */
  readonly metadata: (attempt: AttemptContext) => Record<string, string>;
}

/**
 * Makes a listener that records metrics (gRFC A66 and A96) and spans (gRFC A72) of every call it hears of. One may serve several
 * channels of the same target. A call's span is a child of the span that is active where the call is made.
 *
 * ```ts
 * const otel = instrument({ target: baseUrl });
 * const channel = await createChannel({ baseUrl, onEvent: otel, metadata: otel.metadata });
 * ```
 *
 * Throws a TypeError if the target is not a string with something in it.
 */
export function instrument(options: InstrumentOptions): Instrumentation {
  const { target } = options;
  if (typeof target !== "string" || target === "") {
    throw new TypeError("instrument needs a target, which becomes the attribute grpc.target: the channel's baseUrl, for example");
  }
  const calls = new Map<number, ObservedCall>();
  let sinks: Sinks | undefined;
  let sending: Sending | undefined;

  function listen(event: CallEvent): void {
    const { callId } = event;
    if (event.type === "callStarted") {
      sinks ??= sinksOf(options, target);
      calls.set(callId, new ObservedCall(sinks, event));
      return;
    }
    const call = calls.get(callId);
    switch (event.type) {
      case "attemptStarted":
        sending = call && { method: event.method, attempt: event.attempt, context: call.attemptStarted(event) };
        // What is sent is asked for its metadata at once. Whoever comes later could be another call's.
        queueMicrotask(() => {
          sending = undefined;
        });
        return;
      case "attemptEnded":
        call?.attemptEnded(event);
        return;
      case "committed":
        call?.committed(event);
        return;
      case "callEnded":
        calls.delete(callId);
        call?.callEnded(event);
        return;
    }
  }

  function metadata({ method, attempt }: AttemptContext): Record<string, string> {
    const carrier: Record<string, string> = {};
    if (sending?.method === method && sending.attempt === attempt) propagation.inject(sending.context, carrier);
    return carrier;
  }

  return Object.assign(listen, { metadata });
}

/** The attempt that was started last, while it may ask for its metadata. */
interface Sending {
  readonly method: string;
  readonly attempt: number;
  readonly context: Context;
}

function sinksOf({ meter, tracer }: InstrumentOptions, target: string): Sinks {
  return {
    metrics: meter === false ? undefined : new Metrics(meter ?? metrics.getMeter(NAME, HEDGEROW_VERSION), target),
    tracer: tracer === false ? undefined : (tracer ?? trace.getTracer(NAME, HEDGEROW_VERSION)),
  };
}
