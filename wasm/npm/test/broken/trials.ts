// Tries all rows of a table, by a channel without a retry policy and by two with one.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type ChannelOptions, createChannel } from "hedgerow";
import { packed } from "../support/builds.js";
import { retrying } from "../support/calls.js";
import { memory } from "../support/memory.js";
import { type Expected, judge, type Trial } from "./judge.js";
import { methodOf } from "./raw-server.js";

/** So many rows are tried at once. */
const AT_ONCE = 32;
/**
 * What the WebAssembly may have of memory after all rows of a table, in bytes. An answer may need some of its own size at a time, of which
 * the largest blocks have 1 MiB, and 64 calls are open at once. An answer that needs a hundred times its size goes beyond it.
 */
const BOUND = 128 << 20;

async function trials(t: TestContext, baseUrl: string, options: Partial<ChannelOptions>): Promise<Trial[]> {
  const open = async (name: string, more: Partial<ChannelOptions>, retries: Trial["retries"]): Promise<Trial> => {
    const channel = await createChannel({ baseUrl, wasmBinary: packed, ...options, ...more });
    t.after(() => channel.close());
    return { name, channel, retries };
  };
  const policy = { serviceConfig: retrying({ maxAttempts: 3 }) };
  return [
    await open("without a policy", {}, () => false),
    await open("with a policy", policy, (retried) => retried === "always"),
    await open("with a policy and firstFrame", { ...policy, headerCommit: "firstFrame" }, (retried) => retried !== "never"),
  ];
}

/** Tries all rows, and fails with everything that was wrong. */
export async function tryAll(
  t: TestContext,
  rows: readonly Expected[],
  baseUrl: string,
  options: Partial<ChannelOptions>,
): Promise<void> {
  const rejections: unknown[] = [];
  const rejected = (reason: unknown) => rejections.push(reason);
  process.on("unhandledRejection", rejected);
  t.after(() => process.off("unhandledRejection", rejected));
  const all = await trials(t, baseUrl, options);
  const wrong: string[] = [];
  const todo = rows.entries();
  const work = async () => {
    for (const [n, row] of todo) {
      for (const trial of all) wrong.push(...(await judge(trial, methodOf(n), row, options.webSocket !== undefined)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  assert.equal(wrong.length, 0, [`${wrong.length} calls ended otherwise:`, ...wrong.slice(0, 40)].join("\n"));
  assert.deepEqual(rejections, []);
  assert.ok(memory() > 0 && memory() < BOUND, `the WebAssembly has ${memory()} bytes of memory`);
}
