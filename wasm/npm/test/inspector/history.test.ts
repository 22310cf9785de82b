import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallEvent } from "hedgerow";
import { History } from "../../src/inspector/history.js";

const started = (callId: number): CallEvent => ({
  callId,
  method: "/s/m",
  at: callId,
  type: "callStarted",
  policy: "none",
  maxAttempts: 1,
});
const ended = (callId: number): CallEvent => ({
  callId,
  method: "/s/m",
  at: callId + 1,
  type: "callEnded",
  code: 0,
  statusMessage: "",
  attempts: 0,
  reason: "responseHeaders",
});

test("the oldest calls are dropped, and what is told of them later changes nothing", () => {
  const history = new History(2, () => {});
  const { listener } = history.follow(undefined);
  for (const id of [1, 2, 3]) listener(started(id));
  listener(ended(1));
  listener(ended(3));
  assert.deepEqual(
    history.calls.map(({ number, endedAt }) => [number, endedAt]),
    [
      [2, undefined],
      [3, 4],
    ],
  );
  history.limit = 1;
  assert.deepEqual(
    history.calls.map(({ number }) => number),
    [3],
  );
});

test("two channels may number their calls alike; one that leaves ends its own", () => {
  let changes = 0;
  const history = new History(9, () => changes++);
  const [a, b] = [history.follow("a"), history.follow("b")];
  a.listener(started(7));
  b.listener(started(7));
  b.listener(ended(7));
  a.leave();
  a.listener(ended(7));
  a.listener(started(8));
  assert.deepEqual(
    history.calls.map(({ channel, code, endedAt }) => [channel, code, endedAt !== undefined]),
    [
      ["a", undefined, true],
      ["b", 0, true],
    ],
  );
  assert.equal(changes, 4);
});

test("while it is paused, calls that start are not taken up, and those that run go on", () => {
  const history = new History(9, () => {});
  const { listener } = history.follow(undefined);
  listener(started(1));
  history.paused = true;
  listener(started(2));
  listener(ended(1));
  history.paused = false;
  listener(ended(2));
  assert.deepEqual(
    history.calls.map(({ endedAt }) => endedAt),
    [2],
  );
  history.clear();
  assert.deepEqual(history.calls, []);
});
