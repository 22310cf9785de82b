import assert from "node:assert/strict";
import { test } from "node:test";
import { statsOf } from "../../model/stats.js";
import { remarksOf, runSummaryOf, summaryOf } from "../../model/summary.js";
import { callWith, hedged, retried, stopped } from "./events.mjs";

test("a call is summed up in one line", () => {
  const call = callWith(retried);
  assert.equal(summaryOf(call), "3 attempts · OK · committed by responseHeaders");
  call.server = { started: 3, ended: 3, executions: [] };
  assert.equal(summaryOf(call), "3 attempts · OK · committed by responseHeaders · server executed 3");
  assert.equal(summaryOf(callWith(retried.slice(0, 5))), "1 attempt · waiting 120 ms before the next");
  assert.equal(summaryOf(callWith(hedged, "stream")), "2 attempts · OK · 0 messages · committed by responseHeaders");
});

test("a failure says why, and a count that differs is explained", () => {
  const call = callWith(stopped);
  assert.deepEqual(remarksOf(call), ["busy"]);
  call.server = { started: 2, ended: 2, executions: [] };
  assert.match(remarksOf(call)[1], /counted more requests/);
  const loser = callWith(hedged);
  loser.server = { started: 1, ended: 1, executions: [] };
  assert.match(remarksOf(loser)[0], /counted fewer requests/);
});

test("a call that was not sent says so, and is not counted", () => {
  const [planned, skipped] = [callWith([]), { ...callWith([]), skipped: true }];
  assert.equal(summaryOf(planned), "waiting for its turn");
  assert.equal(summaryOf(skipped), "not sent");
  assert.match(runSummaryOf(statsOf([callWith(retried), planned])), /^1 of 2 calls ended · /);
  assert.match(runSummaryOf(statsOf([callWith(retried), skipped])), /^1 of 1 call OK \(720 ms\) · /);
});

test("a run is summed up in one line", () => {
  assert.equal(runSummaryOf(statsOf([callWith(retried), callWith(stopped)])), "1 of 2 calls OK (720 ms) · 4 attempts");
});

test("a run's times are those of the calls that succeeded", () => {
  assert.equal(
    runSummaryOf(statsOf([callWith(retried), callWith(hedged), callWith(stopped)])),
    "2 of 3 calls OK (median 250 ms, slowest 720 ms) · 6 attempts",
  );
  assert.equal(runSummaryOf(statsOf([callWith(stopped)])), "0 of 1 call OK · 1 attempt");
});
