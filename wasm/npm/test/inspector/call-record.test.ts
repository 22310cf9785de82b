// What is known of a call, from its events.
import assert from "node:assert/strict";
import { test } from "node:test";
import { abandon, winnerOf } from "../../src/inspector/call-record.js";
import { apply, callWith, hedged, OK, retried, stopped, UNAVAILABLE } from "./events.js";

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
  assert.equal(winnerOf(call)?.number, 3);
  assert.deepEqual(call.throttles, [{ at: 150, tokens: 9, maxTokens: 10, blocked: false }]);
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
  assert.equal(call.attempts[0]?.outcome, "aborted");
});

test("a call that ends in its backoff has no open wait", () => {
  const call = callWith(retried.slice(0, 5));
  apply(call, [200, "committed", { reason: "cancelled" }]);
  apply(call, [200, "callEnded", { code: 1, statusMessage: "stopped", attempts: 1, reason: "cancelled" }]);
  assert.equal(call.gaps[0]?.until, 200);
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
  const { version: _, ...before } = structuredClone(call);
  apply(call, [90, "somethingNew", {}]);
  const { version: __, ...after } = call;
  assert.deepEqual(after, before);
});

test("a call that is watched no longer ends there, without a code", () => {
  const call = callWith(retried.slice(0, 5));
  abandon(call, 180);
  abandon(call, 500);
  assert.deepEqual([call.endedAt, call.code, call.gaps[0]?.until], [180, undefined, 180]);
});
