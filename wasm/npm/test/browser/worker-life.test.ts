// The worker of worker: true, from its start to its ends: when it is shared, replaced and ended, and who hears of it.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { DO, hang, Script, SERVER, STREAM, status } from "../server.js";
import { retrying } from "../support.js";
import { built, openPage, type SiteOptions } from "./pages.js";

const Code = { CANCELLED: 1, INTERNAL: 13, UNAVAILABLE: 14 };
const bytesOf = (script: Script) => Array.from(script.bytes);

interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly commitReason: string;
}

/** Puts helpers into the page: channels in a worker, and what comes of their calls. */
async function openLab(t: TestContext, options: SiteOptions = {}): Promise<Page> {
  const page = await openPage(t, options);
  await page.evaluate(
    ({ baseUrl, DO }) => {
      const lab = {
        deaths: [] as string[],
        open: (more: object = {}) =>
          hedgerow.createChannel({ baseUrl, worker: true, onFatal: (error) => lab.deaths.push(error.message), ...more }),
        call: async (channel: import("hedgerow").Channel, bytes: number[] = [], method = DO, options = {}) => {
          try {
            const { commitReason } = await channel.unary(method, Uint8Array.from(bytes), options);
            return { code: 0, message: "", commitReason };
          } catch (error) {
            const { code, message, commitReason } = error as import("hedgerow").StatusError;
            return { code, message, commitReason };
          }
        },
        kept: {} as Record<string, import("hedgerow").Channel>,
        pending: undefined as Promise<Outcome[]> | undefined,
      };
      Object.assign(globalThis, { lab });
    },
    { baseUrl: SERVER, DO },
  );
  return page;
}

declare global {
  /** In the page: see openLab. */
  var lab: {
    readonly deaths: string[];
    open(more?: object): Promise<import("hedgerow").Channel>;
    call(channel: import("hedgerow").Channel, bytes?: number[], method?: string, options?: object): Promise<Outcome>;
    readonly kept: Record<string, import("hedgerow").Channel>;
    pending: Promise<Outcome[]> | undefined;
  };
}

/** Waits for the page to have so many workers: it hears of their ends by and by. */
async function workers(page: Page, count: number): Promise<void> {
  while (page.workers().length !== count) {
    await Promise.race([page.waitForEvent("worker"), ...page.workers().map((worker) => worker.waitForEvent("close"))]);
  }
}

test("worker: channels share one worker, which ends with the last of them; Symbol.dispose closes too", async (t) => {
  const page = await openLab(t);
  await page.evaluate(async () => {
    Object.assign(lab.kept, { one: await lab.open(), two: await lab.open(), three: await lab.open() });
  });
  await workers(page, 1);
  const codes = await page.evaluate(async () => {
    const { one, two, three } = lab.kept as { [name: string]: import("hedgerow").Channel } as Record<
      "one" | "two" | "three",
      import("hedgerow").Channel
    >;
    one.close();
    one.close();
    const first = await lab.call(two);
    two[Symbol.dispose]();
    return [first.code, (await lab.call(two)).code, (await lab.call(three)).code];
  });
  assert.deepEqual(codes, [0, Code.CANCELLED, 0]);
  assert.equal(page.workers().length, 1);
  await page.evaluate(() => lab.kept["three"]?.close());
  await workers(page, 0);
});

test("worker: the WebAssembly's death ends the calls of all channels, is told once to each, and the next calls work", async (t) => {
  const page = await openLab(t, { wasm: { body: await built("dist-debug/hedgerow.wasm") } });
  const hung = new Script([hang]);
  const outcome = await page.evaluate(
    async ({ hung }) => {
      const types: string[] = [];
      const one = await lab.open({ onEvent: ({ type }: { type: string }) => types.push(type) });
      const two = await lab.open();
      const pending = [lab.call(one, hung), lab.call(two, hung)];
      const killer = await lab.call(two, [], "/hedgerow.Fault/Panic");
      const ended = [...(await Promise.all(pending)), killer];
      const after = [await lab.call(one), await lab.call(two)];
      one.close();
      two.close();
      return { ended, after: after.map(({ code }) => code), deaths: lab.deaths, types };
    },
    { hung: bytesOf(hung) },
  );
  for (const { code, message, commitReason } of outcome.ended) {
    assert.deepEqual([code, commitReason], [Code.INTERNAL, "internal"]);
    assert.match(message, /a panic on purpose.*fresh instance/s);
  }
  assert.deepEqual(outcome.after, [0, 0]);
  assert.equal(outcome.deaths.length, 2);
  for (const death of outcome.deaths) assert.match(death, /a panic on purpose/);
  const count = (type: string) => outcome.types.filter((one) => one === type).length;
  assert.deepEqual([count("callStarted"), count("callEnded")], [2, 2]);
});

test("worker: one that throws what nobody catches is given up: its calls end, and the next ones have another", async (t) => {
  const page = await openLab(t);
  const hung = new Script([hang]);
  await page.evaluate(
    async ({ hung }) => {
      const types: string[] = [];
      const one = await lab.open({ onEvent: ({ type }: { type: string }) => types.push(type) });
      const two = await lab.open();
      Object.assign(lab.kept, { one, two });
      Object.assign(globalThis, { types });
      lab.pending = Promise.all([lab.call(one, hung), lab.call(two, hung)]);
    },
    { hung: bytesOf(hung) },
  );
  await hung.report(t, 2, 0);
  await page.workers()[0]?.evaluate(() => {
    setTimeout(() => {
      throw new RangeError("a fault on purpose");
    });
  });
  const outcome = await page.evaluate(async () => {
    const ended = await lab.pending;
    const { one, two } = lab.kept as Record<"one" | "two", import("hedgerow").Channel>;
    const after = await Promise.all([lab.call(one), lab.call(two), lab.call(one)]);
    one.close();
    two.close();
    const { types } = globalThis as unknown as { types: string[] };
    return { ended, after: after.map(({ code }) => code), deaths: lab.deaths, types };
  });
  for (const { code, message, commitReason } of outcome.ended ?? []) {
    assert.deepEqual([code, commitReason], [Code.INTERNAL, "internal"]);
    assert.match(message, /worker that ran hedgerow is gone: .*a fault on purpose/);
  }
  assert.deepEqual([outcome.ended?.length, outcome.after, outcome.deaths.length], [2, [0, 0, 0], 2]);
  const count = (type: string) => outcome.types.filter((one) => one === type).length;
  assert.deepEqual([count("callStarted"), count("callEnded"), count("attemptStarted"), count("attemptEnded")], [3, 3, 3, 3]);
  assert.equal((await hung.report(t, 2, 2)).ended, 2, "the browser cancelled what it had under way");
  await workers(page, 0);
});

test("worker: a Content-Security-Policy that allows none, and a script that is not there, are LoadErrors that say what to do", async (t) => {
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src *; worker-src 'none'";
  for (const [options, more] of [
    [{ policy }, {}],
    [{}, { workerUrl: "/nowhere.js" }],
    [{}, { workerUrl: "http://elsewhere.invalid/worker.js" }],
  ] as const) {
    const page = await openPage(t, options);
    const error = await page.evaluate(
      (more) =>
        hedgerow.createChannel({ baseUrl: "/", worker: true, ...more }).then(
          () => ["none", ""],
          (error) => [error.name, error.message],
        ),
      more,
    );
    assert.equal(error[0], "LoadError");
    assert.match(error[1] ?? "", /workerUrl.*worker-src/);
    await workers(page, 0);
  }
});

test("worker: WebAssembly that cannot be loaded is a LoadError, also beside what is wrong with options", async (t) => {
  const page = await openPage(t, { wasm: { body: "<!doctype html>", type: "text/html" } });
  const errors = await page.evaluate(async () => {
    const open = (more: object) =>
      hedgerow.createChannel({ baseUrl: "/", worker: true, ...more }).catch((error) => [error.name, error.message]);
    return [await open({}), await open({ wasmUrl: "http://[" }), await open({ fetch: () => {} })];
  });
  assert.match(String(errors[0]), /LoadError,.*no WebAssembly/);
  assert.match(String(errors[1]), /LoadError/);
  assert.match(String(errors[2]), /ConfigError,.*fetch/s);
  await workers(page, 0);
});

test("worker: channels may name the same module or bytes, and no others", async (t) => {
  const page = await openLab(t);
  const outcome = await page.evaluate(async () => {
    const wasmBinary = await (await fetch("/package/hedgerow.wasm")).arrayBuffer();
    const one = await lab.open({ wasmBinary });
    const two = await lab.open({ wasmBinary });
    const codes = [(await lab.call(one)).code, (await lab.call(two)).code];
    const other = await lab.open({ wasmBinary: wasmBinary.slice(0) }).catch((error) => error.name);
    for (const channel of [one, two]) channel.close();
    await hedgerow.preload();
    const wasmModule = await WebAssembly.compile(wasmBinary);
    const [three, four] = [await lab.open({ wasmModule }), await lab.open({ wasmModule })];
    codes.push((await lab.call(three)).code, (await lab.call(four)).code);
    for (const channel of [three, four]) channel.close();
    return { codes, other };
  });
  assert.deepEqual(outcome, { codes: [0, 0, 0, 0], other: "LoadError" });
});

test("worker: being offline and online reaches it", async (t) => {
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
  const script = new Script([{ messages: 40, messageSize: 1 << 20 }]);
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
  assert.equal((await script.report(t, 1, 0)).ended, 0, "40 MiB do not fit between server and reader");
  const rest = await page.evaluate(async () => {
    const { messages } = globalThis as unknown as { messages: AsyncIterable<Uint8Array> };
    let count = 0;
    for await (const message of messages) if (message.length > 1 << 20) count++;
    lab.kept["channel"]?.close();
    return count;
  });
  assert.equal(rest, 39);
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

test("worker: the page's leaving is told to it, so that what ends its requests is no server's failure", async (t) => {
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

test("worker: a thousand calls leave nothing behind in the page", async (t) => {
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
});
