// Retries over a fake fetch and a clock that stands still: instants are exact.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallEvent, Code } from "hedgerow";
import { hedging, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

const busy = () => failed(Code.UNAVAILABLE, "busy");

test("2 maxAttempts 10 is clamped to 5 requests, with one warning that says so", async (t) => {
  const events: CallEvent[] = [];
  const fake = new FakeFetch(...Array.from({ length: 10 }, busy));
  const serviceConfig = retrying({ maxAttempts: 10 });
  const warned = t.mock.method(console, "warn", () => {});
  const channel = await open(t, fake, { serviceConfig, onEvent: (event) => events.push(event) });
  const warnings = events.filter((event) => event.type === "warning");
  assert.deepEqual(
    warnings.map(({ warning, callId }) => [warning, callId]),
    [["policyClamped", 0]],
  );
  assert.match(warnings[0]?.text ?? "", /methodConfig\[0\]\.retryPolicy\.maxAttempts is 10.*5/);
  assert.equal(warned.mock.callCount(), 1);
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.commitReason, "exhausted");
  assert.deepEqual(fake.previous, [undefined, "1", "2", "3", "4"]);
});

test("21 always UNAVAILABLE: the last attempt's message and trailers, all attempts in the history", async (t) => {
  const answers = ["a", "b", "c"].map((text) => failed(Code.UNAVAILABLE, text, { "x-t": text }));
  const channel = await open(t, new FakeFetch(...answers), { serviceConfig: retrying({ maxAttempts: 3 }) });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.message, "c");
  assert.equal(error.trailer.get("x-t"), "c");
  assert.deepEqual(
    error.attempts.map(({ number, kind, statusMessage }) => [number, kind, statusMessage]),
    [
      [1, "first", "a"],
      [2, "retry", "b"],
      [3, "retry", "c"],
    ],
  );
});

test("26 no policy, or retries off: exactly one request", async (t) => {
  for (const options of [{}, { serviceConfig: retrying(), maxRetryAttempts: 1 }]) {
    const fake = new FakeFetch(busy());
    await refused((await open(t, fake, options)).unary(METHOD, MESSAGE));
    assert.equal(fake.exchanges.length, 1);
  }
});

test("requests with the same header do not share it: a fetch may change what it is given", async (t) => {
  const seen: unknown[] = [];
  const fake = new FakeFetch(busy(), ok(MESSAGE), ok(MESSAGE), ok(MESSAGE));
  const fetch = (url: string, init?: RequestInit) => {
    const fields = init?.headers as [string, string][];
    seen.push(fields.map((field) => field.join()));
    for (const field of fields) field[1] = "changed";
    fields.length = 1;
    return fake.fetch(String(url), init as RequestInit);
  };
  const channel = await open(t, fake, { serviceConfig: retrying(), fetch });
  for (let i = 0; i < 3; i++) await channel.unary(METHOD, MESSAGE);
  const [first, second, third, fourth] = seen as string[][];
  assert.ok(first?.includes("content-type,application/grpc-web"), String(first));
  assert.deepEqual(second, [...(first ?? []), "grpc-previous-rpc-attempts,1"]);
  assert.deepEqual(third, first);
  assert.deepEqual(fourth, first);
});

test("34 pushback is waited for exactly", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "", { "grpc-retry-pushback-ms": "200" }), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: retrying({ initialBackoff: "10s", maxBackoff: "10s" }) });
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(199);
  assert.equal(fake.exchanges.length, 1);
  await clock.advance(1);
  assert.equal(fake.exchanges.length, 2);
  assert.equal(fake.exchanges[1]?.at, 1200);
  const { attempts } = await call;
  assert.deepEqual(attempts[0]?.pushback, { delayMs: 200 });
  assert.deepEqual(
    attempts.map(({ startedAt, endedAt }) => [startedAt, endedAt]),
    [
      [1000, 1000],
      [1200, 1200],
    ],
  );
});

test("35 pushback that says stop", async (t) => {
  for (const value of ["", "-1", "stop", "1.5", "2147483648", "100, 10"]) {
    const fake = new FakeFetch(failed(Code.UNAVAILABLE, "busy", { "grpc-retry-pushback-ms": value }));
    const error = await refused((await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE));
    assert.equal(error.message, "busy");
    assert.equal(error.commitReason, "pushback", value);
    assert.deepEqual(error.attempts[0]?.pushback, { stop: true });
  }
});

test("24 a backoff lies below its bound, and the next begins when it is over", async (t) => {
  const clock = new Clock(t);
  const events: CallEvent[] = [];
  const fake = new FakeFetch(busy(), busy(), ok(MESSAGE));
  const serviceConfig = retrying({ initialBackoff: "1s", maxBackoff: "5s", backoffMultiplier: 1.5 });
  const channel = await open(t, fake, { serviceConfig, onEvent: (event) => events.push(event) });
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(5000);
  await call;
  const backoffs = events.filter((event) => event.type === "backoff");
  assert.deepEqual(
    backoffs.map(({ boundMs, pushback }) => [boundMs, pushback]),
    [
      [1000, false],
      [1500, false],
    ],
  );
  let due = 1000;
  for (const [i, { delayMs, boundMs }] of backoffs.entries()) {
    assert.ok(delayMs >= 0 && delayMs < boundMs);
    due += delayMs;
    const at = fake.exchanges[i + 1]?.at as number;
    assert.ok(at >= due && at < due + 2, "timers count whole milliseconds, and never fire early");
  }
});

test("27 the bucket: attempts until it is at half, and no retry below", async (t) => {
  const fake = new FakeFetch(...Array.from({ length: 10 }, busy));
  const serviceConfig = retrying({ maxAttempts: 5 }, { retryThrottling: { maxTokens: 5, tokenRatio: 0.1 } });
  const channel = await open(t, fake, { serviceConfig });
  const first = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual([first.attempts.length, first.commitReason, first.message], [3, "throttled", "busy"]);
  const second = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual([second.attempts.length, second.commitReason], [1, "throttled"]);
});

test("42 a backoff beyond the deadline: DEADLINE_EXCEEDED at the deadline, with what came before in words", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "busy", { "grpc-retry-pushback-ms": "10000" }));
  const channel = await open(t, fake, { serviceConfig: retrying() });
  const call = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 500 }));
  await clock.advance(499);
  assert.equal(clock.timers.size, 1);
  await clock.advance(1);
  const error = await call;
  assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  assert.match(error.message, /500 ms.*attempt 2.*UNAVAILABLE.*busy/);
  assert.equal(fake.exchanges.length, 1);
  assert.equal(clock.timers.size, 0);
});

test("86 a message beyond the retry buffer is sent once, and the reason is told", async (t) => {
  for (const serviceConfig of [retrying(), hedging()]) {
    const fake = new FakeFetch(busy(), ok(MESSAGE));
    const channel = await open(t, fake, { serviceConfig, maxRetryBufferPerCallSize: 7 });
    const error = await refused(channel.unary(METHOD, MESSAGE));
    assert.equal(error.commitReason, "bufferExceeded");
    assert.equal(fake.exchanges.length, 1);
  }
});

test("59 a message that just fits is retried; one byte more of the channel's buffer is not", async (t) => {
  const fake = new FakeFetch(busy(), ok(MESSAGE));
  const fits = await open(t, fake, { serviceConfig: retrying(), maxRetryBufferPerCallSize: 8 });
  assert.equal((await fits.unary(METHOD, MESSAGE)).attempts.length, 2);
  const channel = await open(t, new FakeFetch(busy()), { serviceConfig: retrying(), maxRetryBufferSize: 7 });
  assert.equal((await refused(channel.unary(METHOD, MESSAGE))).commitReason, "bufferExceeded");
});

test("57 calls share the channel's buffer, and give back what they held", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake, { serviceConfig: retrying(), maxRetryBufferSize: 20 });
  const calls = [1, 2, 3].map(() => channel.unary(METHOD, MESSAGE)); // 8 bytes each
  for (const exchange of [...fake.exchanges]) exchange.respond(busy());
  const third = await refused(calls[2] as Promise<unknown>);
  assert.equal(third.commitReason, "bufferExceeded");
  for (const n of [4, 5]) (await fake.request(n)).respond(ok(MESSAGE));
  for (const call of calls.slice(0, 2)) assert.equal((await call).attempts.length, 2);
  const again = channel.unary(METHOD, MESSAGE);
  (await fake.request(6)).respond(busy());
  (await fake.request(7)).respond(ok(MESSAGE));
  assert.equal((await again).attempts.length, 2);
});

test("98 a fetch that rejects with TypeError is retried as UNAVAILABLE", async (t) => {
  const down = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
  const fake = new FakeFetch(down, ok(MESSAGE));
  const { attempts } = await (await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE);
  assert.equal(attempts[0]?.code, Code.UNAVAILABLE);
  assert.match(
    attempts[0]?.statusMessage ?? "",
    /POST https:\/\/api\.test\/grpc\/pkg\.Service\/Method: .*fetch failed.*ECONNREFUSED/,
  );
  assert.equal(attempts[0]?.headAt, undefined);
  assert.equal(attempts[0]?.httpStatus, undefined);
});

test("the last network error is the cause", async (t) => {
  const errors = [new TypeError("one"), new TypeError("two")];
  const channel = await open(t, new FakeFetch(...errors), { serviceConfig: retrying({ maxAttempts: 2 }) });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.equal(error.cause, errors[1]);
});
