// Everything but calls that passes between a page and the worker of worker: true, and what calls leave behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { retrying } from "../support/calls.js";
import { hang, Script, STREAM, status } from "../support/server.js";
import { onlyChromium } from "./launch.js";
import { openLab, workers } from "./worker-lab.js";

const Code = { CANCELLED: 1, UNAVAILABLE: 14 };
const inWorker = onlyChromium("the driver cannot run code in a worker");
const bytesOf = (script: Script) => Array.from(script.bytes);

test("worker: being offline and online reaches it", onlyChromium("the driver cannot put a worker offline"), async (t) => {
  const page = await openLab(t);
  const script = new Script([]);
  await page.evaluate(() => lab.open().then((channel) => Object.assign(lab.kept, { channel })));
  await page.context().setOffline(true);
  const outcome = page.evaluate(async (bytes) => {
    const channel = lab.kept["channel"] as import("hedgerow").Channel;
    const at = await lab.call(channel, bytes);
    lab.pending = Promise.all([lab.call(channel, bytes, undefined, { waitForReady: true })]);
    return at;
  }, bytesOf(script));
  assert.deepEqual([(await outcome).code, (await script.report(t, 0, 0)).started], [Code.UNAVAILABLE, 0]);
  await page.context().setOffline(false);
  assert.equal((await page.evaluate(async () => (await lab.pending)?.[0]))?.code, 0);
});

test("worker: a stream is read want by want", async (t) => {
  const page = await openLab(t);
  const script = new Script([{ messages: 256, messageSize: 1 << 20 }]);
  const begun = await page.evaluate(
    async ({ bytes, method }) => {
      const channel = await lab.open();
      Object.assign(lab.kept, { channel });
      const messages = channel.serverStreaming(method, Uint8Array.from(bytes))[Symbol.asyncIterator]();
      Object.assign(globalThis, { messages });
      return (await messages.next()).value?.length;
    },
    { bytes: bytesOf(script), method: STREAM },
  );
  assert.ok((begun ?? 0) > 1 << 20);
  assert.equal(
    (await script.report(t, 1, 0)).ended,
    0,
    "256 MiB do not fit between server and reader: Linux lets a socket have 32",
  );
  const rest = await page.evaluate(async () => {
    const { messages } = globalThis as unknown as { messages: AsyncIterable<Uint8Array> };
    let count = 0;
    for await (const message of messages) if (message.length > 1 << 20) count++;
    lab.kept["channel"]?.close();
    return count;
  });
  assert.equal(rest, 255);
  assert.equal((await script.report(t, 1, 1)).ended, 1);
});

test("worker: an answer that is on its way when the caller aborts comes too late", async (t) => {
  const page = await openLab(t);
  const outcomes = await page.evaluate(async () => {
    const channel = await lab.open();
    const outcomes: number[] = [];
    for (const type of ["attemptHead", "committed", "callEnded"]) {
      const abort = new AbortController();
      const onEvent = (event: { type: string }) => event.type === type && abort.abort();
      outcomes.push((await lab.call(channel, [], undefined, { signal: abort.signal, onEvent })).code);
    }
    channel.close();
    return outcomes;
  });
  assert.deepEqual(outcomes, [Code.CANCELLED, Code.CANCELLED, Code.CANCELLED]);
});

test("worker: the page's leaving is told to it, so that what ends its requests is no server's failure", inWorker, async (t) => {
  const page = await openLab(t);
  const script = new Script([hang]);
  await page.evaluate(
    async ({ bytes, serviceConfig }) => {
      const channel = await lab.open({ serviceConfig });
      lab.pending = Promise.all([lab.call(channel, bytes)]);
    },
    { bytes: bytesOf(script), serviceConfig: retrying() },
  );
  await script.report(t, 1, 0);
  const [worker] = page.workers();
  await worker?.evaluate(() => {
    const told = new Promise((resolve) => addEventListener("pagehide", () => resolve("told"), { once: true }));
    Object.assign(globalThis, { told });
  });
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  assert.equal(await worker?.evaluate(() => (globalThis as unknown as { told: Promise<string> }).told), "told");
});

test("worker: warnings of a channel's options are told once, and in the page", async (t) => {
  const page = await openLab(t);
  const warnings = await page.evaluate(async () => {
    const warnings: [string, number][] = [];
    const onEvent = (event: { type: string; warning?: string; callId: number }) =>
      event.type === "warning" && warnings.push([event.warning ?? "", event.callId]);
    const retryPolicy = {
      maxAttempts: 9,
      initialBackoff: "1s",
      maxBackoff: "1s",
      backoffMultiplier: 1,
      retryableStatusCodes: [14],
    };
    const channel = await lab.open({ onEvent, serviceConfig: { methodConfig: [{ name: [{}], retryPolicy }] } });
    channel.close();
    return warnings;
  });
  assert.deepEqual(warnings, [["policyClamped", 0]]);
});

test("worker: hedgerow/fetch refuses its channels", async (t) => {
  const page = await openLab(t);
  const error = await page.evaluate(async (address) => {
    const { createFetch } = (await import(address)) as typeof import("hedgerow/fetch");
    const channel = await lab.open();
    try {
      createFetch(channel);
      return "none";
    } catch (error) {
      return String(error);
    } finally {
      channel.close();
    }
  }, "/package/fetch.js");
  assert.match(error, /^TypeError: .*does not run in a worker/);
});

test(
  "worker: a thousand calls leave nothing behind in the page",
  onlyChromium("the driver cannot collect garbage"),
  async (t) => {
    const page = await openLab(t);
    const busy = new Script([status(Code.UNAVAILABLE, "busy")]);
    const listening = await page.evaluate(
      async ({ busy, serviceConfig }) => {
        const { signal } = new AbortController();
        let listening = 0;
        const { addEventListener: add, removeEventListener: remove } = signal;
        signal.addEventListener = (...args: Parameters<typeof add>) => {
          listening++;
          add.apply(signal, args);
        };
        signal.removeEventListener = (...args: Parameters<typeof remove>) => {
          listening--;
          remove.apply(signal, args);
        };
        const channel = await lab.open({ serviceConfig, metadata: async () => ({ "x-own": "1" }) });
        const refs: WeakRef<object>[] = [];
        const one = (n: number) => {
          const onEvent = () => {};
          refs.push(new WeakRef(onEvent));
          return lab.call(channel, n % 5 ? [] : busy, undefined, { signal, onEvent });
        };
        for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 50 }, (_, n) => one(n)));
        Object.assign(lab.kept, { channel });
        Object.assign(globalThis, { refs });
        return listening;
      },
      { busy: bytesOf(busy), serviceConfig: retrying({ maxAttempts: 2 }) },
    );
    assert.equal(listening, 0);
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    const left = await page.evaluate(
      () => (globalThis as unknown as { refs: WeakRef<object>[] }).refs.filter((ref) => ref.deref() !== undefined).length,
    );
    assert.ok(left <= 1, `${left} of 1000 calls`);
    await page.evaluate(() => lab.kept["channel"]?.close());
    await workers(page, 0);
  },
);
