import assert from "node:assert/strict";
import { test } from "node:test";
import { executionOf } from "../../model/call.js";
import { callWith, execution, hedged, retried } from "./events.mjs";

test("its events are kept, for the export", () => {
  assert.equal(callWith(retried).events.length, retried.length);
});

test("what the server saw is found by the header that tells attempts apart", () => {
  const call = callWith(hedged);
  call.server = {
    started: 3,
    ended: 3,
    executions: [execution(), execution({ attempt: 2 }), execution({ attempt: 3, previousAttempts: "1" })],
  };
  assert.equal(
    executionOf(call, call.attempts[0]).attempt,
    2,
    "the request that the browser sent again is the one that was answered",
  );
  assert.equal(executionOf(call, call.attempts[1]).attempt, 3);
});

test("attempts that went without the header are found by their order", () => {
  const call = callWith(retried);
  call.exchanges = [{ headers: [] }, { headers: [] }, { headers: [["grpc-previous-rpc-attempts", "2"]] }];
  call.server = {
    started: 3,
    ended: 3,
    executions: [execution(), execution({ attempt: 2 }), execution({ attempt: 3, previousAttempts: "2" })],
  };
  assert.deepEqual(
    call.attempts.map((attempt) => executionOf(call, attempt).attempt),
    [1, 2, 3],
  );
});
