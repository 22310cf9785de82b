// The entry "hedgerow/otel": metrics and traces of calls and attempts, for OpenTelemetry.
import { type Context, type Meter, metrics, propagation, type Tracer, trace } from "@opentelemetry/api";
import type { CallEvent } from "./api/events.js";
import type { AttemptContext } from "./api/options.js";
import { ObservedCall, type Sinks } from "./otel/otel-call.js";
import { Metrics } from "./otel/otel-metrics.js";

// build.mjs puts the package's version here.
declare const HEDGEROW_VERSION: string;

const NAME = "hedgerow";

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** What the channel talks to, which becomes the attribute `grpc.target` of every metric. Usually the channel's `baseUrl`. */
  target: string;
  /**
   * The meter for metrics, or false for none. Default: the global MeterProvider's meter "hedgerow", which is looked up when the first call
   * begins, so that the provider may be registered after `instrument`.
   */
  meter?: Meter | false | undefined;
  /** The tracer for spans, or false for none. Default: the global TracerProvider's tracer "hedgerow", looked up when the first call begins. */
  tracer?: Tracer | false | undefined;
  /**
   * Returns a dimension of your own for a call: the attribute `grpc.client.call.custom` of all its metrics (gRFC A108), or "" if it returns
   * undefined. It is called once, synchronously, where the call is made. Keep its values few: each is a time series of its own. If it
   * throws, the call is recorded with "", and the error goes to reportError. Default: no such attribute.
   */
  customLabel?: ((call: { readonly callId: number; readonly method: string }) => string | undefined) | undefined;
}

/** A listener for events, which knows the trace context of each attempt that is about to be sent. */
export interface Instrumentation {
  /** The listener. Set it as the `onEvent` of a channel or of calls, but not of both, or everything is counted twice. */
  (event: CallEvent): void;
  /**
   * For a channel's `metadata`: what the global propagator adds to an attempt (`traceparent`, for example), so that the server's span becomes
   * a child of the attempt's. It is empty without a propagator, and for an attempt whose events do not come here. If your own `metadata`
   * function calls it, it must do so before its first `await`, or it is empty too. A server on another origin must allow what it adds (CORS).
   */
  readonly metadata: (attempt: AttemptContext) => Record<string, string>;
}

/**
 * Makes a listener that records metrics (gRFC A66, A96 and A108) and spans (gRFC A72) of every call whose events it gets. Several channels with the
 * same target may share one. A call's span is a child of the span that is active where the call is made.
 *
 * ```ts
 * const otel = instrument({ target: baseUrl });
 * const channel = await createChannel({ baseUrl, onEvent: otel, metadata: otel.metadata });
 * ```
 *
 * Throws a TypeError if the target is not a string, or is empty, and if customLabel is not a function.
 */
export function instrument(options: InstrumentOptions): Instrumentation {
  const { target, customLabel } = options;
  if (typeof target !== "string" || target === "") {
    throw new TypeError("instrument needs a target for the attribute grpc.target: the channel's baseUrl, for example");
  }
  if (customLabel !== undefined && typeof customLabel !== "function") {
    throw new TypeError("customLabel must be a function that returns a call's value of the attribute grpc.client.call.custom");
  }
  const calls = new Map<number, ObservedCall>();
  let sinks: Sinks | undefined;
  let sending: Sending | undefined;

  function listen(event: CallEvent): void {
    const { callId } = event;
    if (event.type === "callStarted") {
      sinks ??= sinksOf(options, target);
      let label = customLabel && "";
      try {
        label = customLabel?.({ callId, method: event.method }) ?? label;
      } finally {
        calls.set(callId, new ObservedCall(sinks, event, label)); // what customLabel throws goes to whoever calls listeners
      }
      return;
    }
    const call = calls.get(callId);
    switch (event.type) {
      case "attemptStarted":
        sending = call && { method: event.method, attempt: event.attempt, context: call.attemptStarted(event) };
        // The metadata of an attempt is asked for at once. Whoever asks later could belong to another call.
        queueMicrotask(() => {
          sending = undefined;
        });
        return;
      case "attemptEnded":
        call?.attemptEnded(event);
        return;
      case "hedgeScheduled":
        call?.hedgeScheduled(event);
        return;
      case "budget":
        call?.budget(event);
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
