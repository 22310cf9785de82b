// The replay buffer of requests of several messages: what fits, what commits the call, and to which attempt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallEvent, Code, type HedgingPolicy } from "hedgerow";
import { hedging, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";
import { message, Source, Upload } from "../support/streaming.js";

const busy = (fields = {}) => failed(Code.UNAVAILABLE, "busy", fields);

/** The last event about the buffer. */
function account(events: readonly CallEvent[]): readonly [number, number] {
  const last = events.filter((event) => event.type === "buffer").at(-1);
  assert.ok(last?.type === "buffer");
  return [last.callBytes, last.channelBytes];
}

const kinds = (events: readonly CallEvent[]) =>
  events.flatMap((event) => (event.type === "committed" ? [`committed: ${event.reason}`] : []));

test("58 twelve frames of 8 bytes fit into 100, the thirteenth commits; a later failure is final", async (t) => {
  for (const requestStreaming of [true, false]) {
    const fake = new FakeFetch();
    const events: CallEvent[] = [];
    const channel = await open(t, fake, {
      serviceConfig: retrying(),
      maxRetryBufferPerCallSize: 100,
      requestStreaming,
      onEvent: (event) => events.push(event),
    });
    const source = new Source();
    const call = refused(channel.clientStreaming(METHOD, source));
    for (let n = 1; n <= 12; n++) source.send(message(n, 3));
    await settle();
    assert.deepEqual(account(events), [96, 96]);
    assert.equal(source.asked, 13);
    assert.deepEqual(kinds(events), []);
    source.send(message(13, 3));
    await settle();
    assert.deepEqual(account(events), [0, 0]);
    assert.deepEqual(kinds(events), requestStreaming ? ["committed: bufferExceeded"] : [], "or when it begins");
    source.end();
    const exchange = await fake.request(1);
    if (requestStreaming) assert.equal((await new Upload(exchange).rest()).length, 13);
    else assert.equal(exchange.body.length, 13 * 8);
    exchange.respond(busy());
    const error = await call;
    assert.deepEqual([error.code, error.message, error.commitReason], [Code.UNAVAILABLE, "busy", "bufferExceeded"]);
    assert.equal(error.attempts.length, 1);
  }
});

test("59 a request of exactly the limit is retried, one byte more is not", async (t) => {
  for (const [length, attempts] of [
    [45, 2],
    [46, 1],
  ] as const) {
    const fake = new FakeFetch(undefined, ok(MESSAGE));
    const channel = await open(t, fake, { serviceConfig: retrying(), maxRetryBufferPerCallSize: 100 });
    const call = channel.clientStreaming(METHOD, [message(1, 45), message(2, length)]);
    const exchange = await fake.request(1);
    await new Upload(exchange).rest();
    exchange.respond(busy());
    if (attempts === 2) assert.equal((await call).attempts.length, 2);
    else assert.equal((await refused(call)).attempts.length, 1);
  }
});

test("58 what had been taken before the overflow is not sent again, the rest is", async (t) => {
  const fake = new FakeFetch();
  const source = new Source(message(1), message(2));
  const channel = await open(t, fake, { serviceConfig: retrying(), maxRetryBufferPerCallSize: 20 });
  const call = channel.clientStreaming(METHOD, source);
  const exchange = await fake.request(1);
  const upload = new Upload(exchange);
  await upload.rest(1);
  source.send(message(3, 10));
  await settle();
  assert.equal(source.asked, 3, "what does not fit must be taken first");
  assert.deepEqual(await upload.rest(2), [message(2), message(3, 10)]);
  await settle();
  assert.equal(source.asked, 4);
  source.end();
  assert.deepEqual(await upload.rest(), []);
  exchange.respond(ok(MESSAGE));
  assert.equal((await call).commitReason, "bufferExceeded");
});

test("60 an overflow during the backoff: the attempt that is due runs, and is the last", async (t) => {
  const fake = new FakeFetch(busy({ "grpc-retry-pushback-ms": "50" }));
  const events: CallEvent[] = [];
  const channel = await open(t, fake, {
    serviceConfig: retrying(),
    maxRetryBufferPerCallSize: 20,
    onEvent: (event) => events.push(event),
  });
  const source = new Source(message(1));
  const call = refused(channel.clientStreaming(METHOD, source));
  while (!events.some(({ type }) => type === "backoff")) await settle();
  source.send(message(2, 20));
  source.end();
  const exchange = await fake.request(2);
  assert.deepEqual(await new Upload(exchange).rest(), [message(1), message(2, 20)]);
  exchange.respond(busy());
  const error = await call;
  assert.deepEqual([error.attempts.length, error.commitReason], [2, "bufferExceeded"]);
  assert.deepEqual(account(events), [0, 0]);
});

/** Two hedges run at once, and each has taken so many of two messages. Then a message comes that does not fit. */
async function overflow(t: Parameters<typeof open>[0], first: number, second: number, policy: Partial<HedgingPolicy> = {}) {
  const fake = new FakeFetch();
  const channel = await open(t, fake, { serviceConfig: hedging({ maxAttempts: 2, ...policy }), maxRetryBufferPerCallSize: 20 });
  const source = new Source(message(1), message(2));
  const call = channel.clientStreaming(METHOD, source);
  const exchanges = [await fake.request(1), await fake.request(2)] as const;
  const uploads = exchanges.map((exchange) => new Upload(exchange));
  await uploads[0]?.rest(first);
  await uploads[1]?.rest(second);
  source.send(message(3, 20));
  source.end();
  await settle();
  return { call, exchanges, uploads };
}

test("87 an overflow commits to the hedge that has sent most; it sends on, the other is aborted", async (t) => {
  const { call, exchanges, uploads } = await overflow(t, 1, 2);
  assert.ok(exchanges[0].signal.aborted);
  assert.ok(!exchanges[1].signal.aborted);
  assert.deepEqual(await uploads[1]?.rest(), [message(3, 20)]);
  exchanges[1].respond(ok(MESSAGE));
  const { attempts, commitReason } = await call;
  assert.equal(commitReason, "bufferExceeded");
  assert.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ["aborted", "committed"],
  );
});

test("87 of hedges that have sent as much as each other, the first survives", async (t) => {
  const { call, exchanges, uploads } = await overflow(t, 1, 1);
  assert.ok(exchanges[1].signal.aborted);
  assert.deepEqual(await uploads[0]?.rest(), [message(2), message(3, 20)]);
  exchanges[0].respond(ok(MESSAGE));
  assert.equal((await call).commitReason, "bufferExceeded");
});

test("57 a call that does not fit what the channel has left runs, but is not retried", async (t) => {
  const fake = new FakeFetch();
  const events: CallEvent[] = [];
  const channel = await open(t, fake, {
    serviceConfig: retrying(),
    maxRetryBufferSize: 200,
    onEvent: (event) => events.push(event),
  });
  const sources = [1, 2, 3].map((value) => new Source(message(value, 92)));
  const calls = sources.map((source) => channel.clientStreaming(METHOD, source));
  await settle();
  assert.equal(account(events)[1], 194);
  assert.deepEqual(kinds(events), ["committed: bufferExceeded"]);
  for (const source of sources) source.end();
  for (const n of [1, 2, 3]) {
    await new Upload(await fake.request(n)).rest();
    fake.exchanges[n - 1]?.respond(busy());
  }
  const error = await refused(calls[2] as (typeof calls)[0]);
  assert.equal(error.attempts.length, 1);
  for (const n of [4, 5]) {
    await new Upload(await fake.request(n)).rest();
    fake.exchanges[n - 1]?.respond(ok(MESSAGE));
  }
  for (const call of calls.slice(0, 2)) assert.equal((await call).attempts.length, 2);
  assert.equal(account(events)[1], 0);
});

test("18 a message beyond the method's limit is RESOURCE_EXHAUSTED, whatever was sent before it", async (t) => {
  const methodConfig = [{ name: [{}], maxRequestMessageBytes: 10 }];
  const fake = new FakeFetch();
  const source = new Source(message(1, 10), message(2, 11));
  const error = refused((await open(t, fake, { serviceConfig: { methodConfig } })).clientStreaming(METHOD, source));
  const upload = new Upload(await fake.request(1));
  assert.deepEqual(await upload.rest(1), [message(1, 10)]);
  assert.equal((await error).code, Code.RESOURCE_EXHAUSTED);
  assert.ok(fake.exchanges[0]?.signal.aborted);
  await settle();
  assert.ok(source.returned);
});
