// The worker of worker: true, from its start to its ends: when it is shared, replaced and ended, and who hears of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hang, Script } from "../support/server.js";
import { onlyChromium } from "./launch.js";
import { built, openPage } from "./pages.js";
import { openLab, workers } from "./worker-lab.js";

const Code = { CANCELLED: 1, INTERNAL: 13 };
const bytesOf = (script: Script) => Array.from(script.bytes);

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

test(
  "worker: one that throws what nobody catches is given up: its calls end, and the next ones have another",
  onlyChromium("the driver cannot run code in a worker"),
  async (t) => {
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
      assert.match(message, /worker that ran Hedgerow is gone: .*a fault on purpose/);
    }
    assert.deepEqual([outcome.ended?.length, outcome.after, outcome.deaths.length], [2, [0, 0, 0], 2]);
    const count = (type: string) => outcome.types.filter((one) => one === type).length;
    assert.deepEqual([count("callStarted"), count("callEnded"), count("attemptStarted"), count("attemptEnded")], [3, 3, 3, 3]);
    assert.equal((await hung.report(t, 2, 2)).ended, 2, "the browser canceled what it had under way");
    await workers(page, 0);
  },
);

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
  assert.match(String(errors[0]), /LoadError,.*not WebAssembly/);
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
