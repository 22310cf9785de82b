import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMs, formatShare } from "../../model/format.js";

test("spans are short to read", () => {
  assert.deepEqual([0, 0.4, 8.4, 612, 1000, 1240, 12_500].map(formatMs), [
    "0 ms",
    "<1 ms",
    "8 ms",
    "612 ms",
    "1 s",
    "1.24 s",
    "12.5 s",
  ]);
});

test("shares keep only the digits that say something, and their sign beside them", () => {
  assert.deepEqual([0, 0.5, 0.125, 1, 2].map(formatShare), ["0\u00a0%", "50\u00a0%", "12.5\u00a0%", "100\u00a0%", "200\u00a0%"]);
});
