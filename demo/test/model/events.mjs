// Event sequences as the package sends them, for the tests of the pure modules.

import { addEvent, newCall } from "../../model/call.js";

export const OK = 0;
export const UNAVAILABLE = 14;

/** A call that took these events: [at, type, fields]. */
export function callWith(events, kind = "unary") {
  const call = newCall({ number: 1, id: "id", kind });
  for (const [at, type, fields] of events) addEvent(call, { callId: 1, method: "/s/m", at, type, ...fields });
  return call;
}

const failed = (attempt, more) => ({ attempt, outcome: "failed", code: UNAVAILABLE, statusMessage: "busy", ...more });
const ended = (attempts, reason, code = OK) => ({ code, statusMessage: code === OK ? "" : "busy", attempts, reason });

/** Fails, is pushed back, succeeds. */
export const retried = [
  [100, "callStarted", { policy: "retry", maxAttempts: 4, timeoutMs: 2000 }],
  [100, "attemptStarted", { attempt: 1, kind: "first" }],
  [150, "attemptEnded", failed(1)],
  [150, "throttle", { tokens: 9, maxTokens: 10, blocked: false }],
  [150, "backoff", { delayMs: 120, boundMs: 200, pushback: false }],
  [270, "attemptStarted", { attempt: 2, kind: "retry" }],
  [300, "attemptEnded", failed(2, { pushback: { delayMs: 400 } })],
  [300, "backoff", { delayMs: 400, boundMs: 400, pushback: true }],
  [700, "attemptStarted", { attempt: 3, kind: "retry" }],
  [800, "attemptHead", { attempt: 3, httpStatus: 200 }],
  [800, "committed", { attempt: 3, reason: "responseHeaders" }],
  [820, "attemptEnded", { attempt: 3, outcome: "committed", code: OK, statusMessage: "" }],
  [820, "callEnded", ended(3, "responseHeaders")],
];

/** The hedge wins while another one is planned. */
export const hedged = [
  [0, "callStarted", { policy: "hedging", maxAttempts: 3 }],
  [0, "attemptStarted", { attempt: 1, kind: "first" }],
  [0, "hedgeScheduled", { delayMs: 150, pushback: false }],
  [150, "attemptStarted", { attempt: 2, kind: "hedge" }],
  [150, "hedgeScheduled", { delayMs: 150, pushback: false }],
  [240, "attemptHead", { attempt: 2, httpStatus: 200 }],
  [240, "attemptEnded", { attempt: 1, outcome: "aborted" }],
  [240, "committed", { attempt: 2, reason: "responseHeaders" }],
  [250, "attemptEnded", { attempt: 2, outcome: "committed", code: OK, statusMessage: "" }],
  [250, "callEnded", ended(2, "responseHeaders")],
];

/** The server asks to stop. */
export const stopped = [
  [0, "callStarted", { policy: "retry", maxAttempts: 4 }],
  [0, "attemptStarted", { attempt: 1, kind: "first" }],
  [80, "attemptEnded", failed(1, { pushback: { stop: true } })],
  [80, "committed", { attempt: 1, reason: "pushback" }],
  [80, "callEnded", ended(1, "pushback", UNAVAILABLE)],
];

export const execution = (fields) => ({
  attempt: 1,
  ending: 1,
  code: 0,
  previousAttempts: "",
  startedUs: 0n,
  endedUs: 90_000n,
  ...fields,
});
