// The page's own list of the status codes has the package's names, in their order.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { codeNames } from "../../model/codes.js";

test("the names of the codes are the package's", async () => {
  const text = await readFile(new URL("../../../wasm/npm/src/api/code-names.ts", import.meta.url), "utf8");
  assert.deepEqual(
    [...text.matchAll(/^ {2}"([A-Z_]+)",$/gm)].map(([, name]) => name),
    codeNames,
  );
});
