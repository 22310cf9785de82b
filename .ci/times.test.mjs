// Tests the table of times with which .ci/run ends, with a small Makefile.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const MAKEFILE = `
SHELL := ${here("timed-shell.sh")}
.SHELLFLAGS = --part=$@ -c
all: first second
first: ; @true
\t@echo $(shell echo "two  words")
second: ; @exit 3
`;

test("every part is listed once, in its order, and the one that failed is named", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "hedgerow-times-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const env = { ...process.env, TIMES: join(dir, "times"), MAKEFLAGS: "" };
  writeFileSync(join(dir, "Makefile"), MAKEFILE);
  const { stdout, stderr, status } = spawnSync("make", ["-C", dir], { env, encoding: "utf8" });
  assert.equal(status, 2);
  assert.match(stdout, /^two words$/m);
  assert.match(stderr, /second\] Error 3/); // make is given the command's own status.
  const table = spawnSync(here("times.sh"), [env.TIMES], { encoding: "utf8" }).stdout;
  assert.match(table, /^first +\d+ min +\d+\.\d s\nsecond +\d+ min +\d+\.\d s {2}failed\nall +\d+ min +\d+\.\d s\n$/);
});
