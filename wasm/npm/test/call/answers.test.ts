// Answers as proxies and gateways make them: a status in the head and another body than it is due, blocks of too many fields, bodies
// that never end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type ChannelOptions, Code } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import { collect, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, frame, OK, streamed, trailers, WEB } from "../support/responses.js";

const DOWN = { "grpc-status": "14", "grpc-message": "down", "grpc-retry-pushback-ms": "0", "x-head": "1" };
const EMPTY = trailers();

function answer(fields: Record<string, string>, ...body: Uint8Array[]): () => Response {
  return () => new Response(concat(...body), { headers: { ...WEB, ...fields } });
}

function inText(fields: Record<string, string>, ...body: Uint8Array[]): () => Response {
  const text = Buffer.from(concat(...body)).toString("base64");
  return () => new Response(text, { headers: { ...fields, "content-type": "application/grpc-web-text+proto" } });
}

const both: Pick<ChannelOptions, "headerCommit">[] = [{ headerCommit: "strict" }, { headerCommit: "firstFrame" }];

test("19 106 a failure in the head beside trailers that tell none is retried, as a unary call and as a stream", async (t) => {
  for (const options of both) {
    for (const make of [answer, inText]) {
      for (const [lines, trailer] of [
        [[], ["1", undefined]],
        [["x-t: 2"], ["1", "2"]],
      ] as const) {
        const fake = new FakeFetch(...Array.from({ length: 6 }, () => make(DOWN, trailers(...lines))()));
        const channel = await open(t, fake, { ...options, serviceConfig: retrying({ maxAttempts: 3 }) });
        for (const call of [channel.unary(METHOD, MESSAGE), collect(channel.serverStreaming(METHOD, MESSAGE))]) {
          const error = await refused(call);
          assert.deepEqual(
            [error.code, error.message, error.attempts.length, error.commitReason],
            [Code.UNAVAILABLE, "down", 3, "exhausted"],
          );
          assert.deepEqual([error.trailer.get("x-head"), error.trailer.get("x-t")], trailer);
          assert.equal([...error.header].length, 0);
        }
      }
    }
  }
});

test("106 a status of 0 in the head, with a message, is OK; a failure with one is committed", async (t) => {
  for (const options of both) {
    for (const make of [answer, inText]) {
      const answers = [{ "grpc-status": "0", "x-head": "1" }, { "grpc-status": "0" }, DOWN, DOWN].map((fields) =>
        make(fields, frame(MESSAGE), EMPTY)(),
      );
      const channel = await open(t, new FakeFetch(...answers), { ...options, serviceConfig: retrying() });
      const { message, header } = await channel.unary(METHOD, MESSAGE);
      assert.deepEqual([message, header.get("x-head")], [MESSAGE, "1"]);
      assert.deepEqual(await collect(channel.serverStreaming(METHOD, MESSAGE)), [MESSAGE]);
      for (const call of [channel.unary(METHOD, MESSAGE), collect(channel.serverStreaming(METHOD, MESSAGE))]) {
        const error = await refused(call);
        assert.deepEqual([error.code, error.message, error.attempts.length], [Code.UNAVAILABLE, "down", 1]);
        assert.equal(error.header.get("x-head"), "1");
      }
    }
  }
});

test("106 hedgerow/fetch makes such a request again", async (t) => {
  const fake = new FakeFetch(answer(DOWN, EMPTY)(), answer({}, frame(MESSAGE), OK)());
  const fetch = createFetch(await open(t, fake, { serviceConfig: retrying() }));
  const response = await fetch(`https://api.test/grpc${METHOD}`, {
    method: "POST",
    headers: { ...WEB, "x-grpc-web": "1" },
    body: frame(MESSAGE),
  });
  const body = new Uint8Array(await response.arrayBuffer());
  assert.deepEqual([body.slice(0, 8), fake.exchanges.length], [frame(MESSAGE), 2]);
});

test("105 a kilobyte of fields is refused, and leaves the memory as it was", async (t) => {
  for (const lines of [`x-bin: ${",".repeat(1e6)}`, "a:\n".repeat(340_000)]) {
    const packed = gzipSync(`grpc-status: 0\r\n${lines}\r\n`);
    const body = concat(frame(MESSAGE), frame(packed, 0x81));
    const fake = new FakeFetch(...Array.from({ length: 10 }, () => answer({ "grpc-encoding": "gzip" }, body)()));
    const channel = await open(t, fake);
    for (let i = 0; i < 10; i++) assert.equal((await refused(channel.unary(METHOD, MESSAGE))).code, Code.RESOURCE_EXHAUSTED);
  }
  const head = await open(t, new FakeFetch(answer({ "x-bin": ",".repeat(200_000) }, frame(MESSAGE), OK)()));
  assert.match((await refused(head.unary(METHOD, MESSAGE))).message, /head of more than 1000 fields/);
});

test("107 two statuses in one block are UNKNOWN where they differ", async (t) => {
  const told = async (response: Response) => (await open(t, new FakeFetch(response))).unary(METHOD, MESSAGE);
  for (const lines of [
    ["grpc-status: 0", "grpc-status: 13"],
    ["grpc-status: 13", "grpc-status: 0"],
  ]) {
    assert.equal((await refused(told(answer({}, frame(MESSAGE), trailers(...lines))()))).code, Code.UNKNOWN);
  }
  assert.equal((await refused(told(answer({ "grpc-status": "0, 13" })()))).code, Code.UNKNOWN);
  assert.equal((await refused(told(answer({ "grpc-status": "13, 13" })()))).code, Code.INTERNAL);
});

/** A body that gives these bytes and then nothing more, not even its end. */
function endless(bytes: Uint8Array): Response {
  return streamed(new ReadableStream({ start: (controller) => controller.enqueue(bytes) }));
}

test("108 a body that stays open behind its trailers ends the call, with or without a deadline", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(...Array.from({ length: 4 }, () => endless(concat(frame(MESSAGE), OK))));
  const channel = await open(t, fake);
  const calls = [{}, { timeoutMs: 50 }].map((options) => channel.unary(METHOD, MESSAGE, options));
  const streams = [{}, { timeoutMs: 50 }].map((options) => collect(channel.serverStreaming(METHOD, MESSAGE, options)));
  for (const ms of [50, 50]) {
    await settle();
    await clock.advance(ms);
  }
  for (const { message } of await Promise.all(calls)) assert.deepEqual(message, MESSAGE);
  for (const messages of await Promise.all(streams)) assert.deepEqual(messages, [MESSAGE]);
  assert.ok(fake.exchanges.every(({ signal }) => signal.aborted));
  assert.equal(clock.timers.size, 0);
});

test("108 a cancel behind whole trailers changes nothing", async (t) => {
  const channel = await open(t, new FakeFetch(endless(concat(frame(MESSAGE), trailers("grpc-status: 5")))));
  const abort = new AbortController();
  const call = refused(channel.unary(METHOD, MESSAGE, { signal: abort.signal }));
  await settle();
  abort.abort();
  assert.equal((await call).code, Code.NOT_FOUND);
});

test("108 a retry waits for no end of a body", async (t) => {
  const fake = new FakeFetch(endless(trailers("grpc-status: 14", "grpc-retry-pushback-ms: 0")), answer({}, frame(MESSAGE), OK)());
  new Clock(t); // whose time does not pass
  const channel = await open(t, fake, { headerCommit: "firstFrame", serviceConfig: retrying() });
  assert.deepEqual((await channel.unary(METHOD, MESSAGE)).message, MESSAGE);
});

test("109 an application's own code keeps its number and its details", async (t) => {
  const details = { "grpc-status-details-bin": "AQID" };
  const lines = ["grpc-status: 99", "grpc-message: mine", "grpc-status-details-bin: AQID"];
  const fake = new FakeFetch(
    answer({ "grpc-status": "99", "grpc-message": "mine", ...details })(),
    answer({}, trailers(...lines))(),
    answer(DOWN)(),
  );
  const channel = await open(t, fake);
  for (let i = 0; i < 2; i++) {
    const error = await refused(channel.unary(METHOD, MESSAGE));
    assert.deepEqual([error.code, error.rawCode, error.details], [Code.UNKNOWN, 99, Uint8Array.of(1, 2, 3)]);
    assert.match(error.message, /"99".*"mine"/);
  }
  assert.equal((await refused(channel.unary(METHOD, MESSAGE))).rawCode, undefined);
});

test("names with a NUL, or that are no token, shift nothing and make no getter throw", async (t) => {
  const lines = ["grpc-status: 13", "a\0b: evil-bin", "***: z", "bad name: 1", "last: y\0z", "\x07-bin: AA"];
  const error = await refused((await open(t, new FakeFetch(answer({}, trailers(...lines))()))).unary(METHOD, MESSAGE));
  assert.deepEqual(
    [...error.trailer].map(([name]) => name),
    ["***", "bad name", "last"],
  );
  assert.equal(error.trailer.get("***"), "z");
});

test("a message in UTF-8 reads the same in the head and in the trailers", async (t) => {
  const raw = "\u7f3a\u5c11 \u00e9";
  const latin1 = Buffer.from(raw).toString("latin1"); // as fetch hands out the bytes
  const fake = new FakeFetch(
    answer({ "grpc-status": "5", "grpc-message": latin1 })(),
    answer({}, trailers("grpc-status: 5", `grpc-message: ${raw}`))(),
  );
  const channel = await open(t, fake);
  for (let i = 0; i < 2; i++) assert.equal((await refused(channel.unary(METHOD, MESSAGE))).message, raw);
});
