// What instrument() records of events, also of those that no fetch can cause; providers, contexts, propagation, memory.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { context, metrics, propagation, type Span, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { DataPointType } from "@opentelemetry/sdk-metrics";
import { StackContextManager } from "@opentelemetry/sdk-trace";
import { type AttemptContext, Code } from "hedgerow";
import { type InstrumentOptions, instrument } from "hedgerow/otel";
import { hedging, MESSAGE, METHOD, open, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { held } from "../support/garbage.js";
import { milliseconds, script, TARGET, Telemetry } from "../support/otel.js";
import { failed, ok } from "../support/responses.js";

const HOME = process.env["HEDGEROW_PACKAGE"] ?? ".";

const started = { type: "callStarted", policy: "retry", maxAttempts: 5 } as const;
const over = { type: "callEnded", code: Code.OK, statusMessage: "", attempts: 1, reason: "responseHeaders" } as const;

function scripted(callId = 1) {
  const telemetry = new Telemetry();
  const { meter, tracer } = telemetry;
  return { telemetry, say: script(instrument({ meter, tracer, target: TARGET }), callId) };
}

/** Sets the API's globals, until the test ends. */
function globals(t: TestContext, telemetry?: Telemetry): void {
  context.setGlobalContextManager(new StackContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  if (telemetry) metrics.setGlobalMeterProvider(telemetry.meterProvider);
  if (telemetry) trace.setGlobalTracerProvider(telemetry.tracerProvider);
  t.after(() => {
    for (const api of [context, propagation, metrics, trace]) api.disable();
  });
}

test("A96 transparent retries repeat a number, take no delay and are no retries", async () => {
  const { telemetry, say } = scripted();
  const lost = { type: "attemptEnded", outcome: "failed", code: Code.UNAVAILABLE, statusMessage: "not sent" } as const;
  say(0, started);
  say(0, { type: "attemptStarted", attempt: 1, kind: "first" });
  say(5, { ...lost, attempt: 1 });
  say(5, { type: "attemptStarted", attempt: 1, kind: "transparent" });
  say(8, { ...lost, attempt: 1 });
  say(8, { type: "backoff", delayMs: 2, boundMs: 2, pushback: false });
  say(10, { type: "attemptStarted", attempt: 2, kind: "retry" });
  say(11, { ...lost, attempt: 2 });
  say(11, { type: "attemptStarted", attempt: 2, kind: "transparent" });
  say(20, { type: "committed", attempt: 2, reason: "responseHeaders" });
  say(30, { type: "attemptEnded", attempt: 2, outcome: "committed", code: Code.OK, statusMessage: "" });
  say(30, { ...over, attempts: 4 });
  assert.deepEqual(await telemetry.recorded(), [
    "attempt.duration OK: 1 × sum 0.019",
    "attempt.duration UNAVAILABLE: 3 × sum 0.009",
    "attempt.started: 4",
    "call.duration OK: 1 × sum 0.03",
    "call.retries: 1 × sum 1",
    "call.retry_delay: 1 × sum 0.002",
    "call.transparent_retries: 1 × sum 2",
  ]);
  const failure = 'ERROR "UNAVAILABLE, not sent"';
  assert.deepEqual(telemetry.traces, [
    "0–30 Sent.pkg.Service.Method OK",
    `0–5 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=0 transparent-retry=false ${failure}`,
    `5–8 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=0 transparent-retry=true ${failure}`,
    `10–11 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=1 transparent-retry=false ${failure}`,
    "11–30 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=1 transparent-retry=true OK",
  ]);
});

test("158 spans say which of several endpoints an attempt was sent to", () => {
  const { telemetry, say } = scripted();
  say(0, started);
  for (const [i, endpoint] of ["https://a.test/grpc", "http://b.test:81", "http://c.test"].entries()) {
    say(i, { type: "attemptStarted", attempt: i + 1, kind: "retry", endpoint });
    say(i + 1, { type: "attemptEnded", attempt: i + 1, outcome: "committed", code: Code.OK, statusMessage: "" });
  }
  say(5, { ...over, attempts: 3 });
  const attempts = telemetry.spans.filter(({ name }) => name.startsWith("Attempt."));
  assert.deepEqual(
    attempts.map(({ attributes }) => `${attributes["server.address"]}:${attributes["server.port"]}`),
    ["a.test:443", "b.test:81", "c.test:80"],
  );
});

test("A96 the delay does not run while any hedge is under way", async () => {
  const { telemetry, say } = scripted();
  const failure = { type: "attemptEnded", outcome: "failed", code: Code.UNAVAILABLE, statusMessage: "" } as const;
  say(0, { ...started, policy: "hedging" });
  say(7, { type: "attemptStarted", attempt: 1, kind: "first" }); // The time before the first attempt is not a retry delay.
  say(10, { type: "attemptStarted", attempt: 2, kind: "hedge" });
  say(20, { ...failure, attempt: 2 });
  say(30, { type: "attemptStarted", attempt: 3, kind: "hedge" });
  say(40, { ...failure, attempt: 3 });
  say(50, { ...failure, attempt: 1 });
  say(90, { type: "attemptStarted", attempt: 4, kind: "hedge" });
  say(95, { ...failure, attempt: 4 });
  say(95, { type: "committed", attempt: 4, reason: "exhausted" });
  say(95, { ...over, code: Code.UNAVAILABLE });
  const recorded = await telemetry.recorded();
  assert.ok(recorded.includes("call.retry_delay: 1 × sum 0.04"));
  assert.ok(recorded.includes("call.hedges: 1 × sum 3"));
  assert.match(telemetry.traces[0] ?? "", /ERROR "UNAVAILABLE"$/);
});

test("calls are told apart by their id; events that concern no call, or one that is not known, do nothing", async () => {
  const telemetry = new Telemetry();
  const listen = instrument({ meter: telemetry.meter, tracer: telemetry.tracer, target: TARGET });
  const [one, two] = [script(listen, 1, "/a.A/One"), script(listen, 2, "/b.B/Two")];
  script(listen, 0, "")(0, { type: "warning", warning: "policyClamped", text: "clamped" });
  script(listen, 9)(0, { type: "attemptStarted", attempt: 1, kind: "first" });
  script(listen, 9)(0, { type: "attemptEnded", attempt: 1, outcome: "aborted" });
  script(listen, 9)(0, over);
  one(0, started);
  two(0, started);
  one(0, { type: "attemptStarted", attempt: 1, kind: "first" });
  two(0, { type: "attemptStarted", attempt: 1, kind: "first" });
  two(1, { type: "attemptEnded", attempt: 1, outcome: "committed", code: 99 as Code, statusMessage: "" });
  two(1, { ...over, code: 99 as Code });
  one(2, { type: "attemptEnded", attempt: 1, outcome: "committed", code: Code.OK, statusMessage: "" });
  one(2, over);
  assert.deepEqual(
    (await telemetry.recorded()).filter((line) => line.startsWith("call.duration")),
    ["call.duration OK: 1 × sum 0.002 a.A/One", "call.duration UNKNOWN: 1 × sum 0.001 b.B/Two"],
  );
  assert.deepEqual(
    telemetry.spans.map(({ name }) => name),
    ["Attempt.b.B.Two", "Sent.b.B.Two", "Attempt.a.A.One", "Sent.a.A.One"],
  );
});

test("the delays of hedges, but not those that a server asks for, and what the retryBudget could not pay", async () => {
  const { telemetry, say } = scripted();
  say(0, { ...started, policy: "hedging" });
  say(0, { type: "attemptStarted", attempt: 1, kind: "first" });
  say(0, { type: "hedgeScheduled", delayMs: 20, pushback: false });
  say(20, { type: "budget", tokens: 0.5, maxTokens: 5, blocked: false });
  say(20, { type: "attemptStarted", attempt: 2, kind: "hedge" });
  say(20, { type: "hedgeScheduled", delayMs: 30, pushback: false });
  say(30, { type: "hedgeScheduled", delayMs: 400, pushback: true });
  say(50, { type: "budget", tokens: 0.5, maxTokens: 5, blocked: true });
  say(60, over);
  const recorded = await telemetry.recorded();
  assert.deepEqual(
    recorded.filter((line) => line.startsWith("hedgerow.")),
    ["hedgerow.client.call.budget_refusals: 1", "hedgerow.client.call.hedging_delay: 2 × sum 0.05"],
  );
});

test("A66 A96 units, kinds and buckets", async () => {
  const { telemetry, say } = scripted();
  say(0, started);
  say(0, { type: "hedgeScheduled", delayMs: 20, pushback: false });
  say(0, { type: "budget", tokens: 0.5, maxTokens: 5, blocked: true });
  for (const kind of ["first", "retry", "hedge", "transparent"] as const) {
    say(0, { type: "attemptStarted", attempt: 1, kind });
    say(0, { type: "attemptEnded", attempt: 1, outcome: "failed", code: Code.UNAVAILABLE, statusMessage: "" });
  }
  say(0, over);
  const shapes = (await telemetry.metrics()).map(({ descriptor: { name, unit }, dataPointType, dataPoints }) => {
    const value = dataPoints[0]?.value;
    const boundaries =
      typeof value === "object" && "buckets" in value && "boundaries" in value.buckets ? value.buckets.boundaries : [];
    return [
      name,
      unit,
      DataPointType[dataPointType],
      boundaries.length > 10 ? `${boundaries.length} to ${boundaries.at(-1)}` : boundaries,
    ];
  });
  assert.deepEqual(shapes.sort(), [
    ["grpc.client.attempt.duration", "s", "HISTOGRAM", "41 to 100"],
    ["grpc.client.attempt.started", "{attempt}", "SUM", []],
    ["grpc.client.call.duration", "s", "HISTOGRAM", "41 to 100"],
    ["grpc.client.call.hedges", "{hedge}", "HISTOGRAM", [1, 2, 3, 4, 5]],
    ["grpc.client.call.retries", "{retry}", "HISTOGRAM", [1, 2, 3, 4, 5]],
    ["grpc.client.call.retry_delay", "s", "HISTOGRAM", "41 to 100"],
    ["grpc.client.call.transparent_retries", "{transparent_retry}", "HISTOGRAM", [1, 2, 3, 4, 5, 10]],
    ["hedgerow.client.call.budget_refusals", "{attempt}", "SUM", []],
    ["hedgerow.client.call.hedging_delay", "s", "HISTOGRAM", "41 to 100"],
  ]);
});

test("times are the wall clock's, to the microsecond", async () => {
  const { telemetry, say } = scripted();
  const before = Date.now();
  say(0.25, started);
  const after = Date.now();
  say(1234.5004, over);
  const span = telemetry.spans[0];
  assert.ok(span && milliseconds(span.startTime) >= before && milliseconds(span.startTime) <= after);
  assert.deepEqual(span.duration, [1, 234_250_400]);
});

test("the global providers, also those registered after instrument()", async (t) => {
  const telemetry = new Telemetry();
  const listen = instrument({ target: TARGET });
  globals(t, telemetry);
  const channel = await open(t, new FakeFetch(ok(MESSAGE)), { onEvent: listen });
  await channel.unary(METHOD, MESSAGE);
  const { version } = JSON.parse(await readFile(join(HOME, "package.json"), "utf8"));
  assert.deepEqual(await telemetry.scopes(), [`hedgerow ${version}`]);
  const scopes = telemetry.spans.map(({ instrumentationScope: { name, version } }) => `${name} ${version}`);
  assert.deepEqual(scopes, [`hedgerow ${version}`, `hedgerow ${version}`]);
});

test("metrics alone, traces alone, and no provider at all", async () => {
  const telemetry = new Telemetry();
  const { meter, tracer } = telemetry;
  const call = (options: Partial<InstrumentOptions>) => {
    const say = script(instrument({ target: TARGET, ...options }), 1);
    say(0, started);
    say(0, { type: "attemptStarted", attempt: 1, kind: "first" });
    say(0, { type: "attemptEnded", attempt: 1, outcome: "committed", code: Code.OK, statusMessage: "" });
    say(0, over);
  };
  call({});
  call({ meter: false, tracer });
  assert.deepEqual([(await telemetry.metrics()).length, telemetry.spans.length], [0, 2]);
  call({ meter, tracer: false });
  assert.deepEqual([(await telemetry.metrics()).length, telemetry.spans.length], [4, 2]);
});

test("a target is required", () => {
  for (const target of [undefined, "", 5]) assert.throws(() => instrument({ target: target as string }), TypeError);
});

test("a call's span is a child of the one that is active where the call is made", async (t) => {
  const telemetry = new Telemetry();
  globals(t, telemetry);
  const channel = await open(t, new FakeFetch(ok(MESSAGE), ok(MESSAGE)), { onEvent: instrument({ target: TARGET }) });
  const { tracer } = telemetry;
  const mine = tracer.startSpan("mine");
  const call = context.with(trace.setSpan(context.active(), mine), () => channel.unary(METHOD, MESSAGE));
  const alone = channel.unary(METHOD, MESSAGE);
  await Promise.all([call, alone]);
  mine.end();
  const parents = telemetry.spans
    .filter(({ name }) => name.startsWith("Sent."))
    .map(({ parentSpanContext }) => parentSpanContext?.spanId);
  assert.deepEqual(parents, [mine.spanContext().spanId, undefined]);
  const inside = telemetry.spans.filter((span) => span.spanContext().traceId === mine.spanContext().traceId);
  assert.equal(inside.length, 3);
});

test("A72 metadata() sends each attempt its own span's context", async (t) => {
  const clock = new Clock(t);
  const telemetry = new Telemetry();
  globals(t, telemetry);
  const otel = instrument({ target: TARGET });
  const fake = new FakeFetch(undefined, failed(Code.UNAVAILABLE), ok(MESSAGE));
  const metadata = async (attempt: AttemptContext) => {
    const carrier = otel.metadata(attempt);
    await Promise.resolve();
    return { ...carrier, authorization: `attempt ${attempt.attempt}` };
  };
  const channel = await open(t, fake, { serviceConfig: hedging({ hedgingDelay: "0.01s" }), onEvent: otel, metadata });
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(100);
  await call;
  const sent = fake.exchanges.map((exchange) => exchange.header("traceparent"));
  const attempts = telemetry.spans.filter(({ name }) => name.startsWith("Attempt."));
  attempts.sort((a, b) => Number(a.attributes["previous-rpc-attempts"]) - Number(b.attributes["previous-rpc-attempts"]));
  assert.deepEqual(
    sent,
    attempts.map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`),
  );
  assert.equal(new Set(sent).size, 3);
  assert.deepEqual(
    fake.exchanges.map((exchange) => exchange.header("authorization")),
    ["attempt 1", "attempt 2", "attempt 3"],
  );
});

test("without a tracer, metadata() sends the caller's context", async (t) => {
  const telemetry = new Telemetry();
  globals(t, telemetry);
  const otel = instrument({ target: TARGET, tracer: false });
  const fake = new FakeFetch(ok(MESSAGE));
  const channel = await open(t, fake, { onEvent: otel, metadata: otel.metadata });
  const mine = telemetry.tracer.startSpan("mine");
  await context.with(trace.setSpan(context.active(), mine), () => channel.unary(METHOD, MESSAGE));
  assert.match(fake.exchanges[0]?.header("traceparent") ?? "none", new RegExp(mine.spanContext().spanId));
});

test("metadata() is empty for a stranger's attempt, and when it is late", async (t) => {
  const telemetry = new Telemetry();
  globals(t, telemetry);
  const otel = instrument({ target: TARGET });
  const { signal } = new AbortController();
  assert.deepEqual(otel.metadata({ method: METHOD, attempt: 1, signal }), {});
  const say = script(otel, 1);
  say(0, started);
  say(0, { type: "attemptStarted", attempt: 1, kind: "first" });
  assert.deepEqual(otel.metadata({ method: METHOD, attempt: 2, signal }), {});
  assert.deepEqual(otel.metadata({ method: "/pkg.Service/Other", attempt: 1, signal }), {});
  assert.deepEqual(Object.keys(otel.metadata({ method: METHOD, attempt: 1, signal })), ["traceparent"]);
  await settle();
  assert.deepEqual(otel.metadata({ method: METHOD, attempt: 1, signal }), {});
});

test("nothing of a call is kept once it has ended", async (t) => {
  const spans: WeakRef<Span>[] = [];
  const tracer = {
    startSpan: () => {
      const span = trace.wrapSpanContext({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 });
      spans.push(new WeakRef(span));
      return span;
    },
  } as unknown as Exclude<InstrumentOptions["tracer"], false | undefined>;
  const onEvent = instrument({ target: TARGET, tracer });
  const channel = await open(t, new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE)), { serviceConfig: retrying(), onEvent });
  await channel.unary(METHOD, MESSAGE);
  await channel.unary(METHOD, MESSAGE, { timeoutMs: 0 }).catch(() => {});
  assert.equal(await held(spans), 0);
  assert.equal(spans.length, 4);
  onEvent({ callId: 0, method: "", at: 0, type: "warning", warning: "policyClamped", text: "the listener is still here" });
});

test("who imports hedgerow alone never meets OpenTelemetry", async () => {
  const names = (await readdir(join(HOME, "dist"))).filter((name) => name.endsWith(".js"));
  const texts = await Promise.all(names.map((name) => readFile(join(HOME, "dist", name), "utf8")));
  assert.deepEqual(
    names.filter((_, i) => texts[i]?.includes("@opentelemetry")),
    ["otel.js"],
  );
});
