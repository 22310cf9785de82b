// The attempts of a run as a table, which says the same as the picture. Pure.

import { formatMs, outcomeText, pushbackText, waitText, winnerOf } from "../dist/waterfall.js";
import { executionOf } from "./call.js";

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
