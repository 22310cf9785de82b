import assert from "node:assert/strict";
import { test } from "node:test";
import { randomFrom } from "../../model/random.js";

test("the generator stays within 0 and 1 and is spread over it", () => {
  const random = randomFrom(42);
  const drawn = Array.from({ length: 10_000 }, random);
  assert.ok(drawn.every((x) => x >= 0 && x < 1));
  assert.ok(Math.abs(drawn.reduce((sum, x) => sum + x, 0) / drawn.length - 0.5) < 0.02);
});
