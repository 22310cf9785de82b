// How a call reads: the summary beside its picture, and the rows of the table that says the same as the picture. Pure.

import { executedBy, executionOf, winnerOf } from "./call.js";
import { nameOf } from "./codes.js";
import { percentile } from "./stats.js";

/** "8 ms", "612 ms", "1.24 s". */
export function formatMs(ms) {
  if (ms >= 1000) return `${trimZeros((ms / 1000).toFixed(2))} s`;
  return ms > 0 && ms < 1 ? "<1 ms" : `${Math.round(ms)} ms`;
}

function trimZeros(text) {
  return text.replace(/\.?0+$/, "");
}

/** "1 attempt", "3 attempts". */
export function count(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** One line: what happened to the call so far. */
export function summaryOf(call) {
  if (call.startedAt === undefined) return call.skipped ? "not sent" : "waits for its turn";
  const parts = [count(call.attempts.length, "attempt")];
  if (call.endedAt === undefined) return [...parts, doing(call)].join(" · ");
  parts.push(nameOf(call.code));
  if (call.kind !== "unary") parts.push(count(call.messages.length, "message"));
  parts.push(`committed by ${call.reason}`);
  const executed = executedBy(call);
  if (executed !== undefined) parts.push(`server executed ${executed}`);
  return parts.join(" · ");
}

function doing(call) {
  if (call.commit) return "receiving";
  const waiting = call.gaps.find((gap) => gap.until === undefined);
  if (waiting) return `waiting ${formatMs(waiting.delayMs)} before the next`;
  return "running";
}

const sentTwice = "The server counted more: a browser repeats a POST by itself when the connection that it reused for it breaks.";
const neverSent =
  "The server counted less: an attempt was aborted before it left the browser, which opens at most six connections to an HTTP/1.1 server.";

/** What a reader should know beyond the summary, one sentence each. */
export function remarksOf(call) {
  const remarks = [];
  if (call.endedAt !== undefined && call.code !== 0 && call.statusMessage) remarks.push(call.statusMessage);
  const executed = executedBy(call);
  if (executed > call.attempts.length) remarks.push(sentTwice);
  if (executed < call.attempts.length && call.attempts.some(({ outcome }) => outcome === "aborted")) remarks.push(neverSent);
  return [...remarks, ...call.warnings];
}

/** One line about a whole run. */
export function runSummaryOf(stats) {
  const progress =
    stats.ended < stats.calls
      ? `${stats.ended} of ${count(stats.calls, "call")} ended`
      : `${stats.ok} of ${count(stats.calls, "call")} OK`;
  const parts = [progress, count(stats.attempts, "attempt")];
  if (stats.executed !== undefined) parts.push(`server executed ${stats.executed}`);
  if (stats.durations.length === 1) parts.push(formatMs(stats.durations[0]));
  if (stats.durations.length > 1) {
    parts.push(`median ${formatMs(percentile(stats.durations, 0.5))}, slowest ${formatMs(stats.durations.at(-1))}`);
  }
  return parts.join(" · ");
}

/** What a run gained and cost, as rows of a table: [name, text, what it means]. */
export function balanceOf(stats) {
  const share = (part, whole) => (whole ? `${trimZeros((100 * (part / whole)).toFixed(1))} %` : "–");
  const at = (p) => (stats.goodDurations.length ? formatMs(percentile(stats.goodDurations, p)) : "–");
  const rows = [
    ["Calls that succeeded", `${stats.ok} of ${stats.calls} (${share(stats.ok, stats.calls)})`],
    ["Half of those within", at(0.5)],
    stats.calls >= 20 && ["95 % within", at(0.95)],
    ["All within", at(1)],
    ["Client’s attempts", String(stats.attempts)],
    ["Server’s executions", stats.executed === undefined ? "…" : String(stats.executed)],
    ["Extra requests", stats.extra < 0 ? "–" : `+${trimZeros((100 * stats.extra).toFixed(1))} %`],
  ];
  return rows.filter(Boolean);
}

/** The columns of the table twin. */
export const columns = Object.freeze([
  ["call", "Call"],
  ["attempt", "Attempt"],
  ["kind", "Kind"],
  ["start", "Started at"],
  ["wait", "Waited before"],
  ["head", "Head after"],
  ["end", "Ended after"],
  ["result", "Result"],
  ["pushback", "Pushback"],
  ["previous", "grpc-previous-rpc-attempts"],
  ["server", "The server saw"],
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
    result: resultText(attempt) + (attempt === winner ? ", committed" : ""),
    pushback: pushbackText(attempt.pushback),
    previous: executionOf(call, attempt)?.previousAttempts || "none",
    server: executionText(call, attempt),
  }));
}

export function waitText(call, lane) {
  const gap = call.gaps.find((one) => one.lane === lane);
  if (gap) return `${formatMs(gap.delayMs)} ${gap.pushback ? "(pushback)" : `of at most ${formatMs(gap.boundMs)}`}`;
  const delay = call.delays.findLast((one) => one.lane === lane - 1);
  return delay ? `${formatMs(delay.delayMs)} ${delay.pushback ? "(pushback)" : "(hedging delay)"}` : "none";
}

function resultText(attempt) {
  return attempt.outcome === "pending" || attempt.outcome === "aborted"
    ? attempt.outcome
    : (nameOf(attempt.code) ?? attempt.outcome);
}

export function pushbackText(pushback) {
  if (!pushback) return "none";
  return "stop" in pushback ? "stop" : formatMs(pushback.delayMs);
}

export const endings = [
  "still running",
  "played to its end",
  "cancelled by the client",
  "ended by the deadline that the client sent",
];

function executionText(call, attempt) {
  if (!call.server) return "not asked yet";
  const execution = executionOf(call, attempt);
  if (!execution) return "nothing";
  const span = execution.endedUs > 0n ? ` after ${formatMs(Number(execution.endedUs - execution.startedUs) / 1000)}` : "";
  return endings[execution.ending] + span;
}
