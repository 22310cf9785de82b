// Tries all rows of a table, by a channel without a retry policy and by two with one.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type ChannelOptions, createChannel } from "hedgerow";
import { packed } from "../support/builds.js";
import { retrying } from "../support/calls.js";
import { memory } from "../support/memory.js";
import { type Expected, judgeAll } from "./judge.js";

/** So many rows are tried at once. */
const AT_ONCE = 32;
/**
 * What the WebAssembly may have of memory after all rows of a table, in bytes. An answer may need some of its own size at a time, of which
 * the largest blocks have 1 MiB, and 64 calls are open at once. An answer that needs a hundred times its size goes beyond it.
 */
const BOUND = 128 << 20;

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
  const open = (more: Partial<ChannelOptions>) => createChannel({ baseUrl, wasmBinary: packed, ...options, ...more });
  const policy = { serviceConfig: retrying({ maxAttempts: 3 }) };
  const wrong = await judgeAll(open, policy, rows, AT_ONCE, options.webSocket !== undefined);
  assert.equal(wrong.length, 0, [`${wrong.length} calls ended otherwise:`, ...wrong.slice(0, 40)].join("\n"));
  assert.deepEqual(rejections, []);
  assert.ok(memory() > 0 && memory() < BOUND, `the WebAssembly has ${memory()} bytes of memory`);
}
