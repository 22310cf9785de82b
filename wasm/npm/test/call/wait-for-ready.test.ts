// waitForReady: calls that wait for a network instead of failing without one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallOptions, type ChannelOptions, Code, type ServiceConfig } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { FakePage } from "../support/page.js";
import { failed, ok } from "../support/responses.js";
import { message, Source, Upload } from "../support/streaming.js";

const wait = { waitForReady: true };
const down = () => new TypeError("fetch failed");

/** The policy with waitForReady as the method's default. */
function waiting(config: ServiceConfig = retrying()): ServiceConfig {
  return { ...config, methodConfig: (config.methodConfig ?? []).map((entry) => ({ ...entry, waitForReady: true })) };
}

test("a call that waits for a network sends nothing until there is one", async (t) => {
  const page = new FakePage(t, false);
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE));
  const channel = await open(t, fake);
  const unary = channel.unary(METHOD, MESSAGE, wait);
  const stream = channel.serverStreaming(METHOD, MESSAGE, wait);
  const answers = collect(stream);
  await settle();
  assert.equal(fake.exchanges.length, 0);
  assert.deepEqual(stream.attempts, []);
  page.online();
  assert.equal(fake.exchanges.length, 2, "at once");
  assert.deepEqual((await unary).message, MESSAGE);
  assert.deepEqual(await answers, [MESSAGE]);
});

test("online or not known to be: a call that would wait begins at once", async (t) => {
  const page = new FakePage(t);
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE));
  const channel = await open(t, fake);
  await channel.unary(METHOD, MESSAGE, wait);
  Reflect.deleteProperty(page.navigator, "onLine"); // as in Node 21 and later
  await channel.unary(METHOD, MESSAGE, wait);
});

test("the method config says whether calls wait, and a call may say otherwise", async (t) => {
  const page = new FakePage(t, false);
  const cases: readonly [Partial<ChannelOptions>, CallOptions, boolean][] = [
    [{}, {}, false],
    [{}, { waitForReady: false }, false],
    [{}, { waitForReady: true }, true],
    [{ serviceConfig: waiting() }, {}, true],
    [{ serviceConfig: waiting() }, { waitForReady: undefined }, true],
    [{ serviceConfig: waiting() }, { waitForReady: false }, false],
  ];
  for (const [options, callOptions, waits] of cases) {
    page.offline();
    const fake = new FakeFetch();
    const channel = await open(t, fake, { ...options, maxRetryAttempts: 1 });
    const call = refused(channel.unary(METHOD, MESSAGE, callOptions));
    assert.equal(fake.exchanges.length, waits ? 0 : 1);
    page.online();
    (await fake.request(1)).fail(down());
    assert.equal((await call).code, Code.UNAVAILABLE, "and what the network does then is the call's end");
  }
});

test("a call that does not wait fails without a network, and says what was tried", async (t) => {
  new FakePage(t, false);
  const error = await refused((await open(t, new FakeFetch(down()))).unary(METHOD, MESSAGE, { waitForReady: false }));
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.match(error.message, /no response from POST https:\/\/api\.test\/grpc\/pkg\.Service\/Method: TypeError: fetch failed/);
});

test("the deadline ends the waiting, at its instant, and says so", async (t) => {
  const page = new FakePage(t, false);
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  let ended = 0;
  const call = refused(channel.unary(METHOD, MESSAGE, { ...wait, timeoutMs: 500 })).finally(() => {
    ended = clock.now;
  });
  await clock.advance(499);
  assert.equal(ended, 0);
  await clock.advance(1);
  const error = await call;
  assert.deepEqual([error.code, error.commitReason, error.attempts.length], [Code.DEADLINE_EXCEEDED, "deadline", 0]);
  assert.equal(error.message, "the deadline of 500 ms passed while waiting for a network to begin attempt 1");
  page.online();
  await settle();
  assert.equal(fake.exchanges.length, 0);
});

test("a network that comes after the deadline is too late, even where the timer is later", async (t) => {
  const page = new FakePage(t, false);
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const call = refused((await open(t, fake)).unary(METHOD, MESSAGE, { ...wait, timeoutMs: 500 }));
  clock.now += 501; // The page slept, and so did its timers.
  page.online();
  assert.equal((await call).code, Code.DEADLINE_EXCEEDED);
  assert.equal(fake.exchanges.length, 0);
});

test("an abort and a closed channel end the waiting", async (t) => {
  const page = new FakePage(t, false);
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  const controller = new AbortController();
  const aborted = refused(channel.unary(METHOD, MESSAGE, { ...wait, signal: controller.signal }));
  const closed = refused(channel.unary(METHOD, MESSAGE, wait));
  controller.abort();
  assert.equal((await aborted).code, Code.CANCELLED);
  channel.close();
  assert.equal((await closed).code, Code.CANCELLED);
  page.online();
  await settle();
  assert.equal(fake.exchanges.length, 0);
});

test("a retry that is due waits for a network too; one that is not is sent when it is due", async (t) => {
  const page = new FakePage(t);
  const clock = new Clock(t);
  const pushback = (ms: number) => failed(Code.UNAVAILABLE, "busy", { "grpc-retry-pushback-ms": String(ms) });
  const fake = new FakeFetch(pushback(100), pushback(100), ok(MESSAGE));
  const call = (await open(t, fake, { serviceConfig: waiting() })).unary(METHOD, MESSAGE);
  await settle();
  page.offline();
  await clock.advance(1000);
  assert.equal(fake.exchanges.length, 1);
  page.online();
  await settle();
  assert.equal(fake.exchanges.length, 2);
  page.offline();
  await clock.advance(50);
  page.online();
  assert.equal(fake.exchanges.length, 2, "the backoff is not over");
  await clock.advance(50);
  assert.equal((await call).attempts.length, 3);
});

test("hedges wait for a network, and go out as soon as there is one", async (t) => {
  const page = new FakePage(t, false);
  const fake = new FakeFetch();
  const call = (await open(t, fake, { serviceConfig: waiting(hedging()) })).unary(METHOD, MESSAGE);
  await settle();
  assert.equal(fake.exchanges.length, 0);
  page.online();
  assert.equal(fake.exchanges.length, 3);
  fake.exchanges[2]?.respond(ok(MESSAGE));
  await call;
});

test("a client stream takes messages while it waits, and sends them when it can", async (t) => {
  const page = new FakePage(t);
  for (const requestStreaming of [true, false]) {
    page.offline();
    const fake = new FakeFetch();
    const source = new Source(message(1), message(2));
    const channel = await open(t, fake, { serviceConfig: waiting(), requestStreaming });
    const call = channel.clientStreaming(METHOD, source);
    await settle();
    assert.equal(source.asked, 3, "they are kept for replay anyway");
    source.end();
    await settle();
    assert.equal(fake.exchanges.length, 0);
    page.online();
    const exchange = await fake.request(1);
    if (requestStreaming) assert.deepEqual(await new Upload(exchange).rest(), [message(1), message(2)]);
    else assert.equal(exchange.body.length, 12);
    exchange.respond(ok(MESSAGE));
    await call;
  }
});

test("a call under way goes on without a network: it may have one that the browser does not know of", async (t) => {
  const page = new FakePage(t);
  const fake = new FakeFetch();
  const call = (await open(t, fake)).unary(METHOD, MESSAGE, wait);
  const exchange = await fake.request(1);
  page.offline();
  await settle();
  assert.ok(!exchange.signal.aborted);
  exchange.respond(ok(MESSAGE));
  await call;
});

test("only while there are channels does the package listen to the page", async (t) => {
  const page = new FakePage(t);
  const fake = new FakeFetch();
  const channels = [await open(t, fake), await open(t, fake)];
  assert.ok(page.listeners > 0);
  channels[0]?.close();
  assert.ok(page.listeners > 0);
  channels[1]?.close();
  assert.equal(page.listeners, 0);
});
