import assert from "node:assert/strict";
import { test } from "node:test";
import { arrivalsOf, distributionOf, nines, percentile, shareAt, statsOf, tokensOf } from "../../model/stats.js";
import { callWith, hedged, retried, stopped } from "./events.mjs";

test("a run is summed up, and the server's count waits for all reports", () => {
  const calls = [callWith(retried), callWith(hedged), callWith(stopped)];
  const { ok, attempts, executed, extra, durations, goodDurations, tokens } = statsOf(calls);
  assert.deepEqual({ ok, attempts, executed, extra }, { ok: 2, attempts: 6, executed: undefined, extra: 1 });
  assert.deepEqual(
    [durations, goodDurations],
    [
      [80, 250, 720],
      [250, 720],
    ],
  );
  assert.equal(tokens.tokens, 9);
  for (const call of calls) call.server = { started: call.attempts.length + 1, ended: 0, executions: [] };
  assert.deepEqual([statsOf(calls).executed, statsOf(calls).extra], [9, 2], "what it executed is what it had to bear");
});

test("percentiles are values that occurred", () => {
  const list = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual(
    [0, 0.5, 0.95, 0.99, 1].map((share) => percentile(list, share)),
    [1, 50, 95, 99, 100],
  );
  assert.equal(percentile([], 0.5), undefined);
});

test("the axis of nines goes as far as the calls have something to say", () => {
  assert.ok(Math.abs(shareAt(nines(0.99)) - 0.99) < 1e-12);
  const [xs, few, many] = distributionOf([[10, 20], Array.from({ length: 1000 }, (_, i) => i)], 30);
  assert.deepEqual([xs[0], xs.at(-1)], [0, 3]);
  assert.deepEqual([few[0], few.at(-1)], [10, null], "two calls say nothing of 99.9 %");
  assert.equal(many.at(-1), 998);
  assert.deepEqual(distributionOf([[], []], 2)[1], [null, null, null]);
});

test("requests are counted where they left the browser", () => {
  const call = callWith(retried); // attempts at 100, 270 and 700
  const counts = () => arrivalsOf([call], 100, 800, 4).map(({ first, more }) => [first, more]);
  assert.deepEqual(counts(), [
    [1, 1],
    [0, 0],
    [0, 0],
    [0, 1],
  ]);
  call.attempts[0].sentAt = 320;
  assert.deepEqual(counts()[0], [0, 1]);
  assert.deepEqual(counts()[1], [1, 0]);
});

test("the token bucket is seen by all calls of a run", () => {
  const [a, b] = [callWith(retried), callWith(stopped)];
  b.throttles = [{ at: 40, tokens: 10, maxTokens: 10, blocked: false }];
  assert.deepEqual(
    tokensOf([a, b]).map(({ at }) => at),
    [40, 150],
  );
});
