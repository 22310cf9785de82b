import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetConclusion, comparisonOf, hedgingConclusion, throttlingConclusion } from "../../model/comparison.js";
import { statsOf } from "../../model/stats.js";
import { callWith, hedged, retried, stopped } from "./events.mjs";

/** The stats of calls that the server has reported. */
function reported(...calls) {
  for (const call of calls) call.server = { started: call.attempts.length, ended: 0, executions: [] };
  return statsOf(calls);
}

const plain = (rows) => rows.map(({ name, cells }) => [name, ...cells.map(({ text }) => text.replaceAll("\u00a0", " "))]);
const better = (rows) => rows.map(({ cells }) => cells.map((cell) => cell.better));

test("a comparison says what each run gained and what it cost, and marks what is better", () => {
  const rows = comparisonOf([reported(callWith(stopped), callWith(stopped)), reported(callWith(retried), callWith(stopped))]);
  assert.deepEqual(plain(rows), [
    ["Calls that succeeded", "0 of 2 (0 %)", "1 of 2 (50 %)"],
    ["Median of those", "–", "720 ms"],
    ["Slowest of those", "–", "720 ms"],
    ["Attempts by the client", "2", "4"],
    ["Executions by the server", "2", "4"],
    ["Extra requests", "+0 %", "+100 %"],
  ]);
  assert.deepEqual(better(rows), [
    [false, true],
    [false, false],
    [false, false],
    [true, false],
    [true, false],
    [true, false],
  ]);
});

test("nothing is better where both are alike, or while a run is not complete", () => {
  const none = (rows) =>
    better(rows)
      .flat()
      .every((one) => !one);
  assert.ok(none(comparisonOf([reported(callWith(retried)), reported(callWith(retried))])));
  assert.ok(none(comparisonOf([reported(callWith(retried)), statsOf([callWith(stopped)])])), "the server was not asked yet");
  assert.ok(none(comparisonOf([reported(callWith(retried)), reported(callWith(hedged.slice(0, 2)))])));
  const [first] = comparisonOf([reported(callWith(retried)), undefined]);
  assert.deepEqual([first.cells[1].text, first.cells[0].better], ["–", false]);
});

test("the 95th percentile is shown of many calls only", () => {
  const names = (n) => comparisonOf([reported(...Array.from({ length: n }, () => callWith(retried)))]).map(({ name }) => name);
  assert.ok(names(20).includes("95th percentile of those"));
  assert.ok(!names(19).includes("95th percentile of those"));
});

test("what is said of hedging and throttling depends on the numbers", () => {
  const run = (ok, ms, extra, executed) => ({ calls: 30, ok, goodDurations: Array(ok).fill(ms), extra, executed });
  assert.match(
    hedgingConclusion([run(30, 1300, 0), run(30, 300, 0.1)]),
    /^Hedging cut the 95th percentile from 1\.3 s to 300 ms, for 10\s% /,
  );
  assert.match(
    hedgingConclusion([run(30, 1770, 0), run(30, 2410, 0.1)]),
    /^Hedging did not help this time.*2\.41 s.*1\.77 s without it/,
  );
  assert.equal(hedgingConclusion([run(0, 0, 0), run(30, 300, 0)]), "");
  const spared = throttlingConclusion([run(21, 9, 0, 75), run(12, 9, 0, 37)]);
  assert.equal(spared, "Throttling spared the server 38 of 75 requests; 9 fewer calls succeeded.");
  assert.match(throttlingConclusion([run(21, 9, 0, 75), run(21, 9, 0, 75)]), /spared the server nothing/);
});

test("a budget's conclusion counts the requests that a server which is down was sent in addition", () => {
  assert.equal(
    budgetConclusion([{ extra: 3 }, { extra: 0.1 }]).replaceAll("\u00a0", " "),
    "Retries sent a server that is down 300 % more requests, and 10 % on a budget. No call could have been saved.",
  );
});
