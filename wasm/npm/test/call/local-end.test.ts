// Messages that have come and were not read when a call ends are dropped if this side ended it, and can still be read if the server
// did.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code, type ResponseStream } from "hedgerow";
import { MESSAGE, METHOD, open, refused, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { Chunks, concat, frame, streamed, trailers } from "../support/responses.js";

const messages = concat(frame(Uint8Array.of(1)), frame(Uint8Array.of(2)));

/** A stream whose messages came in one chunk, of which one has been read. Its body stays open. */
async function halfRead(
  t: TestContext,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<AsyncIterator<Uint8Array>> {
  return (await streamOf(t, options)).reader;
}

async function streamOf(t: TestContext, options: { timeoutMs?: number; signal?: AbortSignal }) {
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(messages) });
  const channel = await open(t, new FakeFetch(streamed(body)));
  const stream: ResponseStream = channel.serverStreaming(METHOD, MESSAGE, options);
  const reader = stream[Symbol.asyncIterator]();
  assert.deepEqual(await reader.next(), { done: false, value: Uint8Array.of(1) });
  await settle();
  return { stream, reader };
}

test("after cancel() nothing more is read, only the error", async (t) => {
  const { stream, reader } = await streamOf(t, {});
  stream.cancel();
  assert.equal((await refused(reader.next())).code, Code.CANCELLED);
  assert.equal((await reader.next()).done, true);
});

test("after an abort nothing more is read, only the error", async (t) => {
  const controller = new AbortController();
  const reader = await halfRead(t, { signal: controller.signal });
  controller.abort();
  assert.equal((await refused(reader.next())).code, Code.CANCELLED);
});

test("after the deadline nothing more is read, only the error", async (t) => {
  const clock = new Clock(t);
  const reader = await halfRead(t, { timeoutMs: 300 });
  await clock.advance(300);
  assert.equal((await refused(reader.next())).code, Code.DEADLINE_EXCEEDED);
});

test("what the server sent before a status of its own is read to its end, and then the status", async (t) => {
  const body = concat(messages, trailers("grpc-status: 9"));
  const channel = await open(t, new FakeFetch(streamed(new Chunks(body).body)));
  const reader = channel.serverStreaming(METHOD, MESSAGE)[Symbol.asyncIterator]();
  assert.deepEqual((await reader.next()).value, Uint8Array.of(1));
  await settle();
  assert.deepEqual((await reader.next()).value, Uint8Array.of(2));
  assert.equal((await refused(reader.next())).code, Code.FAILED_PRECONDITION);
});
