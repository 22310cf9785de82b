// The same events give the same actions, byte for byte, whatever the program was compiled with: native Go, which plays the tape first, is
// the judge of Go's and TinyGo's WebAssembly.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packed } from "../support/builds.js";
import { play } from "../support/play-tape.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const repository = join(packageDir, "../..");

const tapes = {
  "100,000 random events of busy pages": go(["run", "./internal/abi/tape", "record", "-seed", "7", "-events", "100000"]),
  "random walks": await walks(),
};

for (const [what, tape] of Object.entries(tapes)) {
  const expected = go(["run", "./internal/abi/tape", "play"], tape);

  test(`${what} give the same actions natively and in the packed WebAssembly`, async () => {
    check(expected, play(await WebAssembly.compile(packed), tape));
  });

  test(`${what} give the same actions natively and in what Go's own compiler makes`, async () => {
    const wasm = await readFile(join(packageDir, "dist-debug/hedgerow.debug.wasm"));
    check(expected, play(await WebAssembly.compile(wasm), tape));
  });
}

function check(expected: Buffer, transcript: Buffer): void {
  assert.ok(expected.length > 100_000, "the tape is empty");
  const at = expected.findIndex((byte, i) => transcript[i] !== byte);
  assert.equal(at, -1, `they differ from byte ${at} on`);
  assert.equal(transcript.length, expected.length);
}

/** The events that the random walks of calls pass to the driver. */
async function walks(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "hedgerow-"));
  try {
    const file = join(folder, "tape");
    go(["test", "./internal/hostdriver", "-run", "^TestWalks$", "-count", "1", "-args", "-tape", file]);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function go(args: string[], input: Uint8Array = new Uint8Array()): Buffer {
  const { status, stdout, stderr } = spawnSync("go", args, { cwd: repository, input, maxBuffer: 1 << 28 });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}
