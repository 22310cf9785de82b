// Compressed frames in a response: their content, order and limits, and what may happen to a call while one is inflated.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChannelOptions, Code } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { answer, GZIP, gzipped, Held, LONG, noise, packed, trailerText, Watched } from "../support/gzip.js";
import { Chunks, concat, frame, OK, ok, WEB } from "../support/responses.js";

const MiB = 1 << 20;
const kinds = [MESSAGE, LONG, new Uint8Array(), noise(300), Uint8Array.of(7)] as const;
const [small, long, empty, random, last] = kinds;
/** Plain and compressed frames in turn, an empty message in both, and compressed trailers. */
const mixed = concat(
  frame(small),
  packed(long),
  packed(empty),
  frame(empty),
  packed(random),
  packed(last),
  frame(last),
  frame(gzipped(trailerText("grpc-status: 0", "X-Tail: yes", "x-tail:too")), 0x81),
);
const all = [small, long, empty, empty, random, last, last];

const chunks = (...parts: Uint8Array[]) => new Response(new Chunks(...parts).body, { headers: GZIP });

test("acceptCompression asks for gzip with one header, and says nothing of the request", async (t) => {
  const fake = new FakeFetch(answer(packed(LONG)));
  const channel = await open(t, fake, { acceptCompression: ["gzip"] });
  assert.deepEqual((await channel.unary(METHOD, LONG)).message, LONG);
  assert.deepEqual(fake.exchanges[0]?.headers.slice(3), [["grpc-accept-encoding", "gzip"]]);
  assert.deepEqual(fake.exchanges[0]?.body, frame(LONG));
});

test("gzip that nobody asked for is read, and is no part of the metadata", async (t) => {
  const fake = new FakeFetch(answer(packed(LONG)));
  const { message, header } = await (await open(t, fake)).unary(METHOD, MESSAGE);
  assert.deepEqual(message, LONG);
  assert.deepEqual([...header], []);
  assert.equal(fake.exchanges[0]?.header("grpc-accept-encoding"), undefined);
});

test("all kinds of calls read compressed answers", async (t) => {
  const fake = new FakeFetch(...Array.from({ length: 4 }, () => answer(packed(LONG))));
  const channel = await open(t, fake, { requestStreaming: false });
  assert.deepEqual((await channel.unary(METHOD, MESSAGE)).message, LONG);
  assert.deepEqual((await channel.clientStreaming(METHOD, [MESSAGE])).message, LONG);
  assert.deepEqual(await collect(channel.serverStreaming(METHOD, MESSAGE)), [LONG]);
  assert.deepEqual(await collect(channel.bidiStreaming(METHOD, [MESSAGE])), [LONG]);
});

test("97 plain and compressed messages keep their order, wherever the chunks are cut", async (t) => {
  for (let at = 0; at <= mixed.length; at++) {
    const channel = await open(t, new FakeFetch(chunks(mixed.subarray(0, at), mixed.subarray(at))));
    const stream = channel.serverStreaming(METHOD, MESSAGE);
    assert.deepEqual(await collect(stream), all, `cut at ${at}`);
    assert.deepEqual((await stream.trailer).getAll("x-tail"), ["yes", "too"]);
  }
});

test("97 every byte of them in a chunk of its own, and messages over many slices", async (t) => {
  const channel = await open(t, new FakeFetch(chunks(...[...mixed].map((byte) => Uint8Array.of(byte)))));
  assert.deepEqual(await collect(channel.serverStreaming(METHOD, MESSAGE)), all);
  const large = noise(300_000);
  const body = concat(packed(large), frame(large), packed(LONG), packed(large.subarray(1)), OK);
  for (const size of [1000, 65_536, 65_541, 299_999, body.length]) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < body.length; at += size) parts.push(body.slice(at, at + size));
    const got = await collect((await open(t, new FakeFetch(chunks(...parts)))).serverStreaming(METHOD, MESSAGE));
    const expected = [large, large, LONG, large.subarray(1)];
    assert.ok(got.length === 4 && got.every((one, i) => Buffer.from(one).equals(expected[i] as Uint8Array)), `chunks of ${size}`);
  }
});

test("hundreds of compressed messages in one chunk", async (t) => {
  const many = Array.from({ length: 600 }, (_, i) => Uint8Array.of(i, i >> 8));
  const body = many.map((one, i) => (i % 3 ? packed(one) : frame(one)));
  assert.deepEqual(await collect((await open(t, new FakeFetch(answer(...body)))).serverStreaming(METHOD, MESSAGE)), many);
});

test("96 compressed trailers: mixed case, duplicates, no final CRLF; of a failure too", async (t) => {
  const text = trailerText("GRPC-Status:0", "X-A: 1", "x-a:2", "X-B-bin: AQI");
  const fake = new FakeFetch(chunks(frame(MESSAGE), frame(gzipped(text), 0x81)));
  const { message, trailer } = await (await open(t, fake)).unary(METHOD, MESSAGE);
  assert.deepEqual(message, MESSAGE);
  assert.deepEqual(trailer.getAll("X-A"), ["1", "2"]);
  assert.deepEqual(trailer.get("x-b-bin"), Uint8Array.of(1, 2));
  const failure = frame(gzipped(trailerText("grpc-status: 5", "grpc-message: not%20here", "x-a: 1")), 0x81);
  for (let at = 0; at <= failure.length; at++) {
    const fake = new FakeFetch(chunks(failure.subarray(0, at), failure.subarray(at)));
    const error = await refused((await open(t, fake)).unary(METHOD, MESSAGE));
    assert.deepEqual([error.code, error.message, error.trailer.get("x-a")], [Code.NOT_FOUND, "not here", "1"]);
  }
});

test("96 a frame behind compressed trailers is refused", async (t) => {
  const body = concat(packed(MESSAGE), frame(gzipped(trailerText("grpc-status: 0")), 0x81), frame(MESSAGE));
  const error = await refused((await open(t, new FakeFetch(chunks(body)))).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.INTERNAL);
  assert.match(error.message, /trailers frame, which must be the last/);
});

test("a gzip bomb ends with RESOURCE_EXHAUSTED, and is inflated no further than its limit", async (t) => {
  const bomb = gzipped(new Uint8Array(100 * MiB));
  for (const [flags, limit] of [
    [1, 4 * MiB],
    [0x81, MiB],
  ] as const) {
    const watched = new Watched(t, "DecompressionStream");
    const body = new Chunks(frame(bomb, flags), OK);
    const fake = new FakeFetch(new Response(body.body, { headers: GZIP }));
    const before = process.memoryUsage().arrayBuffers;
    const error = await refused((await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
    assert.match(error.message, new RegExp(`inflated, is larger than the limit of ${limit} bytes`));
    assert.equal(error.attempts.length, 1);
    assert.ok(watched.bytes > limit && watched.bytes < limit + MiB, `${watched.bytes} bytes were inflated`);
    assert.ok(process.memoryUsage().arrayBuffers - before < 40 * MiB);
    assert.ok(fake.exchanges[0]?.signal.aborted);
  }
});

test("the limit holds for a message as it comes and inflated, and is inclusive; a call may have its own", async (t) => {
  const watched = new Watched(t, "DecompressionStream");
  const one = async (message: Uint8Array, limit: number, options: Partial<ChannelOptions> = {}) => {
    const channel = await open(t, new FakeFetch(answer(packed(message))), options);
    return channel.unary(METHOD, MESSAGE, { maxReceiveMessageBytes: limit });
  };
  assert.equal((await one(LONG, LONG.length)).message.length, LONG.length);
  assert.equal((await one(LONG, Number.POSITIVE_INFINITY, { maxReceiveMessageBytes: 1 })).message.length, LONG.length);
  assert.equal((await refused(one(LONG, LONG.length - 1))).code, Code.RESOURCE_EXHAUSTED);
  const inflated = watched.made;
  const error = await refused(one(noise(1000), 999));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  assert.match(error.message, /limit of 999$/);
  assert.equal(watched.made, inflated, "too large as it came: nobody inflates it");
});

const whole = gzipped(LONG);
const damage: [string, Uint8Array][] = [
  ["no gzip at all", MESSAGE],
  ["cut short", whole.subarray(0, whole.length - 1)],
  ["only a header", whole.subarray(0, 10)],
  ["with a wrong check sum", whole.map((byte, i) => (i === whole.length - 6 ? byte ^ 1 : byte))],
  ["with something behind it", concat(whole, MESSAGE)],
];
for (const [name, payload] of damage) {
  test(`a payload that is ${name} ends with INTERNAL; what came before it is delivered`, async (t) => {
    for (const flags of [1, 0x81]) {
      const fake = new FakeFetch(answer(frame(MESSAGE), packed(LONG), frame(payload, flags)));
      const channel = await open(t, fake, { serviceConfig: retrying({ retryableStatusCodes: ["INTERNAL"] }) });
      const got: Uint8Array[] = [];
      const drain = async () => {
        for await (const message of channel.serverStreaming(METHOD, MESSAGE)) got.push(message);
      };
      const error = await refused(drain());
      assert.equal(error.code, Code.INTERNAL);
      assert.match(error.message, /marked as compressed with gzip could not be inflated/);
      assert.ok(error.cause instanceof Error);
      assert.deepEqual(got, [MESSAGE, LONG]);
      assert.equal(error.attempts.length, 1);
      assert.ok(fake.exchanges[0]?.signal.aborted);
    }
  });
}

test("a compressed frame under no encoding, identity or an unknown one is INTERNAL", async (t) => {
  for (const encoding of [undefined, "identity", "br"]) {
    const headers = { ...WEB, ...(encoding ? { "grpc-encoding": encoding } : {}) };
    const fake = new FakeFetch(new Response(concat(packed(MESSAGE), OK), { headers }));
    const error = await refused((await open(t, fake)).unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, encoding === "br" ? /"br".*gzip is/ : /compressed/);
  }
});

test("103 a body that ends inside a compressed payload is UNAVAILABLE", async (t) => {
  const body = packed(LONG);
  for (const at of [3, 5, 20, body.length - 1]) {
    const error = await refused((await open(t, new FakeFetch(chunks(body.subarray(0, at))))).unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.UNAVAILABLE, error.message);
  }
});

test("a second message of a unary answer is refused before it is inflated", async (t) => {
  const watched = new Watched(t, "DecompressionStream");
  const fake = new FakeFetch(answer(packed(MESSAGE), packed(LONG)));
  assert.equal((await refused((await open(t, fake)).unary(METHOD, MESSAGE))).code, Code.UNIMPLEMENTED);
  assert.equal(watched.made, 1);
});

test("a stream that is pulled slowly reads nothing ahead, and inflates nothing that nobody asked for", async (t) => {
  const watched = new Watched(t, "DecompressionStream");
  const parts = [packed(MESSAGE), packed(LONG), packed(LONG), OK];
  const body = new Chunks(...parts);
  const channel = await open(t, new FakeFetch(new Response(body.body, { headers: GZIP })));
  const stream = channel.serverStreaming(METHOD, MESSAGE);
  await stream.header;
  await settle();
  assert.deepEqual([body.pulled, watched.made], [0, 0]);
  const messages = stream[Symbol.asyncIterator]();
  for (let n = 1; n <= 3; n++) {
    assert.ok((await messages.next()).value);
    await settle();
    assert.deepEqual([body.pulled, watched.made], [n, n]);
  }
  assert.ok((await messages.next()).done);
});

test("99 a call that ends while a payload is inflated ends at once, aborts its fetch, and gets nothing later", async (t) => {
  const held = new Held(t, "DecompressionStream");
  const clock = new Clock(t);
  const fake = new FakeFetch(...Array.from({ length: 5 }, () => answer(packed(LONG))));
  const channel = await open(t, fake);
  const controller = new AbortController();
  const aborted = refused(channel.unary(METHOD, MESSAGE, { signal: controller.signal }));
  const late = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 1000 }));
  const stream = channel.serverStreaming(METHOD, MESSAGE);
  const messages = stream[Symbol.asyncIterator]();
  const first = messages.next();
  const cancelled = channel.serverStreaming(METHOD, MESSAGE);
  const collected = refused(collect(cancelled));
  const closed = refused(channel.unary(METHOD, MESSAGE));
  while (held.made < 5) await settle();
  controller.abort();
  assert.equal((await aborted).code, Code.CANCELLED);
  await messages.return?.();
  const left = await first.then(
    ({ done }) => done,
    (error) => error.code,
  );
  assert.ok(left === true || left === Code.CANCELLED);
  cancelled.cancel();
  assert.equal((await collected).code, Code.CANCELLED);
  await clock.advance(1000);
  assert.equal((await late).code, Code.DEADLINE_EXCEEDED);
  channel.close();
  assert.equal((await closed).code, Code.CANCELLED);
  held.go();
  await settle();
  for (const { signal } of fake.exchanges) assert.ok(signal.aborted);
  assert.deepEqual(await messages.next(), { done: true, value: undefined });
});

test("a connection that breaks behind a compressed message: the message, then UNAVAILABLE", async (t) => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(packed(LONG)),
    pull: (controller) => controller.error(new TypeError("lost")),
  });
  const channel = await open(t, new FakeFetch(new Response(body, { headers: GZIP })));
  const messages = channel.serverStreaming(METHOD, MESSAGE)[Symbol.asyncIterator]();
  assert.deepEqual((await messages.next()).value, LONG);
  const error = await refused(messages.next());
  assert.equal(error.code, Code.UNAVAILABLE);
});

test("an answer without compression may name gzip", async (t) => {
  const fake = new FakeFetch(new Response(await ok(MESSAGE).arrayBuffer(), { headers: GZIP }));
  assert.deepEqual((await (await open(t, fake)).unary(METHOD, MESSAGE)).message, MESSAGE);
});
