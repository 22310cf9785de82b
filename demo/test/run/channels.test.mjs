import assert from "node:assert/strict";
import { test } from "node:test";
import { clock } from "../../run/channels.js";

test("the timers of a background tab fire on full seconds, and never early", (t) => {
  const timers = t.mock.method(globalThis, "setTimeout", () => 0).mock;
  t.mock.method(performance, "now", () => 1234.5);
  const waited = (ms) => {
    clock.setTimeout(() => {}, ms);
    return timers.calls.at(-1).arguments[1];
  };
  assert.equal(waited(200), 200);
  clock.background = true;
  assert.deepEqual([0, 200, 765.5, 1700].map(waited), [765.5, 765.5, 765.5, 1765.5]);
  clock.background = false;
});
