// The soak (soak.mjs), so small that it takes seconds: it runs in Node and in Chromium with both builds, and notices what is left behind.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

function soak(...flags: string[]): Promise<{ failed: boolean; said: string }> {
  const program = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "soak.mjs");
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...flags], (error, stdout, stderr) => {
      resolve({ failed: error !== null, said: stdout + stderr });
    });
  });
}

test("calls of all endings leave nothing behind, in Node and in Chromium", async () => {
  const { failed, said } = await soak("--calls", "4000", "--real", "400", "--streams", "400");
  assert.ok(!failed && !said.includes("WRONG"), said);
  for (const where of [
    "Node.*TinyGo's build",
    "Node.*Go's own build",
    "Chrome.*TinyGo's build",
    "Chrome.*Go's own build",
    "Chrome.*the Go API",
  ]) {
    for (const what of ["4,000 calls over", "400 calls to", "400 streams"])
      assert.match(said, new RegExp(`^${where}: ${what}`, "m"));
  }
});

for (const leak of ["wasm", "heap", "timers", "listeners", "references"]) {
  test(`what is left behind is noticed: ${leak}`, async () => {
    const { failed, said } = await soak(
      "--calls",
      "4000",
      "--real",
      "0",
      "--streams",
      "0",
      "--in",
      "node",
      "--build",
      "go",
      "--leak",
      leak,
    );
    assert.ok(failed, said);
    assert.match(said, /GROWS/);
  });
}
