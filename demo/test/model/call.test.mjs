import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEvent, executionOf, sentAt, winnerOf } from "../../model/call.js";
import { callWith, execution, hedged, OK, retried, stopped, UNAVAILABLE } from "./events.mjs";

test("a retried call keeps its attempts, its waits and its end", () => {
  const call = callWith(retried);
  assert.deepEqual(
    call.attempts.map(({ number, kind, outcome, code }) => [number, kind, outcome, code]),
    [
      [1, "first", "failed", UNAVAILABLE],
      [2, "retry", "failed", UNAVAILABLE],
      [3, "retry", "committed", OK],
    ],
  );
  assert.deepEqual(
    call.gaps.map(({ lane, from, until, pushback }) => [lane, from, until, pushback]),
    [
      [1, 150, 270, false],
      [2, 300, 700, true],
    ],
  );
  assert.equal(winnerOf(call).number, 3);
  assert.deepEqual(call.throttles, [{ at: 150, tokens: 9, maxTokens: 10, blocked: false }]);
  assert.equal(call.events.length, retried.length, "and its events, for the export");
  assert.equal(call.reason, "responseHeaders");
});

test("a hedging delay fires with the hedge, or is cut by the commit", () => {
  const call = callWith(hedged);
  assert.deepEqual(
    call.delays.map(({ lane, from, until, fired }) => [lane, from, until, fired]),
    [
      [0, 0, 150, true],
      [1, 150, 240, false],
    ],
  );
  assert.equal(call.attempts[0].outcome, "aborted");
});

test("a call that ends in its backoff has no open wait", () => {
  const call = callWith(retried.slice(0, 5));
  applyEvent(call, { type: "committed", at: 200, reason: "cancelled" });
  applyEvent(call, { type: "callEnded", at: 200, code: 1, statusMessage: "stopped", attempts: 1, reason: "cancelled" });
  assert.equal(call.gaps[0].until, 200);
  assert.equal(winnerOf(call), undefined);
});

test("a transparent restart repeats its number", () => {
  const call = callWith([
    [0, "callStarted", { policy: "none", maxAttempts: 1 }],
    [0, "attemptStarted", { attempt: 1, kind: "first" }],
    [5, "attemptEnded", { attempt: 1, outcome: "failed", code: UNAVAILABLE }],
    [5, "attemptStarted", { attempt: 1, kind: "transparent" }],
    [9, "attemptEnded", { attempt: 1, outcome: "committed", code: OK }],
  ]);
  assert.deepEqual(
    call.attempts.map(({ kind, outcome }) => [kind, outcome]),
    [
      ["first", "failed"],
      ["transparent", "committed"],
    ],
  );
});

test("events and fields that came later than the page change nothing", () => {
  const call = callWith(stopped);
  const { version: _, events: __, ...before } = structuredClone(call);
  applyEvent(call, { type: "somethingNew", at: 90 });
  const { version: ___, events: ____, ...after } = call;
  assert.deepEqual(after, before);
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

test("an attempt was sent when Resource Timing says so, or nobody knows", () => {
  const call = callWith(retried);
  const [first] = call.attempts;
  call.exchanges = [{ timing: { requestStart: first.startedAt + 30 } }, { timing: { requestStart: 0 } }];
  assert.deepEqual(
    [0, 1, 2].map((lane) => sentAt(call, lane)),
    [130, undefined, undefined],
  );
});
