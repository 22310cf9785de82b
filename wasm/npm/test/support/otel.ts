// The real SDK in memory, and what the tests read out of it.
import { type HrTime, type Meter, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import { DataPointType, MeterProvider, type MetricData, MetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { CallEvent } from "hedgerow";

export const TARGET = "https://api.test/grpc";

/** A metric reader that collects when the test asks. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export class Telemetry {
  readonly #reader = new Reader();
  readonly #exporter = new InMemorySpanExporter();
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });
  readonly tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })] });
  readonly meter: Meter = this.meterProvider.getMeter("test");
  readonly tracer: Tracer = this.tracerProvider.getTracer("test");

  /** The metrics that have data. */
  async metrics(): Promise<MetricData[]> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw errors[0];
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).filter(({ dataPoints }) => dataPoints.length > 0);
  }

  async scopes(): Promise<string[]> {
    const { resourceMetrics } = await this.#reader.collect();
    return resourceMetrics.scopeMetrics.map(({ scope }) => `${scope.name} ${scope.version}`);
  }

  /** One line a series: "grpc.client.call.retries: 1 × sum 2", without "grpc.client.", the method and the target. */
  async recorded(): Promise<string[]> {
    return (await this.metrics()).flatMap(describeMetric).sort();
  }

  get spans(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  /** One line a span, children behind their parent, with times in milliseconds from its start: "0–10 Sent.pkg.Service.Method OK". */
  get traces(): string[] {
    const { spans } = this;
    const roots = spans.filter(({ name }) => name.startsWith("Sent."));
    return roots.flatMap((root) => {
      const children = spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === root.spanContext().spanId);
      children.sort((a, b) => milliseconds(a.startTime) - milliseconds(b.startTime));
      return [root, ...children].map((span) => describeSpan(span, root));
    });
  }
}

function describeMetric({ descriptor, dataPointType, dataPoints }: MetricData): string[] {
  return dataPoints.map(({ attributes, value }) => {
    const { "grpc.method": method, "grpc.target": target, "grpc.status": status, ...others } = attributes;
    const name = `${descriptor.name.replace("grpc.client.", "")}${status === undefined ? "" : ` ${status}`}`;
    const odd = [
      method === "pkg.Service/Method" ? "" : ` ${method}`,
      target === TARGET ? "" : ` ${target}`,
      ...Object.keys(others),
    ];
    if (dataPointType === DataPointType.SUM) return `${name}: ${value}${odd.join("")}`;
    const { count, sum } = value as { count: number; sum: number };
    return `${name}: ${count} × sum ${round(sum)}${odd.join("")}`;
  });
}

function describeSpan(span: ReadableSpan, root: ReadableSpan): string {
  const from = milliseconds(root.startTime);
  const attributes = Object.entries(span.attributes).map(([key, value]) => ` ${key}=${value}`);
  const kind = span.kind === SpanKind.INTERNAL ? "" : ` ${SpanKind[span.kind]}`;
  const status = `${SpanStatusCode[span.status.code]}${span.status.message === undefined ? "" : ` "${span.status.message}"`}`;
  const [start, end] = [span.startTime, span.endTime].map((time) => round(milliseconds(time) - from));
  return `${start}–${end} ${span.name}${kind}${attributes.join("")} ${status}`;
}

export function milliseconds([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

function round(value: number): number {
  return Math.round(value * 1e3) / 1e3;
}

type WithoutBase<E> = E extends CallEvent ? Omit<E, "callId" | "method" | "at"> : never;

/** Emits the events of a call that no network has made. */
export function script(listen: (event: CallEvent) => void, callId: number, method = "/pkg.Service/Method") {
  return (at: number, event: WithoutBase<CallEvent>): void => listen({ callId, method, at: 1000 + at, ...event } as CallEvent);
}
