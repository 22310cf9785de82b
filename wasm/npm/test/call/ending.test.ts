// How a call is ended from this side: by a deadline, a cancel or a close, and also when fetch does what it should not.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Code, type FetchLike } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { Chunks, failed, frame, ok, streamed } from "../support/responses.js";

test("41 timeoutMs 0, negative or -Infinity: DEADLINE_EXCEEDED and no request", async (t) => {
  for (const timeoutMs of [0, -1, -0.5, Number.NEGATIVE_INFINITY]) {
    const fake = new FakeFetch();
    const error = await refused((await open(t, fake)).unary(METHOD, MESSAGE, { timeoutMs }));
    assert.equal(error.code, Code.DEADLINE_EXCEEDED, String(timeoutMs));
    assert.equal(error.commitReason, "deadline");
    assert.deepEqual(error.attempts, []);
    assert.equal(fake.exchanges.length, 0);
  }
});

test("99 the deadline aborts the fetch, at its instant", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const call = refused((await open(t, fake)).unary(METHOD, MESSAGE, { timeoutMs: 250 }));
  assert.equal(fake.exchanges[0]?.header("grpc-timeout"), "250m");
  await clock.advance(249);
  assert.equal(fake.exchanges[0]?.signal.aborted, false);
  await clock.advance(1);
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
  const error = await call;
  assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  assert.match(error.message, /250 ms passed during attempt 1/);
  assert.equal(error.attempts[0]?.outcome, "aborted");
  assert.equal(error.attempts[0]?.endedAt, 1250);
});

test("the deadline ends a stream in the middle of its body", async (t) => {
  const clock = new Clock(t);
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(frame(MESSAGE)) });
  const stream = (await open(t, new FakeFetch(streamed(body)))).serverStreaming(METHOD, MESSAGE, { timeoutMs: 50 });
  const iterator = stream[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, MESSAGE);
  const next = refused(iterator.next());
  await clock.advance(50);
  const error = await next;
  assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  assert.equal(error.commitReason, "responseHeaders");
});

test("17 the earlier of the caller's deadline and the config's holds, and the channel's default where the caller has none", async (t) => {
  const timeout = "1s";
  const config = { methodConfig: [{ name: [{}], timeout }] };
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE), ok(MESSAGE));
  new Clock(t);
  const channel = await open(t, fake, { serviceConfig: config, defaultTimeoutMs: 800 });
  await channel.unary(METHOD, MESSAGE, { timeoutMs: 3000 });
  await channel.unary(METHOD, MESSAGE, { timeoutMs: 300 });
  await channel.unary(METHOD, MESSAGE);
  assert.deepEqual(
    fake.exchanges.map((exchange) => exchange.header("grpc-timeout")),
    ["1000m", "300m", "800m"],
  );
});

test("a timeout beyond what one timer can hold", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const days = 60 * 24 * 3600 * 1000;
  const call = refused((await open(t, fake)).unary(METHOD, MESSAGE, { timeoutMs: days }));
  assert.equal(fake.exchanges[0]?.header("grpc-timeout"), "5184000S");
  await clock.advance(days - 1);
  assert.equal(fake.exchanges[0]?.signal.aborted, false);
  assert.ok(clock.delays.every((delay) => delay <= 2 ** 31 - 1));
  await clock.advance(1);
  assert.equal((await call).code, Code.DEADLINE_EXCEEDED);
});

test("Infinity and absurdly long timeouts are none", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE));
  const channel = await open(t, fake);
  await channel.unary(METHOD, MESSAGE, { timeoutMs: Number.POSITIVE_INFINITY });
  await channel.unary(METHOD, MESSAGE, { timeoutMs: Number.MAX_VALUE });
  assert.equal(fake.exchanges[0]?.header("grpc-timeout"), undefined);
  assert.equal(fake.exchanges[1]?.header("grpc-timeout"), undefined);
  assert.deepEqual(clock.delays, []);
});

test("no timer is set but while one is due", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(ok(MESSAGE));
  const channel = await open(t, fake);
  await channel.unary(METHOD, MESSAGE);
  assert.deepEqual(clock.delays, []);
  const calls = Array.from({ length: 20 }, (_, i) => refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 1000 + i })));
  assert.equal(clock.timers.size, 1, "one for all");
  channel.close();
  await Promise.all(calls);
  await settle(); // it is taken back some microtasks later
  assert.equal(clock.timers.size, 0);
});

test("47 a signal that is aborted already: CANCELLED, its reason the cause, no request", async (t) => {
  const fake = new FakeFetch();
  const reason = new Error("not today");
  const error = await refused((await open(t, fake)).unary(METHOD, MESSAGE, { signal: AbortSignal.abort(reason) }));
  assert.equal(error.code, Code.CANCELLED);
  assert.equal(error.commitReason, "cancelled");
  assert.equal(error.cause, reason);
  assert.equal(fake.exchanges.length, 0);
});

test("99 an abort in flight: CANCELLED at once, the fetch aborted, the listener gone", async (t) => {
  const fake = new FakeFetch();
  const controller = new AbortController();
  const channel = await open(t, fake, { serviceConfig: retrying({ retryableStatusCodes: ["CANCELLED", "UNAVAILABLE"] }) });
  const call = refused(channel.unary(METHOD, MESSAGE, { signal: controller.signal }));
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  const reason = { any: "thing" };
  controller.abort(reason);
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
  const error = await call;
  assert.equal(error.code, Code.CANCELLED);
  assert.equal(error.cause, reason);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  assert.equal(fake.exchanges.length, 1);
});

test("an abort by timeout is CANCELLED all the same, with the TimeoutError as its cause", async (t) => {
  const alive = setInterval(() => {}, 1000); // the signal's own timer does not keep Node from ending
  t.after(() => clearInterval(alive));
  const error = await refused((await open(t, new FakeFetch())).unary(METHOD, MESSAGE, { signal: AbortSignal.timeout(1) }));
  assert.equal(error.code, Code.CANCELLED);
  assert.equal((error.cause as Error).name, "TimeoutError");
});

test("45 a cancel in backoff: CANCELLED at once, the timer gone, no second request", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "", { "grpc-retry-pushback-ms": "30000" }));
  const controller = new AbortController();
  const channel = await open(t, fake, { serviceConfig: retrying() });
  const call = refused(channel.unary(METHOD, MESSAGE, { signal: controller.signal }));
  await settle();
  assert.equal(clock.timers.size, 1);
  controller.abort();
  const error = await call;
  assert.equal(error.code, Code.CANCELLED);
  assert.match(error.message, /caller canceled/);
  await clock.advance(60_000);
  assert.equal(fake.exchanges.length, 1);
});

test("46 close in backoff and in flight: CANCELLED, its own words; later calls are refused; again does nothing", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "", { "grpc-retry-pushback-ms": "30000" }));
  const channel = await open(t, fake, { serviceConfig: retrying() });
  const calls = [refused(channel.unary(METHOD, MESSAGE)), refused(channel.unary(METHOD, MESSAGE))];
  const stream = channel.serverStreaming(METHOD, MESSAGE);
  const reading = refused(collect(stream));
  await settle();
  channel.close();
  channel.close();
  channel[Symbol.dispose]();
  for (const error of await Promise.all([...calls, reading])) {
    assert.equal(error.code, Code.CANCELLED);
    assert.match(error.message, /channel was closed/);
  }
  await settle();
  assert.equal(clock.timers.size, 0);
  assert.ok(fake.exchanges.slice(1).every(({ signal }) => signal.aborted));
  const late = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(late.code, Code.CANCELLED);
  assert.match(late.message, /channel is closed/);
  assert.equal((await refused(channel.serverStreaming(METHOD, MESSAGE).header)).code, Code.CANCELLED);
  assert.equal(fake.exchanges.length, 3);
});

test("closing one channel leaves another alone, on the same instance", async (t) => {
  const fake = new FakeFetch();
  const [one, two] = [await open(t, fake), await open(t, fake)];
  const calls = [refused(one.unary(METHOD, MESSAGE)), two.unary(METHOD, MESSAGE)] as const;
  one.close();
  await calls[0];
  fake.exchanges[1]?.respond(ok(MESSAGE));
  await calls[1];
});

test("a fetch that throws at once: INTERNAL, not retried, the error is the cause", async (t) => {
  const mine = new TypeError("bad header");
  const fetch: FetchLike = () => {
    throw mine;
  };
  const channel = await open(t, new FakeFetch(), { fetch, serviceConfig: retrying({ retryableStatusCodes: ["INTERNAL"] }) });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.INTERNAL);
  assert.equal(error.cause, mine);
  assert.match(error.message, /bad header/);
});

test("an AbortError that is not ours: CANCELLED", async (t) => {
  const abort = new DOMException("navigated away", "AbortError");
  const fake = new FakeFetch((exchange) => {
    exchange.fail(abort);
    return undefined;
  });
  const error = await refused((await open(t, fake)).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.CANCELLED);
  assert.equal(error.cause, abort);
  assert.match(error.message, /something other than this client/);
});

test("a fetch that rejects with no error at all: UNAVAILABLE", async (t) => {
  for (const thrown of [undefined, null, "down", 7]) {
    const fetch: FetchLike = () => Promise.reject(thrown);
    assert.equal((await refused((await open(t, new FakeFetch(), { fetch })).unary(METHOD, MESSAGE))).code, Code.UNAVAILABLE);
  }
});

const junk: [string, unknown][] = [
  ["undefined", undefined],
  ["an object that is no response", {}],
  ["a string", "hello"],
];
for (const [name, value] of junk) {
  test(`a fetch that resolves to ${name}: the call ends, and says why`, async (t) => {
    const fetch = (async () => value) as unknown as FetchLike;
    const error = await refused((await open(t, new FakeFetch(), { fetch })).unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /Response/);
  });
}

test("a response whose body was read already: the call ends, and says why", async (t) => {
  const used = new Response(frame(MESSAGE), { headers: { "content-type": "application/grpc-web" } });
  used.body?.getReader();
  const error = await refused((await open(t, new FakeFetch(used))).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.INTERNAL);
  assert.ok(error.cause instanceof TypeError);
});

test("a body whose chunks are no bytes: the call ends, and says why", async (t) => {
  const body = new Chunks("text" as unknown as Uint8Array).body;
  const response = { status: 200, headers: new Headers({ "content-type": "application/grpc-web" }), body } as unknown as Response;
  const fetch: FetchLike = async () => response;
  const error = await refused((await open(t, new FakeFetch(), { fetch })).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.match(error.message, /not a Uint8Array: look at what stands in for fetch/);
});
