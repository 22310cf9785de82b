import { type Attributes, type Context, type Counter, type Histogram, type Meter, ValueType } from "@opentelemetry/api";
import type { Code } from "../api/code.js";
import { CODE_NAMES } from "../api/code-names.js";

/** A66's buckets for latencies, in seconds. */
const LATENCY = [
  0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013, 0.016, 0.02,
  0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10, 20, 50, 100,
];
const COUNT = [1, 2, 3, 4, 5];

/** What a call adds up to at its end. Spans are milliseconds. */
export interface Totals {
  readonly code: Code;
  readonly duration: number;
  readonly retries: number;
  readonly transparentRetries: number;
  readonly hedges: number;
  readonly retryDelay: number;
}

/** The instruments of gRFC A66 and A96, with the label of A108, that the events can fill, and two of Hedgerow's own, for one target. */
export class Metrics {
  #target: string;
  #attemptStarted: Counter;
  #attemptDuration: Histogram;
  #callDuration: Histogram;
  #retries: Histogram;
  #transparentRetries: Histogram;
  #hedges: Histogram;
  #retryDelay: Histogram;
  #hedgingDelay: Histogram;
  #budgetRefusals: Counter;

  constructor(meter: Meter, target: string) {
    this.#target = target;
    this.#attemptStarted = meter.createCounter("grpc.client.attempt.started", {
      description: "Attempts begun, those under way included.",
      unit: "{attempt}",
      valueType: ValueType.INT,
    });
    this.#attemptDuration = seconds(
      meter,
      "grpc.client.attempt.duration",
      "How long an attempt took, from its start to its end.",
    );
    this.#callDuration = seconds(
      meter,
      "grpc.client.call.duration",
      "How long a call took, all its attempts and waits included.",
    );
    this.#retries = count(meter, "grpc.client.call.retries", "{retry}", "Retries of a call. Calls without one are not recorded.");
    this.#transparentRetries = count(
      meter,
      "grpc.client.call.transparent_retries",
      "{transparent_retry}",
      "Transparent retries of a call. Calls without one are not recorded.",
      10,
    );
    this.#hedges = count(meter, "grpc.client.call.hedges", "{hedge}", "Hedges of a call. Calls without one are not recorded.");
    this.#retryDelay = seconds(
      meter,
      "grpc.client.call.retry_delay",
      "How long a call had no attempt under way, once its first had begun.",
    );
    this.#hedgingDelay = seconds(
      meter,
      "hedgerow.client.call.hedging_delay",
      "How long a call is to wait before its next hedge, as its policy says or as it was learned.",
    );
    this.#budgetRefusals = meter.createCounter("hedgerow.client.call.budget_refusals", {
      description: "Retries and hedges that the retryBudget could not pay.",
      unit: "{attempt}",
      valueType: ValueType.INT,
    });
  }

  /** What every value of a call is recorded with. A label of undefined is none at all (gRFC A108). */
  attributesOf(method: string, label: string | undefined): Attributes {
    const attributes: Attributes = { "grpc.method": method, "grpc.target": this.#target };
    if (label !== undefined) attributes["grpc.client.call.custom"] = label;
    return attributes;
  }

  attemptStarted(attributes: Attributes, context: Context): void {
    this.#attemptStarted.add(1, attributes, context);
  }

  attemptEnded(attributes: Attributes, code: Code, milliseconds: number, context: Context): void {
    this.#attemptDuration.record(milliseconds / 1000, ended(attributes, code), context);
  }

  hedgeScheduled(attributes: Attributes, milliseconds: number, context: Context): void {
    this.#hedgingDelay.record(milliseconds / 1000, attributes, context);
  }

  budgetRefused(attributes: Attributes, context: Context): void {
    this.#budgetRefusals.add(1, attributes, context);
  }

  callEnded(attributes: Attributes, totals: Totals, context: Context): void {
    this.#callDuration.record(totals.duration / 1000, ended(attributes, totals.code), context);
    // A96: for these three, 0 is not reported. It makes no such exception for the delay.
    if (totals.retries > 0) this.#retries.record(totals.retries, attributes, context);
    if (totals.transparentRetries > 0) this.#transparentRetries.record(totals.transparentRetries, attributes, context);
    if (totals.hedges > 0) this.#hedges.record(totals.hedges, attributes, context);
    this.#retryDelay.record(totals.retryDelay / 1000, attributes, context);
  }
}

function ended(attributes: Attributes, code: Code): Attributes {
  return { ...attributes, "grpc.status": CODE_NAMES[code] ?? "UNKNOWN" };
}

function seconds(meter: Meter, name: string, description: string): Histogram {
  const advice = { explicitBucketBoundaries: LATENCY };
  return meter.createHistogram(name, { description, unit: "s", valueType: ValueType.DOUBLE, advice });
}

function count(meter: Meter, name: string, unit: string, description: string, ...further: number[]): Histogram {
  const advice = { explicitBucketBoundaries: [...COUNT, ...further] };
  return meter.createHistogram(name, { description, unit, valueType: ValueType.INT, advice });
}
