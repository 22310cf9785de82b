// Pages that sleep, or are left and restored, and clocks that have moved on meanwhile. ../browser/page-life.test.ts tests the same
// in a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { FakePage } from "../support/page.js";
import { failed, frame, ok, streamed } from "../support/responses.js";

const LONGEST = 2 ** 31 - 1;
const soon = (ms: number) => failed(Code.UNAVAILABLE, "busy", { "grpc-retry-pushback-ms": String(ms) });
const lost = () => new TypeError("Failed to fetch");

test("waits beyond 2³¹−1 ms are split: no timer fires at once, and the instant is met", async (t) => {
  const clock = new Clock(t);
  const call = refused((await open(t, new FakeFetch())).unary(METHOD, MESSAGE, { timeoutMs: 2 * LONGEST + 1000 }));
  let done = false;
  void call.then(() => {
    done = true;
  });
  await clock.advance(2 * LONGEST + 999);
  assert.ok(!done);
  assert.deepEqual(clock.delays, [LONGEST, LONGEST, 1000]);
  await clock.advance(1);
  assert.equal((await call).code, Code.DEADLINE_EXCEEDED);
  assert.equal(clock.timers.size, 0);
});

test("34 the longest pushback there is needs one timer", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(soon(LONGEST), ok(MESSAGE));
  const call = (await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE);
  await clock.advance(LONGEST - 1);
  assert.equal(fake.exchanges.length, 1);
  await clock.advance(1);
  await call;
  assert.deepEqual(clock.delays, [LONGEST]);
});

test("a timer that fires early is armed again", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(soon(1000), ok(MESSAGE));
  const call = (await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE);
  await clock.advance(999);
  const [id, timer] = [...clock.timers][0] ?? [];
  clock.timers.delete(id as number);
  timer?.run();
  await settle();
  assert.equal(fake.exchanges.length, 1);
  assert.deepEqual(clock.delays, [1000, 1]);
  await clock.advance(1);
  await call;
});

test("after a sleep, a deadline that has passed comes before a backoff that is due", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(soon(1000));
  const call = refused((await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE, { timeoutMs: 5000 }));
  await settle();
  clock.now += 60_000;
  await clock.advance(0); // The timer fires late.
  const error = await call;
  assert.deepEqual([error.code, error.attempts.length], [Code.DEADLINE_EXCEEDED, 1]);
  assert.equal(fake.exchanges.length, 1);
});

test("after a sleep, a deadline that has passed comes before an answer that has arrived", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const call = refused((await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE, { timeoutMs: 5000 }));
  clock.now += 60_000;
  (await fake.request(1)).respond(ok(MESSAGE));
  assert.equal((await call).code, Code.DEADLINE_EXCEEDED);
});

for (const wake of ["visibilitychange", "pageshow", "online"]) {
  test(`at ${wake} what is due is done, though no timer has fired`, async (t) => {
    const page = new FakePage(t);
    const clock = new Clock(t);
    const fake = new FakeFetch(soon(1000), undefined, ok(MESSAGE));
    const channel = await open(t, fake, { serviceConfig: retrying() });
    const due = channel.unary(METHOD, MESSAGE);
    const late = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 2000 }));
    await settle();
    clock.now += 3000;
    (wake === "visibilitychange" ? page.document : page.window).dispatchEvent(new Event(wake));
    assert.equal((await late).code, Code.DEADLINE_EXCEEDED);
    await due;
  });
}

/** Requests that the browser ends when the page is left. They fail before it goes, as in Firefox, before it sleeps, or when it wakes. */
for (const when of ["as the page is told", "as the page goes", "as it comes back"] as const) {
  test(`32 a request that is lost ${when} is CANCELLED, not retried, and takes no token`, async (t) => {
    const page = new FakePage(t);
    const fake = new FakeFetch();
    const blocked: unknown[] = [];
    const channel = await open(t, fake, {
      serviceConfig: retrying({}, { retryThrottling: { maxTokens: 10, tokenRatio: 1 } }),
      onEvent: (event) => {
        if (event.type === "throttle") blocked.push(event.tokens);
      },
    });
    const unary = refused(channel.unary(METHOD, MESSAGE));
    const stream = channel.serverStreaming(METHOD, MESSAGE);
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const answers = stream[Symbol.asyncIterator]();
    const first = answers.next();
    (await fake.request(2)).respond(streamed(body.readable));
    await writer.write(frame(MESSAGE));
    await first;
    const next = refused(answers.next());
    if (when === "as the page is told") page.unload();
    else page.hide();
    if (when === "as it comes back") page.show();
    fake.exchanges[0]?.fail(lost());
    void writer.abort(lost());
    for (const error of [await unary, await next]) {
      assert.equal(error.code, Code.CANCELLED);
      assert.match(error.message, /ended by something other than this client/);
      assert.ok(error.cause instanceof TypeError);
    }
    assert.equal(fake.exchanges.length, 2);
    assert.deepEqual(blocked, []);
  });
}

test("a page that was only told that it may be left: a second later its requests fail and are retried like any", async (t) => {
  const page = new FakePage(t);
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const channel = await open(t, fake, { serviceConfig: retrying() });
  const call = channel.unary(METHOD, MESSAGE);
  const first = await fake.request(1);
  page.unload();
  await clock.advance(0);
  await clock.advance(1000);
  first.fail(lost());
  await settle();
  await clock.advance(1000); // the backoff
  (await fake.request(2)).respond(ok(MESSAGE));
  assert.equal((await call).attempts[0]?.code, Code.UNAVAILABLE);
});

test("a page that came back: calls that begin then fail and are retried like any", async (t) => {
  const page = new FakePage(t);
  const fake = new FakeFetch();
  const channel = await open(t, fake, { serviceConfig: retrying() });
  page.hide();
  page.show();
  const call = channel.unary(METHOD, MESSAGE);
  (await fake.request(1)).fail(lost());
  (await fake.request(2)).respond(ok(MESSAGE));
  assert.equal((await call).attempts[0]?.code, Code.UNAVAILABLE);
});

test("a page that came back: a request that outlived its absence is served on", async (t) => {
  const page = new FakePage(t);
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  const answers = collect(channel.serverStreaming(METHOD, MESSAGE));
  page.hide();
  page.show();
  (await fake.request(1)).respond(ok(MESSAGE));
  assert.deepEqual(await answers, [MESSAGE]);
});
