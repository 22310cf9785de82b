import assert from "node:assert/strict";
import { test } from "node:test";
import { codeName, formatMs, formatShare, reasonText, waitText } from "../../src/inspector/words.js";
import { callWith, hedged, retried } from "./events.js";

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

test("without a policy a failure is final because there is none, not because of its code", () => {
  assert.equal(reasonText("fatalStatus", "none"), "no policy: the first failure is final");
  assert.match(reasonText("fatalStatus", "retry"), /a code that the policy does not list/);
});

test("what was waited for before an attempt", () => {
  const words = (events: typeof retried) => callWith(events).attempts.map((_, lane) => waitText(callWith(events), lane));
  assert.deepEqual(words(retried), ["none", "120 ms of at most 200 ms", "400 ms (pushback)"]);
  assert.deepEqual(words(hedged), ["none", "150 ms (hedging delay)"]);
});

test("codes have names, also those that nobody knows", () => {
  assert.deepEqual([codeName(14), codeName(99), codeName(undefined)], ["UNAVAILABLE", "CODE_99", undefined]);
});
