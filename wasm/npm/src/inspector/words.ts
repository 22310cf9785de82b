// Numbers, codes and reasons as text.

import type { Code } from "../api/code.js";
import { CODE_NAMES } from "../api/code-names.js";
import type { AttemptRecord, CommitReason } from "../api/events.js";
import type { CallRecord, RecordedAttempt } from "./call-record.js";

/** "8 ms", "612 ms", "1.24 s". */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${trimZeros((ms / 1000).toFixed(2))} s`;
  return ms > 0 && ms < 1 ? "<1 ms" : `${Math.round(ms)} ms`;
}

/** A share between 0 and 1 as "12.5 %"; its parts are not torn apart at the end of a line. */
export function formatShare(share: number): string {
  return `${trimZeros((100 * share).toFixed(1))}\u00a0%`;
}

/** "1 attempt", "3 attempts". */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** The name of a code, or undefined for no code. */
export function codeName(code: Code | number | undefined): string | undefined {
  return code === undefined ? undefined : (CODE_NAMES[code] ?? `CODE_${code}`);
}

const reasons: { readonly [K in CommitReason]: string } = {
  responseHeaders: "the response headers of an attempt arrived, so its answer is the call’s answer and nothing is sent again",
  fatalStatus: "an attempt failed with a code that the policy does not list, so another attempt would not help",
  exhausted: "all attempts that the policy allows were made, so the last failure is the answer",
  deadline: "the call’s deadline passed, whatever its attempts were doing",
  throttled: "after too many failures, the throttle or the retry budget allows no retry until calls succeed again",
  bufferExceeded: "the request did not fit in the replay buffer, so it can be sent only once",
  pushback: "the server asked the client not to try again (grpc-retry-pushback-ms: -1)",
  cancelled: "the application canceled the call",
  drop: "the attempt was given up on purpose, as when the page is left, so it is not retried",
  internal: "the client had an internal error",
};

/** The meaning of a commit reason, for a reader who sees it for the first time. */
export function reasonText(reason: CommitReason, policy: CallRecord["policy"]): string {
  if (reason === "fatalStatus" && policy === "none") return "no policy: the first failure is final";
  return reasons[reason] ?? "";
}

export function pushbackText(pushback: AttemptRecord["pushback"]): string {
  if (!pushback) return "none";
  return "stop" in pushback ? "stop" : formatMs(pushback.delayMs);
}

/** What the client waited for before the attempt in this lane. */
export function waitText(call: CallRecord, lane: number): string {
  const gap = call.gaps.find((one) => one.lane === lane);
  if (gap)
    return `${formatMs(gap.delayMs)} ${gap.pushback ? "(pushback)" : `of at most ${formatMs(gap.boundMs ?? gap.delayMs)}`}`;
  const delay = call.delays.filter((one) => one.lane === lane - 1).at(-1);
  return delay ? `${formatMs(delay.delayMs)} ${delay.pushback ? "(pushback)" : "(hedging delay)"}` : "none";
}

/** How an attempt ended. */
export function outcomeText({ outcome, code }: RecordedAttempt): string {
  return outcome === "pending" || outcome === "aborted" ? outcome : (codeName(code) ?? outcome);
}

/** What a call that has not ended is doing. */
export function progressText(call: CallRecord): string {
  if (call.commit) return "receiving";
  const backoff = call.gaps.find((gap) => gap.until === undefined);
  return backoff ? `waiting ${formatMs(backoff.delayMs)} before the next` : "running";
}

/** A base URL as people name it. */
export const hostOf = (url: string): string => url.replace(/^https?:\/\//, "");
