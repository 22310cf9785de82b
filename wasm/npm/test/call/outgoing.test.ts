// Requests of several messages over a fake fetch: their bodies, their replay, and the pace at which messages are asked for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallEvent, Code } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, open, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { collectGarbage, held } from "../support/garbage.js";
import { concat, failed, frame, ok } from "../support/responses.js";
import { message, Source, Upload } from "../support/streaming.js";

const ABC = [message(1), message(2, 3), message(3, 0)];
const WHOLE = concat(...ABC.map((one) => frame(one)));
const busy = () => failed(Code.UNAVAILABLE, "busy");

test("a streamed body is a stream of whole frames, with duplex: half; one that is not streamed is bytes, without", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  const streamed = channel.clientStreaming(METHOD, ABC);
  const first = await fake.request(1);
  const upload = new Upload(first);
  assert.equal((first.init as { duplex?: string }).duplex, "half");
  assert.deepEqual(await upload.rest(), ABC);
  assert.deepEqual(concat(...upload.taken), WHOLE);
  first.respond(ok(MESSAGE));
  assert.deepEqual((await streamed).message, MESSAGE);
  const whole = await open(t, fake, { requestStreaming: false });
  const calls = [
    whole.clientStreaming(METHOD, ABC),
    channel.unary(METHOD, MESSAGE),
    collect(channel.serverStreaming(METHOD, MESSAGE)),
  ];
  const bodies = [WHOLE, frame(MESSAGE), frame(MESSAGE)];
  for (const n of [2, 3, 4]) {
    const { init, respond } = await fake.request(n);
    assert.ok(!("duplex" in init));
    assert.ok(bodies.some((body) => Buffer.compare(body, init.body as Uint8Array) === 0));
    respond.call(fake.exchanges[n - 1], ok(MESSAGE));
  }
  await Promise.all(calls);
});

test("without requestStreaming nothing goes out before the half-close, and then one body", async (t) => {
  for (const method of ["clientStreaming", "bidiStreaming"] as const) {
    const fake = new FakeFetch(ok(MESSAGE));
    const channel = await open(t, fake, { requestStreaming: false });
    const source = new Source();
    const call = channel[method](METHOD, source);
    for (const one of ABC) {
      source.send(one);
      await settle();
    }
    assert.equal(source.asked, 4, "what is not sent yet does not keep the application waiting");
    assert.equal(fake.exchanges.length, 0);
    source.end();
    assert.deepEqual((await fake.request(1)).body, WHOLE);
    if (call instanceof Promise) await call;
    else assert.deepEqual(await collect(call), [MESSAGE]);
    assert.equal(fake.exchanges.length, 1);
  }
});

test("no message at all is an empty body", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE));
  const channel = await open(t, fake, { requestStreaming: false });
  await channel.clientStreaming(METHOD, []);
  assert.equal(fake.exchanges[0]?.body.length, 0);
  const streamed = (await open(t, fake)).clientStreaming(METHOD, []);
  assert.deepEqual(await new Upload(await fake.request(2)).rest(), []);
  await streamed;
});

test("61 replays all messages and the half-close, with identical bytes, in streamed and in whole bodies", async (t) => {
  for (const requestStreaming of [true, false]) {
    const fake = new FakeFetch();
    const channel = await open(t, fake, { serviceConfig: retrying(), requestStreaming });
    const call = channel.clientStreaming(METHOD, ABC);
    for (const n of [1, 2, 3]) {
      const exchange = await fake.request(n);
      if (requestStreaming) {
        const upload = new Upload(exchange);
        assert.deepEqual(await upload.rest(), ABC);
        assert.deepEqual(concat(...upload.taken), WHOLE);
      } else assert.deepEqual(exchange.body, WHOLE);
      exchange.respond(n < 3 ? busy() : ok(MESSAGE));
    }
    assert.equal((await call).attempts.length, 3);
    assert.deepEqual(fake.previous, [undefined, "1", "2"]);
  }
});

test("61 62 a retry while messages still come replays those that came, and joins", async (t) => {
  const fake = new FakeFetch();
  const source = new Source(message(1));
  const call = (await open(t, fake, { serviceConfig: retrying() })).clientStreaming(METHOD, source);
  const first = await fake.request(1);
  const upload = new Upload(first);
  assert.deepEqual(await upload.take(), message(1));
  const waiting = upload.take();
  first.respond(busy());
  source.send(message(2));
  const second = new Upload(await fake.request(2));
  assert.deepEqual(await second.rest(2), [message(1), message(2)]);
  assert.ok(first.signal.aborted, "the upload that failed is let go of");
  assert.equal(await waiting, undefined, "and told nothing more");
  source.send(message(3));
  source.end();
  assert.deepEqual(await second.rest(), [message(3)]);
  fake.exchanges[1]?.respond(ok(MESSAGE));
  assert.deepEqual((await call).message, MESSAGE);
});

test("65 a success before the replay has finished is a success, and ends the messages", async (t) => {
  const fake = new FakeFetch();
  const source = new Source(message(1), message(2));
  const call = (await open(t, fake, { serviceConfig: retrying() })).clientStreaming(METHOD, source);
  const first = await fake.request(1);
  await new Upload(first).rest(2);
  first.respond(busy());
  const second = await fake.request(2);
  const upload = new Upload(second);
  assert.deepEqual(await upload.take(), message(1));
  second.respond(ok(MESSAGE));
  assert.equal((await call).attempts.length, 2);
  await settle();
  assert.ok(source.returned);
  assert.ok(second.signal.aborted, "a request that nobody reads any more");
});

test("what is kept for replay is asked for at once; from the commit on the next only when the last was taken", async (t) => {
  const fake = new FakeFetch();
  const source = new Source(...[1, 2, 3, 4, 5].map((value) => message(value)));
  const stream = (await open(t, fake, { serviceConfig: retrying() })).bidiStreaming(METHOD, source);
  const exchange = await fake.request(1);
  await settle();
  assert.equal(source.asked, 6, "five came, and a sixth is waited for");
  const upload = new Upload(exchange);
  await upload.rest(2);
  const body = new TransformStream<Uint8Array, Uint8Array>();
  exchange.respond(new Response(body.readable, { headers: { "content-type": "application/grpc-web" } }));
  await stream.header;
  for (const value of [6, 7, 8]) source.send(message(value));
  await settle();
  assert.equal(source.asked, 6, "the sixth was given, and waits to be taken");
  for (const taken of [3, 4, 5]) assert.deepEqual(await upload.take(), message(taken));
  await settle();
  assert.equal(source.asked, 6);
  assert.deepEqual(await upload.take(), message(6));
  await settle();
  assert.equal(source.asked, 7);
});

test("without a policy the next message is asked for when the last was taken", async (t) => {
  const fake = new FakeFetch();
  const source = new Source(message(1), message(2), message(3));
  void (await open(t, fake)).clientStreaming(METHOD, source).catch(() => {});
  const upload = new Upload(await fake.request(1));
  for (const value of [1, 2, 3]) {
    await settle();
    assert.equal(source.asked, value);
    assert.deepEqual(await upload.take(), message(value));
  }
});

test("messages are let go of when only one attempt needs them and has taken them, not before", async (t) => {
  const fake = new FakeFetch();
  const source = new Source(message(1), message(2));
  const stream = (await open(t, fake, { serviceConfig: retrying() })).bidiStreaming(METHOD, source);
  const exchange = await fake.request(1);
  const refs: WeakRef<Uint8Array>[] = [];
  const upload = new Upload(exchange);
  const watch = () => refs.push(...upload.taken.splice(0).map((chunk) => new WeakRef(chunk)));
  const left = () => {
    watch();
    return held(refs);
  };
  await upload.rest(2);
  assert.equal(await left(), 2, "kept for replay");
  const body = new TransformStream<Uint8Array, Uint8Array>();
  exchange.respond(new Response(body.readable, { headers: { "content-type": "application/grpc-web" } }));
  await stream.header;
  assert.equal(await left(), 0, "committed");
  source.send(message(3));
  await upload.rest(1);
  assert.equal(await left(), 0, "a message after the commit");
});

test("a long conversation keeps nothing of the messages that went by", async (t) => {
  const fake = new FakeFetch();
  let given = 0;
  const heaps: number[] = [];
  function* messages() {
    for (; given < 60_000; given++) {
      if (given % 20_000 === 10_000) {
        collectGarbage();
        heaps.push(process.memoryUsage().heapUsed);
      }
      yield MESSAGE;
    }
  }
  const call = (await open(t, fake)).clientStreaming(METHOD, messages());
  const exchange = await fake.request(1);
  const reader = (exchange.init.body as ReadableStream<Uint8Array>).getReader();
  while (!(await reader.read()).done);
  exchange.respond(ok(MESSAGE));
  await call;
  const [early = 0, , late = 0] = heaps;
  t.diagnostic(`heap: ${heaps.map((bytes) => (bytes / 1024 / 1024).toFixed(1)).join(", ")} MiB`);
  assert.ok(late - early < 2 * 1024 * 1024, "40,000 messages");
});

test("89 all hedges send the same bytes, and a hedge that comes later joins", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake, { serviceConfig: hedging() });
  const source = new Source(message(1));
  const call = channel.clientStreaming(METHOD, source);
  const uploads: Upload[] = [];
  for (const n of [1, 2, 3]) uploads.push(new Upload(await fake.request(n)));
  await uploads[0]?.take();
  source.send(message(2));
  source.end();
  await Promise.all(uploads.map((upload) => upload.rest()));
  for (const { taken } of uploads) assert.deepEqual(concat(...taken), concat(frame(message(1)), frame(message(2))));
  fake.exchanges[1]?.respond(ok(MESSAGE));
  const { attempts } = await call;
  assert.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ["aborted", "committed", "aborted"],
  );
  assert.ok(fake.exchanges[0]?.signal.aborted && fake.exchanges[2]?.signal.aborted);
});

test("88 a message that comes while no hedge is active is sent by the next", async (t) => {
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "busy", { "grpc-retry-pushback-ms": "30" }));
  const channel = await open(t, fake, { serviceConfig: hedging({ maxAttempts: 2, hedgingDelay: "60s" }) });
  const source = new Source(message(1));
  const events: CallEvent[] = [];
  const call = channel.clientStreaming(METHOD, source, { onEvent: (event) => events.push(event) });
  await fake.request(1);
  while (!events.some(({ type }) => type === "attemptEnded")) await settle();
  assert.equal(fake.exchanges.length, 1);
  source.send(message(2));
  source.end();
  const second = await fake.request(2);
  assert.deepEqual(await new Upload(second).rest(), [message(1), message(2)]);
  second.respond(ok(MESSAGE));
  await call;
});
