import assert from "node:assert/strict";
import { test } from "node:test";
import { newCall } from "../../model/call.js";
import { Subscription } from "../../model/subscription.js";
import { OK, UNAVAILABLE } from "./events.mjs";

/** The events of one stream, as the package sends them. */
const stream = (callId, at, code) =>
  [
    { type: "callStarted", policy: "retry", maxAttempts: 4, at },
    { type: "attemptStarted", attempt: 1, kind: "first", at },
    { type: "attemptHead", attempt: 1, httpStatus: 200, at: at + 10 },
    { type: "committed", attempt: 1, reason: "responseHeaders", at: at + 10 },
    { type: "attemptEnded", attempt: 1, outcome: "committed", code, statusMessage: "", at: at + 50 },
    { type: "callEnded", code, statusMessage: "", attempts: 1, reason: "responseHeaders", at: at + 50 },
  ].map((event) => ({ callId, method: "/s/m", ...event }));

test("the streams of a subscription are the attempts of one call, which ends with the last of them", () => {
  const call = newCall({ number: 1, id: "id", kind: "subscription" });
  const subscription = new Subscription(call);
  for (const event of stream(7, 0, UNAVAILABLE)) subscription.addEvent(event);
  assert.equal(call.endedAt, undefined, "it waits for its renewal");
  for (const event of stream(8, 100, OK)) subscription.addEvent(event);
  subscription.end();
  assert.deepEqual(
    call.attempts.map(({ number, kind, startedAt, endedAt, code }) => [number, kind, startedAt, endedAt, code]),
    [
      [1, "first", 0, 50, UNAVAILABLE],
      [2, "retry", 100, 150, OK],
    ],
  );
  assert.deepEqual([call.startedAt, call.endedAt, call.code, call.commit.attempt], [0, 150, OK, 2]);
  assert.equal(call.events.length, 12, "the export has the events as they were");
});

test("a subscription without a stream is no call that ended", () => {
  const call = newCall({ number: 1, id: "id", kind: "subscription" });
  new Subscription(call).end();
  assert.equal(call.endedAt, undefined);
});
