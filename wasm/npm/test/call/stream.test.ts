// Response streams: nothing is read before it is wanted, and however a reader stops, the response is released.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, StatusError } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { Chunks, failed, frame, OK, ok, streamed } from "../support/responses.js";

const [one, two, three] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];

function body(): Chunks {
  return new Chunks(frame(one), frame(two), frame(three), OK);
}

test("nothing is read that nobody asked for", async (t) => {
  const chunks = body();
  const channel = await open(t, new FakeFetch(streamed(chunks.body)));
  const stream = channel.serverStreaming(METHOD, MESSAGE);
  await stream.header;
  await settle();
  assert.equal(chunks.pulled, 0, "the header alone reads no body");
  const iterator = stream[Symbol.asyncIterator]();
  for (let n = 1; n <= 3; n++) {
    assert.deepEqual(await iterator.next(), { done: false, value: Uint8Array.of(n) });
    await settle();
    assert.equal(chunks.pulled, n);
  }
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
});

test("messages that came in one chunk are handed out without another read", async (t) => {
  const chunks = new Chunks(new Uint8Array([...frame(one), ...frame(two)]), OK);
  const stream = (await open(t, new FakeFetch(streamed(chunks.body)))).serverStreaming(METHOD, MESSAGE);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  await settle();
  assert.equal(chunks.pulled, 1);
  assert.equal((await iterator.next()).done, true);
});

test("a message in pieces is read on until it is whole, and no further", async (t) => {
  const bytes = frame(Uint8Array.of(1, 2, 3, 4));
  const chunks = new Chunks(...[...bytes].map((byte) => Uint8Array.of(byte)), frame(two), OK);
  const stream = (await open(t, new FakeFetch(streamed(chunks.body)))).serverStreaming(METHOD, MESSAGE);
  const iterator = stream[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, Uint8Array.of(1, 2, 3, 4));
  await settle();
  assert.equal(chunks.pulled, bytes.length);
});

test("concurrent next() calls are answered in order, the end included", async (t) => {
  for (const chunks of [body(), new Chunks(new Uint8Array([...frame(one), ...frame(two), ...frame(three), ...OK]))]) {
    const stream = (await open(t, new FakeFetch(streamed(chunks.body)))).serverStreaming(METHOD, MESSAGE);
    const iterator = stream[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 5 }, () => iterator.next()));
    assert.deepEqual(
      results.map(({ value }) => value),
      [one, two, three, undefined, undefined],
    );
    assert.deepEqual(
      results.map(({ done }) => done),
      [false, false, false, true, true],
    );
  }
});

test("concurrent next() calls of a stream that fails: one is told the error, the rest that it is over", async (t) => {
  const stream = (await open(t, new FakeFetch(failed(Code.INTERNAL, "no")))).serverStreaming(METHOD, MESSAGE);
  const iterator = stream[Symbol.asyncIterator]();
  const [first, second] = await Promise.allSettled([iterator.next(), iterator.next()]);
  assert.equal(first?.status, "rejected");
  assert.deepEqual(second, { status: "fulfilled", value: { done: true, value: undefined } });
  assert.equal((await iterator.next()).done, true);
});

test("break cancels: the fetch is aborted, the body let go of, the header stays", async (t) => {
  const chunks = body();
  const fake = new FakeFetch(streamed(chunks.body));
  const stream = (await open(t, fake)).serverStreaming(METHOD, MESSAGE);
  for await (const message of stream) {
    assert.deepEqual(message, one);
    break;
  }
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
  await settle();
  assert.ok(chunks.cancelled !== undefined);
  assert.equal(chunks.pulled, 1);
  await stream.header;
  const error = await refused(stream.trailer);
  assert.equal(error.code, Code.CANCELLED);
  assert.equal(stream.attempts[0]?.outcome, "aborted");
});

test("an exception in the loop's body cancels too", async (t) => {
  const fake = new FakeFetch(streamed(body().body));
  const stream = (await open(t, fake)).serverStreaming(METHOD, MESSAGE);
  const mine = new Error("mine");
  await assert.rejects(
    async () => {
      for await (const _ of stream) throw mine;
    },
    (error) => error === mine,
  );
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
});

test("after return() the iterator is at its end, also for messages that had come and for the error", async (t) => {
  const stream = (await open(t, new FakeFetch(ok(one, two)))).serverStreaming(METHOD, MESSAGE);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
});

test("return() before the first message, and while one is awaited", async (t) => {
  for (const waits of [false, true]) {
    const fake = new FakeFetch();
    const stream = (await open(t, fake)).serverStreaming(METHOD, MESSAGE);
    const iterator = stream[Symbol.asyncIterator]();
    const waiting = waits ? refused(iterator.next()) : undefined;
    assert.equal((await iterator.return?.())?.done, true);
    assert.equal((await waiting)?.code, waits ? Code.CANCELLED : undefined);
    assert.equal((await iterator.next()).done, true);
    assert.equal(fake.exchanges[0]?.signal.aborted, true);
    assert.equal((await refused(stream.header)).code, Code.CANCELLED);
  }
});

test("a second iteration is refused and leaves the first one alone", async (t) => {
  const stream = (await open(t, new FakeFetch(ok(one, two)))).serverStreaming(METHOD, MESSAGE);
  const iterator = stream[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, one);
  const error = await refused(collect(stream));
  assert.equal(error.code, Code.INTERNAL);
  assert.match(error.message, /only once/);
  assert.deepEqual((await iterator.next()).value, two);
  assert.equal((await iterator.next()).done, true);
});

test("an error waits for its reader behind the messages that came before it", async (t) => {
  const body = new Chunks(frame(one), new Uint8Array([...frame(two), ...OK.subarray(0, 3)]));
  const stream = (await open(t, new FakeFetch(streamed(body.body)))).serverStreaming(METHOD, MESSAGE);
  const got: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (const message of stream) got.push(message);
    },
    (error) => error instanceof StatusError && error.code === Code.UNAVAILABLE,
  );
  assert.deepEqual(got, [one, two]);
});

test("stream.cancel: CANCELLED for the reader, the header and the trailer; again does nothing", async (t) => {
  const fake = new FakeFetch();
  const stream = (await open(t, fake)).serverStreaming(METHOD, MESSAGE);
  const reading = collect(stream);
  stream.cancel();
  stream.cancel();
  for (const promise of [reading, stream.header, stream.trailer]) {
    const error = await refused(promise);
    assert.equal(error.code, Code.CANCELLED);
    assert.equal(error.commitReason, "cancelled");
  }
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
  stream.cancel();
});

test("stream.cancel after the end changes nothing", async (t) => {
  const stream = (await open(t, new FakeFetch(ok(one)))).serverStreaming(METHOD, MESSAGE);
  await collect(stream);
  stream.cancel();
  await stream.trailer;
  assert.equal(stream.commitReason, "responseHeaders");
});

test("header and trailer are no unhandled rejections, whatever becomes of the call", async (t) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  const channel = await open(t, new FakeFetch(failed(Code.INTERNAL), new TypeError("down"), ok(one), failed(Code.OK)));
  const streams = Array.from({ length: 5 }, () => channel.serverStreaming(METHOD, MESSAGE));
  streams.push(channel.serverStreaming("nonsense", MESSAGE), channel.bidiStreaming(METHOD, []));
  for (const stream of streams) void [stream.header, stream.trailer];
  streams[4]?.cancel();
  await settle();
  channel.close();
  await settle();
  assert.deepEqual(unhandled, []);
});

test("attempts and commitReason tell what is known so far", async (t) => {
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "busy"));
  const stream = (await open(t, fake, { serviceConfig: retrying() })).serverStreaming(METHOD, MESSAGE);
  assert.deepEqual(
    stream.attempts.map(({ number, kind, outcome }) => [number, kind, outcome]),
    [[1, "first", "pending"]],
  );
  assert.equal(stream.attempts[0]?.endedAt, undefined);
  assert.equal(stream.commitReason, undefined);
  const second = await fake.request(2);
  assert.deepEqual(
    stream.attempts.map(({ kind, outcome, code }) => [kind, outcome, code]),
    [
      ["first", "failed", Code.UNAVAILABLE],
      ["retry", "pending", undefined],
    ],
  );
  assert.equal(stream.attempts[0]?.statusMessage, "busy");
  assert.equal(stream.commitReason, undefined);
  second.respond(ok(one));
  const header = await stream.header;
  assert.equal(header.get("grpc-previous-rpc-attempts"), "1");
  assert.equal(stream.commitReason, "responseHeaders");
  assert.equal(stream.attempts[1]?.outcome, "committed");
  assert.equal(typeof stream.attempts[1]?.headAt, "number");
  await collect(stream);
  const [, last] = stream.attempts;
  assert.equal(last?.code, Code.OK);
  assert.ok((last?.endedAt as number) >= (last?.headAt as number) && (last?.headAt as number) >= (last?.startedAt as number));
});

test("the call starts at once, before anybody iterates", async (t) => {
  const fake = new FakeFetch();
  const stream = (await open(t, fake)).serverStreaming(METHOD, MESSAGE);
  assert.equal(fake.exchanges.length, 1);
  stream.cancel();
});

test("52 a message and then a failure: the message is delivered, nothing is retried", async (t) => {
  const body = new Chunks(frame(one), frame(new TextEncoder().encode("grpc-status: 14\r\ngrpc-message: late\r\n"), 0x80));
  const fake = new FakeFetch(streamed(body.body));
  const stream = (await open(t, fake, { serviceConfig: retrying() })).serverStreaming(METHOD, MESSAGE);
  const iterator = stream[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, one);
  const error = await refused(iterator.next());
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.equal(error.message, "late");
  assert.equal(fake.exchanges.length, 1);
});
