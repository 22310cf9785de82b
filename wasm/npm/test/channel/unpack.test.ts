// The text that carries the WebAssembly inside JavaScript: whatever the bytes are, they come back.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { unpack } from "../../src/channel/unpack.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const { embed }: { embed(bytes: Uint8Array): string } = await import(pathToFileURL(join(packageDir, "embed.mjs")).href);

const all = Uint8Array.from({ length: 256 }, (_, i) => i);
const cases: Record<string, Uint8Array> = {
  "no bytes": new Uint8Array(),
  "one byte": Uint8Array.of(255),
  "all bytes": all,
  "some bytes oftener than others": Uint8Array.from({ length: 10_000 }, (_, i) => (i * i * i) >>> (i % 7)),
};

for (const [what, bytes] of Object.entries(cases)) {
  test(`${what}: written as text and read again`, () => {
    const text = embed(bytes);
    assert.deepEqual(Buffer.from(unpack(text)), Buffer.from(bytes));
    assert.match(text, /^[#-;=-[\]-~]*$/, "characters that something may write otherwise");
  });
}

test("the WebAssembly is written in less than a tenth more", async () => {
  const wasm = await readFile(join(packageDir, "dist/hedgerow.wasm"));
  const text = embed(wasm);
  assert.deepEqual(Buffer.from(unpack(text)), wasm);
  assert.ok(text.length < 1.1 * wasm.length, `${text.length} of ${wasm.length}`);
});
