import assert from "node:assert/strict";
import { test } from "node:test";
import { statsOf } from "../../model/stats.js";
import { balanceOf, formatMs, remarksOf, rowsOf, runSummaryOf, summaryOf } from "../../model/words.js";
import { callWith, execution, hedged, retried, stopped } from "./events.mjs";

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
  assert.match(remarksOf(call)[1], /counted more/);
  const loser = callWith(hedged);
  loser.server = { started: 1, ended: 1, executions: [] };
  assert.match(remarksOf(loser)[0], /counted less/);
});

test("a call that was not sent says so, and is not counted", () => {
  const [planned, skipped] = [callWith([]), { ...callWith([]), skipped: true }];
  assert.equal(summaryOf(planned), "waits for its turn");
  assert.equal(summaryOf(skipped), "not sent");
  assert.match(runSummaryOf(statsOf([callWith(retried), planned])), /^1 of 2 calls ended · /);
  assert.match(runSummaryOf(statsOf([callWith(retried), skipped])), /^1 of 1 call OK · /);
});

test("a run is summed up in one line", () => {
  assert.equal(
    runSummaryOf(statsOf([callWith(retried), callWith(stopped)])),
    "1 of 2 calls OK · 4 attempts · median 80 ms, slowest 720 ms",
  );
});

test("the table says what the picture shows", () => {
  const call = callWith(retried);
  call.server = { started: 3, ended: 3, executions: ["", "1", "2"].map((previousAttempts) => execution({ previousAttempts })) };
  assert.deepEqual(
    rowsOf(call, 100).map(({ attempt, wait, result, pushback, previous, server }) => [
      attempt,
      wait,
      result,
      pushback,
      previous,
      server,
    ]),
    [
      ["1", "none", "UNAVAILABLE", "none", "none", "played to its end after 90 ms"],
      ["2", "120 ms of at most 200 ms", "UNAVAILABLE", "400 ms", "1", "played to its end after 90 ms"],
      ["3", "400 ms (pushback)", "OK, committed", "none", "2", "played to its end after 90 ms"],
    ],
  );
});

test("a balance says what was gained and what it cost", () => {
  const calls = [callWith(retried), callWith(stopped)];
  for (const call of calls) call.server = { started: call.attempts.length, ended: 0, executions: [] };
  assert.deepEqual(balanceOf(statsOf(calls)), [
    ["Calls that succeeded", "1 of 2 (50 %)"],
    ["Half of those within", "720 ms"],
    ["All within", "720 ms"],
    ["Client’s attempts", "4"],
    ["Server’s executions", "4"],
    ["Extra requests", "+100 %"],
  ]);
});
