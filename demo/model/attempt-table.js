// The attempts of a run as a table, which says the same as the picture. Pure.

import { executionOf, winnerOf } from "./call.js";
import { codeName } from "./codes.js";
import { formatMs } from "./format.js";

/** [key of a row, heading]. */
export const columns = Object.freeze([
  ["call", "Call"],
  ["attempt", "Attempt"],
  ["kind", "Kind"],
  ["start", "Started at"],
  ["wait", "Waited before"],
  ["head", "Headers after"],
  ["end", "Ended after"],
  ["result", "Result"],
  ["pushback", "Pushback"],
  ["previous", "grpc-previous-rpc-attempts"],
  ["server", "On the server"],
]);

/** A row for each attempt of a call; `origin` is the instant that the run counts from. */
export function rowsOf(call, origin) {
  const winner = winnerOf(call);
  return call.attempts.map((attempt, lane) => ({
    call: String(call.number),
    attempt: String(attempt.number),
    kind: attempt.kind,
    start: formatMs(attempt.startedAt - origin),
    wait: waitText(call, lane),
    head: attempt.headAt === undefined ? "none" : formatMs(attempt.headAt - attempt.startedAt),
    end: attempt.endedAt === undefined ? "running" : formatMs(attempt.endedAt - attempt.startedAt),
    result: outcomeText(attempt) + (attempt === winner ? ", committed" : ""),
    pushback: pushbackText(attempt.pushback),
    previous: executionOf(call, attempt)?.previousAttempts || "none",
    server: executionText(call, attempt),
  }));
}

/** What the client waited for before the attempt in this lane. */
export function waitText(call, lane) {
  const gap = call.gaps.find((one) => one.lane === lane);
  if (gap) return `${formatMs(gap.delayMs)} ${gap.pushback ? "(pushback)" : `of at most ${formatMs(gap.boundMs)}`}`;
  const delay = call.delays.findLast((one) => one.lane === lane - 1);
  return delay ? `${formatMs(delay.delayMs)} ${delay.pushback ? "(pushback)" : "(hedging delay)"}` : "none";
}

function outcomeText(attempt) {
  return attempt.outcome === "pending" || attempt.outcome === "aborted"
    ? attempt.outcome
    : (codeName(attempt.code) ?? attempt.outcome);
}

export function pushbackText(pushback) {
  if (!pushback) return "none";
  return "stop" in pushback ? "stop" : formatMs(pushback.delayMs);
}

/** How the server's execution of an attempt ended, by the number of chaos.v1.Ending. */
export const endings = Object.freeze([
  "still running",
  "finished",
  "canceled by the client",
  "stopped at the deadline that the client sent",
]);

function executionText(call, attempt) {
  if (!call.server) return "not asked yet";
  const execution = executionOf(call, attempt);
  if (!execution) return "never arrived";
  const span = execution.endedUs > 0n ? ` after ${formatMs(Number(execution.endedUs - execution.startedUs) / 1000)}` : "";
  return endings[execution.ending] + span;
}
