import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf } from "../../model/attempt-table.js";
import { callWith, execution, retried } from "./events.mjs";

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
      ["1", "none", "UNAVAILABLE", "none", "none", "finished after 90 ms"],
      ["2", "120 ms of at most 200 ms", "UNAVAILABLE", "400 ms", "1", "finished after 90 ms"],
      ["3", "400 ms (pushback)", "OK, committed", "none", "2", "finished after 90 ms"],
    ],
  );
});
