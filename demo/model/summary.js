// One line about a call, one about a run of calls, and the remarks that explain what looks odd. Pure.

import { codeName, count, formatMs, progressText } from "../dist/waterfall.js";
import { executedBy } from "./call.js";
import { percentile } from "./stats.js";

/** One line: what has happened to the call so far. */
export function summaryOf(call) {
  if (call.startedAt === undefined) return call.skipped ? "not sent" : "waiting for its turn";
  const parts = [count(call.attempts.length, "attempt")];
  if (call.endedAt === undefined) return [...parts, progressText(call)].join(" · ");
  parts.push(codeName(call.code));
  if (call.kind !== "unary") parts.push(count(call.messages.length, "message"));
  parts.push(`committed by ${call.reason}`);
  const executed = executedBy(call);
  if (executed !== undefined) parts.push(`server executed ${executed}`);
  return parts.join(" · ");
}

const sentTwice =
  "The server counted more requests: a browser resends a POST by itself when the connection that it reused for it breaks.";
const neverSent =
  "The server counted fewer requests: an attempt was aborted before it left the browser, which opens at most six connections to an HTTP/1.1 server.";

/** What a reader should know beyond the summary, one sentence each. */
export function remarksOf(call) {
  const remarks = [];
  if (call.endedAt !== undefined && call.code !== 0 && call.statusMessage) remarks.push(call.statusMessage);
  if (call.explanation) remarks.push(call.explanation);
  const executed = executedBy(call);
  if (executed > call.attempts.length) remarks.push(sentTwice);
  if (executed < call.attempts.length && call.attempts.some(({ outcome }) => outcome === "aborted")) remarks.push(neverSent);
  return [...remarks, ...call.warnings];
}

/** One line about a whole run. Its times are those of the calls that succeeded, as in the comparison of two runs. */
export function runSummaryOf(stats) {
  const calls = count(stats.calls, "call");
  const parts =
    stats.ended < stats.calls
      ? [`${stats.ended} of ${calls} ended`]
      : [`${stats.ok} of ${calls} OK${timesOf(stats.goodDurations)}`];
  parts.push(count(stats.attempts, "attempt"));
  if (stats.executed !== undefined) parts.push(`server executed ${stats.executed}`);
  return parts.join(" · ");
}

function timesOf(durations) {
  if (durations.length === 0) return "";
  if (durations.length === 1) return ` (${formatMs(durations[0])})`;
  return ` (median ${formatMs(percentile(durations, 0.5))}, slowest ${formatMs(durations.at(-1))})`;
}
