// What calls record in OpenTelemetry, with the SDK's own providers, over a fake network and a clock that only the test moves.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type ChannelOptions, Code } from "hedgerow";
import { instrument } from "hedgerow/otel";
import { collect, hedging, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { TARGET, Telemetry } from "../support/otel.js";
import { Chunks, failed, frame, OK, ok, streamed } from "../support/responses.js";

async function observed(t: TestContext, fake: FakeFetch, options: Partial<ChannelOptions> = {}) {
  const clock = new Clock(t);
  const telemetry = new Telemetry();
  const { meter, tracer } = telemetry;
  const channel = await open(t, fake, { onEvent: instrument({ meter, tracer, target: TARGET }), ...options });
  return { clock, telemetry, channel };
}

const busy = (pushback: string) => failed(Code.UNAVAILABLE, "busy", { "grpc-retry-pushback-ms": pushback });

test("a call without a policy", async (t) => {
  const fake = new FakeFetch();
  const { clock, telemetry, channel } = await observed(t, fake);
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(30);
  fake.exchanges[0]?.respond(ok(MESSAGE));
  await call;
  assert.deepEqual(await telemetry.recorded(), [
    "attempt.duration OK: 1 × sum 0.03",
    "attempt.started: 1",
    "call.duration OK: 1 × sum 0.03",
    "call.retry_delay: 1 × sum 0",
  ]);
  assert.deepEqual(telemetry.traces, [
    "0–30 Sent.pkg.Service.Method OK",
    "0–30 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=0 transparent-retry=false OK",
  ]);
});

test("A96 retries, and the time between them", async (t) => {
  const { clock, telemetry, channel } = await observed(t, new FakeFetch(busy("40"), busy("60"), ok(MESSAGE)), {
    serviceConfig: retrying(),
  });
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(100);
  await call;
  assert.deepEqual(await telemetry.recorded(), [
    "attempt.duration OK: 1 × sum 0",
    "attempt.duration UNAVAILABLE: 2 × sum 0",
    "attempt.started: 3",
    "call.duration OK: 1 × sum 0.1",
    "call.retries: 1 × sum 2",
    "call.retry_delay: 1 × sum 0.1",
  ]);
  assert.deepEqual(telemetry.traces, [
    "0–100 Sent.pkg.Service.Method OK",
    '0–0 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=0 transparent-retry=false ERROR "UNAVAILABLE, busy"',
    '40–40 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=1 transparent-retry=false ERROR "UNAVAILABLE, busy"',
    "100–100 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=2 transparent-retry=false OK",
  ]);
});

test("A96 the time of attempts is not part of the delay", async (t) => {
  const fake = new FakeFetch();
  const { clock, telemetry, channel } = await observed(t, fake, { serviceConfig: retrying() });
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(25);
  fake.exchanges[0]?.respond(busy("40"));
  await clock.advance(45); // the retry begins at 65
  await clock.advance(25);
  fake.exchanges[1]?.respond(ok(MESSAGE));
  await call;
  const recorded = await telemetry.recorded();
  assert.ok(recorded.includes("call.retry_delay: 1 × sum 0.04"));
  assert.ok(recorded.includes("call.duration OK: 1 × sum 0.095"));
  assert.ok(recorded.includes("attempt.duration UNAVAILABLE: 1 × sum 0.025"));
  assert.ok(recorded.includes("attempt.duration OK: 1 × sum 0.03"));
});

test("A96 hedges, and the loser", async (t) => {
  const serviceConfig = hedging({ maxAttempts: 2, hedgingDelay: "0.1s" });
  const { clock, telemetry, channel } = await observed(t, new FakeFetch(undefined, ok(MESSAGE)), { serviceConfig });
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(100);
  await call;
  assert.deepEqual(await telemetry.recorded(), [
    "attempt.duration CANCELLED: 1 × sum 0.1",
    "attempt.duration OK: 1 × sum 0",
    "attempt.started: 2",
    "call.duration OK: 1 × sum 0.1",
    "call.hedges: 1 × sum 1",
    "call.retry_delay: 1 × sum 0",
    "hedgerow.client.call.hedging_delay: 1 × sum 0.1",
  ]);
  assert.deepEqual(telemetry.traces, [
    "0–100 Sent.pkg.Service.Method OK",
    '0–100 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=0 transparent-retry=false ERROR "CANCELLED, another attempt\'s answer was taken"',
    "100–100 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=1 transparent-retry=false OK",
  ]);
});

test("hedges that end with a fatal status", async (t) => {
  const { telemetry, channel } = await observed(t, new FakeFetch(undefined, failed(Code.NOT_FOUND, "gone")), {
    serviceConfig: hedging(),
  });
  assert.equal((await refused(channel.unary(METHOD, MESSAGE))).code, Code.NOT_FOUND);
  const recorded = await telemetry.recorded();
  assert.ok(recorded.includes("attempt.duration NOT_FOUND: 1 × sum 0"));
  assert.ok(recorded.includes("attempt.duration CANCELLED: 2 × sum 0"));
  assert.ok(recorded.includes("call.duration NOT_FOUND: 1 × sum 0"));
});

test("a retry that the throttle forbids is none", async (t) => {
  const serviceConfig = retrying({}, { retryThrottling: { maxTokens: 2, tokenRatio: 0.1 } });
  const { telemetry, channel } = await observed(t, new FakeFetch(failed(Code.UNAVAILABLE, "busy")), { serviceConfig });
  assert.equal((await refused(channel.unary(METHOD, MESSAGE))).commitReason, "throttled");
  assert.deepEqual(await telemetry.recorded(), [
    "attempt.duration UNAVAILABLE: 1 × sum 0",
    "attempt.started: 1",
    "call.duration UNAVAILABLE: 1 × sum 0",
    "call.retry_delay: 1 × sum 0",
  ]);
  assert.equal(telemetry.traces[0], '0–0 Sent.pkg.Service.Method ERROR "UNAVAILABLE, busy"');
});

test("a deadline during an attempt", async (t) => {
  const { clock, telemetry, channel } = await observed(t, new FakeFetch());
  const call = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 100 }));
  await clock.advance(100);
  const { message } = await call;
  assert.deepEqual(await telemetry.recorded(), [
    "attempt.duration DEADLINE_EXCEEDED: 1 × sum 0.1",
    "attempt.started: 1",
    "call.duration DEADLINE_EXCEEDED: 1 × sum 0.1",
    "call.retry_delay: 1 × sum 0",
  ]);
  const status = `ERROR "DEADLINE_EXCEEDED, ${message}"`;
  assert.deepEqual(telemetry.traces, [
    `0–100 Sent.pkg.Service.Method ${status}`,
    `0–100 Attempt.pkg.Service.Method CLIENT previous-rpc-attempts=0 transparent-retry=false ${status}`,
  ]);
});

test("a deadline while a retry waits", async (t) => {
  const { clock, telemetry, channel } = await observed(t, new FakeFetch(busy("500")), { serviceConfig: retrying() });
  const call = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 100 }));
  await clock.advance(100);
  await call;
  assert.deepEqual(await telemetry.recorded(), [
    "attempt.duration UNAVAILABLE: 1 × sum 0",
    "attempt.started: 1",
    "call.duration DEADLINE_EXCEEDED: 1 × sum 0.1",
    "call.retry_delay: 1 × sum 0.1",
  ]);
});

test("a deadline that cuts off the answer of the hedge that won", async (t) => {
  const never = new ReadableStream<Uint8Array>();
  const serviceConfig = hedging({ maxAttempts: 2, hedgingDelay: "0.01s" });
  const { clock, telemetry, channel } = await observed(t, new FakeFetch(undefined, streamed(never)), { serviceConfig });
  const call = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 100 }));
  await clock.advance(100);
  await call;
  const recorded = await telemetry.recorded();
  assert.ok(recorded.includes("attempt.duration CANCELLED: 1 × sum 0.01"));
  assert.ok(recorded.includes("attempt.duration DEADLINE_EXCEEDED: 1 × sum 0.09"));
});

test("a deadline that had passed: a call without attempts", async (t) => {
  const { telemetry, channel } = await observed(t, new FakeFetch());
  await refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 0 }));
  assert.deepEqual(await telemetry.recorded(), ["call.duration DEADLINE_EXCEEDED: 1 × sum 0", "call.retry_delay: 1 × sum 0"]);
  assert.equal(telemetry.traces.length, 1);
});

test("a cancel, and a channel that closes", async (t) => {
  const { clock, telemetry, channel } = await observed(t, new FakeFetch());
  const controller = new AbortController();
  const calls = [refused(channel.unary(METHOD, MESSAGE, { signal: controller.signal })), refused(channel.unary(METHOD, MESSAGE))];
  await clock.advance(10);
  controller.abort();
  await clock.advance(10);
  channel.close();
  await Promise.all(calls);
  assert.ok((await telemetry.recorded()).includes("attempt.duration CANCELLED: 2 × sum 0.03"));
  assert.match(telemetry.traces[1] ?? "", /ERROR "CANCELLED, the caller canceled the call"$/);
  assert.equal(telemetry.traces.length, 4);
});

test("a stream lasts until it was read", async (t) => {
  const { clock, telemetry, channel } = await observed(
    t,
    new FakeFetch(streamed(new Chunks(frame(MESSAGE), frame(MESSAGE), OK).body)),
  );
  const messages = channel.serverStreaming(METHOD, MESSAGE);
  const iterator = messages[Symbol.asyncIterator]();
  await iterator.next();
  await clock.advance(70);
  await collect({ [Symbol.asyncIterator]: () => iterator });
  assert.ok((await telemetry.recorded()).includes("call.duration OK: 1 × sum 0.07"));
  assert.deepEqual(telemetry.traces[0], "0–70 Sent.pkg.Service.Method OK");
});
