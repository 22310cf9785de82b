// Calls that send several messages must leave nothing behind, at either end.
import assert from "node:assert/strict";
import { getEventListeners, setMaxListeners } from "node:events";
import { test } from "node:test";
import { Code, createChannel, type FetchLike } from "hedgerow";
import { collect, hedging, METHOD, refused, retrying } from "../support/calls.js";
import { held } from "../support/garbage.js";
import { COLLECT, CONVERSE, connect, hang, Script, status } from "../support/server.js";
import { Source } from "../support/streaming.js";

test("49 a thousand client and bidirectional streams, of every fate, leave nothing behind", async (t) => {
  const shared = new AbortController();
  const { signal } = shared;
  setMaxListeners(0, signal);
  const refs: WeakRef<object>[] = [];
  const busy = status(Code.UNAVAILABLE, "busy");
  const retried = await connect(t, { serviceConfig: retrying() });
  const whole = await connect(t, { serviceConfig: retrying(), requestStreaming: false });
  const hedged = await connect(t, { serviceConfig: hedging({ maxAttempts: 2 }) });
  let returned = 0;
  /** Messages that do not end by themselves. */
  const endless = (script: Script) => {
    const source = new Source(script.bytes);
    refs.push(new WeakRef(source));
    return source;
  };
  const finite = function* (script: Script) {
    for (let i = 0; i < 3; i++) yield script.bytes;
  };
  const one = async (i: number): Promise<void> => {
    const onEvent = () => {};
    refs.push(new WeakRef(onEvent));
    const options = { signal, timeoutMs: 60_000, onEvent };
    switch (i % 7) {
      case 0:
        await retried.clientStreaming(COLLECT, finite(new Script([busy, {}])), options);
        break;
      case 1:
        await whole.clientStreaming(COLLECT, finite(new Script([busy, {}])), options);
        break;
      case 2:
        await hedged.clientStreaming(COLLECT, finite(new Script([])), options);
        break;
      case 3: // It is answered while the request is open.
        await retried.clientStreaming(COLLECT, endless(new Script([{ messages: 1 }])), options);
        returned++;
        break;
      case 4:
        await refused(
          retried.clientStreaming(COLLECT, endless(new Script([{ messages: 1, ...status(Code.NOT_FOUND) }])), options),
        );
        returned++;
        break;
      case 5: // Its reader stops reading.
        for await (const _ of retried.bidiStreaming(CONVERSE, endless(new Script([])), options)) break;
        returned++;
        break;
      case 6: // Its deadline passes.
        await refused(hedged.clientStreaming(COLLECT, endless(new Script([hang])), { ...options, timeoutMs: 5 }));
        returned++;
    }
  };
  for (let i = 0; i < 1000; i += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => one(i + n)));
  assert.equal(getEventListeners(signal, "abort").length, 0);
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
  assert.ok(timers.length <= 1, `timers: ${timers.length}, of which undici has one`);
  assert.ok(returned > 500);
  assert.equal(await held(refs), 0);
});

test("messages that never come hold no call once it is over", async (t) => {
  const fetch: FetchLike = (_url, { signal }) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
  const channel = await createChannel({ baseUrl: "https://api.test", fetch });
  t.after(() => channel.close());
  const promised: object[] = [];
  const refs: WeakRef<object>[] = [];
  /** Never gives a message, so that everything that waits for one is kept. */
  const silent: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        let resolve = (_: never) => {};
        const promise = new Promise<never>((r) => {
          resolve = r;
        });
        promised.push(promise, resolve);
        return promise;
      },
    }),
  };
  const one = async () => {
    const onEvent = () => {};
    refs.push(new WeakRef(onEvent));
    const stream = channel.bidiStreaming(METHOD, silent, { onEvent });
    stream.cancel();
    await refused(collect(stream));
  };
  for (let i = 0; i < 100; i++) await one();
  assert.equal(promised.length, 200);
  assert.equal(await held(refs), 0);
});
