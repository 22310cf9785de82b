import assert from "node:assert/strict";
import { test } from "node:test";
import { faults, randomFrom } from "../faults.js";

test("every preset is a script for both kinds of call", () => {
  assert.equal(new Set(faults.map(({ id }) => id)).size, faults.length);
  for (const { id, name, see, suits, steps, baseUrl } of faults) {
    assert.ok(name && see && ["retry", "hedging"].includes(suits.policy), id);
    for (const kind of ["unary", "stream"]) assert.ok(steps(kind, randomFrom(1)).length > 0 || baseUrl, `${id}, ${kind}`);
  }
});

test("the same seed draws the same script", () => {
  const { steps } = faults.find(({ id }) => id === "brown-out");
  const draw = (seed) =>
    JSON.stringify(
      Array.from(
        { length: 9 },
        (() => {
          const random = randomFrom(seed);
          return () => steps("unary", random);
        })(),
      ),
    );
  assert.equal(draw(7), draw(7));
  assert.notEqual(draw(7), draw(8));
});

test("the generator stays within 0 and 1 and is spread over it", () => {
  const random = randomFrom(42);
  const drawn = Array.from({ length: 10_000 }, random);
  assert.ok(drawn.every((x) => x >= 0 && x < 1));
  assert.ok(Math.abs(drawn.reduce((sum, x) => sum + x, 0) / drawn.length - 0.5) < 0.02);
});
