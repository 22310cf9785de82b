// The program behind make fuzz finds the targets, counts what they execute, and refuses a word that selects none.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("fuzz.mjs", import.meta.url));
const fuzz = (...flags) => spawnSync("node", [program, ...flags], { encoding: "utf8" });

test("a target is executed as often as it is asked to", () => {
  const { status, stdout } = fuzz("--time", "200x", "--only", "FuzzTimeout", "--record", "build/fuzz-test.json");
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^ +2\d\d .*internal\/wire FuzzTimeout$/m);
  assert.match(stdout, /1 targets, 0 failed/);
});

test("a word that selects no target is refused", () => {
  const { status, stderr } = fuzz("--only", "nothing of this name");
  assert.equal(status, 1);
  assert.match(stderr, /no fuzz target/);
});
