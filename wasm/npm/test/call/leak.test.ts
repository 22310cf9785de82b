// Calls must leave nothing behind, and the WebAssembly must take only so much memory.
import assert from "node:assert/strict";
import { getEventListeners, setMaxListeners } from "node:events";
import { test } from "node:test";
import { type Channel, Code, createChannel, type FetchLike } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, refused, retrying } from "../support/calls.js";
import { collectGarbage, held, MiB, show } from "../support/garbage.js";
import { memory } from "../support/memory.js";
import { concat, failed, frame, OK, ok, WEB } from "../support/responses.js";
import { connect, DO, Script, STREAM, status } from "../support/server.js";

test("memory at rest, right after the load, is at most 4 MiB", async (t) => {
  const channel = await createChannel({ baseUrl: "https://api.test" });
  channel.close();
  t.diagnostic(`linear memory at rest: ${show(memory())}`);
  assert.ok(memory() <= 4 * MiB, show(memory()));
});

/** Watches objects that a call would keep alive if anything kept the call, without keeping them alive itself. */
class Watch {
  #refs: WeakRef<object>[] = [];

  listener(): () => void {
    const listener = () => {};
    this.#refs.push(new WeakRef(listener));
    return listener;
  }

  left(): Promise<number> {
    return held(this.#refs);
  }
}

test("49 a thousand calls to the server, of every fate, leave nothing behind", async (t) => {
  const shared = new AbortController();
  setMaxListeners(0, shared.signal); // or Node warns of twenty calls at once
  const watch = new Watch();
  const channel = await connect(t, { serviceConfig: retrying() });
  const hedged = await connect(t, { serviceConfig: hedging({ maxAttempts: 2 }) });
  const signal = shared.signal;
  const busy = status(Code.UNAVAILABLE, "busy");
  const one = async (i: number): Promise<void> => {
    const options = { signal, timeoutMs: 60_000, onEvent: watch.listener() };
    if (i % 5 === 0) await channel.unary(DO, new Script([]).bytes, options);
    if (i % 5 === 1) await channel.unary(DO, new Script([busy, {}]).bytes, options);
    if (i % 5 === 2) await refused(channel.unary(DO, new Script([status(Code.NOT_FOUND)]).bytes, options));
    if (i % 5 === 3) {
      for await (const _ of channel.serverStreaming(STREAM, new Script([{ messages: 3 }]).bytes, options)) break;
    }
    if (i % 5 === 4) await hedged.unary(DO, new Script([]).bytes, options);
  };
  for (let i = 0; i < 1000; i += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => one(i + n)));
  assert.equal(getEventListeners(signal, "abort").length, 0);
  const kinds = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
  assert.ok(kinds.length <= 1, `timers: ${kinds.length}, of which undici has one`);
  assert.equal(await watch.left(), 0);
});

const body = concat(frame(MESSAGE), OK);

/** Answers at once. The number of the call says how. */
const instant: FetchLike = async (_url, init) => {
  if (init.signal?.aborted) throw init.signal.reason;
  return new Response(body, { headers: WEB });
};

async function many(channel: Channel, calls: number, make: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < calls; i += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => make(i + n)));
  channel.close();
}

test("10,000 calls: memory stays bounded, JavaScript's heap too, and no call is kept", async (t) => {
  const watch = new Watch();
  const first = await createChannel({ baseUrl: "https://api.test", fetch: instant });
  await many(first, 1000, () => first.unary(METHOD, MESSAGE));
  const warm = memory();
  collectGarbage();
  const heap = process.memoryUsage().heapUsed;
  const channel = await createChannel({ baseUrl: "https://api.test", fetch: instant, serviceConfig: retrying() });
  const metadata = { "x-a": "some text", "x-b-bin": new Uint8Array(100) };
  await many(channel, 10_000, (i) => {
    const options = { metadata, timeoutMs: 60_000, ...(i % 10 === 0 ? { onEvent: watch.listener() } : {}) };
    return i % 2 ? channel.unary(METHOD, MESSAGE, options) : collect(channel.serverStreaming(METHOD, MESSAGE, options));
  });
  assert.equal(await watch.left(), 0);
  collectGarbage();
  const grown = process.memoryUsage().heapUsed - heap;
  t.diagnostic(`linear memory: ${show(warm)} after 1,000 calls, ${show(memory())} after 11,000; heap grown by ${show(grown)}`);
  assert.ok(memory() <= 2 * warm, show(memory()));
  assert.ok(grown < 4 * MiB, show(grown));
});

test("10,000 calls that fail, are canceled, time out or overflow", async (t) => {
  const before = memory();
  const watch = new Watch();
  const fetch: FetchLike = (url, init) => {
    const how = new URL(url).pathname.at(-1);
    if (how === "0") return Promise.resolve(failed(Code.UNAVAILABLE, "busy"));
    if (how === "1") return Promise.reject(new TypeError("down"));
    if (how === "2") return Promise.resolve(ok(MESSAGE, MESSAGE));
    return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason), { once: true }));
  };
  const options = { baseUrl: "https://api.test", fetch, serviceConfig: retrying({ maxAttempts: 3 }) };
  const channel = await createChannel(options);
  await many(channel, 10_000, (i) => {
    const controller = new AbortController();
    const { signal } = controller;
    const call = refused(
      channel.unary(`/S/M${i % 4}`, MESSAGE, { signal, onEvent: watch.listener(), timeoutMs: i % 8 === 3 ? 1 : 60_000 }),
    );
    if (i % 8 === 7) controller.abort();
    return call;
  });
  t.diagnostic(`linear memory: ${show(before)} before, ${show(memory())} after`);
  assert.ok(memory() <= 2 * before, show(memory()));
  assert.equal(await watch.left(), 0);
});

test("a stream that is committed keeps its request no longer", async (t) => {
  let body: WeakRef<object> | undefined;
  const fetch: FetchLike = async (_url, init) => {
    body = new WeakRef(init.body as Uint8Array);
    return new Response(new ReadableStream(), { headers: WEB });
  };
  const channel = await createChannel({ baseUrl: "https://api.test", fetch, serviceConfig: retrying() });
  t.after(() => channel.close());
  const stream = channel.serverStreaming(METHOD, new Uint8Array(MiB));
  await stream.header;
  assert.equal(await held(body ? [body] : []), 0);
  stream.cancel();
});

test("channels that are opened and closed leave nothing either", async (t) => {
  const before = memory();
  for (let i = 0; i < 2000; i++) {
    const channel = await createChannel({ baseUrl: "https://api.test", fetch: instant, serviceConfig: retrying() });
    await channel.unary(METHOD, MESSAGE);
    channel.close();
  }
  t.diagnostic(`linear memory: ${show(before)} before, ${show(memory())} after 2,000 channels`);
  assert.ok(memory() <= 2 * before, show(memory()));
});

test("large messages do not pass through the WebAssembly's memory", async (t) => {
  const before = memory();
  const large = new Uint8Array(3 * MiB);
  const fetch: FetchLike = async () => ok(large);
  const channel = await createChannel({ baseUrl: "https://api.test", fetch });
  t.after(() => channel.close());
  for (let i = 0; i < 20; i++) assert.equal((await channel.unary(METHOD, large)).message.length, large.length);
  t.diagnostic(`linear memory: ${show(before)} before, ${show(memory())} after 20 calls of 3 MiB`);
  assert.ok(memory() - before <= MiB, show(memory()));
});
