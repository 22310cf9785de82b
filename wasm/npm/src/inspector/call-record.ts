import type { Code } from "../api/code.js";
import type { AttemptKind, AttemptRecord, CallEvent, CommitReason } from "../api/events.js";

/** An attempt as its events tell it. Instants are on performance.now()'s clock. */
export interface RecordedAttempt {
  readonly number: number;
  readonly kind: AttemptKind;
  /** The base URL that it was sent to, if the channel has several. */
  readonly endpoint?: string | undefined;
  readonly startedAt: number;
  /** When the browser began to send it, after it had waited for a connection. The events do not tell; a page that knows sets it. */
  sentAt?: number | undefined;
  headAt?: number | undefined;
  endedAt?: number | undefined;
  outcome: AttemptRecord["outcome"];
  code?: Code | undefined;
  statusMessage?: string | undefined;
  httpStatus?: number | undefined;
  pushback?: AttemptRecord["pushback"];
}

/** A backoff before a retry, or a hedging delay. */
export interface Wait {
  /** The place among the attempts of the one that waits (a backoff), or of the one that the delay is counted from. */
  readonly lane: number;
  readonly from: number;
  readonly delayMs: number;
  /** The longest backoff that could have been drawn. Only of a backoff. */
  readonly boundMs?: number;
  readonly pushback: boolean;
  /** When it ended; undefined: it has not. */
  until: number | undefined;
  /** It ended because its time was up, not because the call was decided. */
  fired: boolean;
}

/** What is known of a call, built from its events. The oldest calls are dropped, so a record holds nothing that grows with messages. */
export interface CallRecord {
  /** Counts the changes, so that only calls that changed are drawn again. */
  version: number;
  /** Its place among the calls that are shown, from 1. */
  readonly number: number;
  method: string;
  startedAt: number | undefined;
  endedAt: number | undefined;
  policy: "none" | "retry" | "hedging";
  maxAttempts: number;
  timeoutMs: number | undefined;
  readonly attempts: RecordedAttempt[];
  /** Backoffs and pushbacks before a retry. */
  readonly gaps: Wait[];
  /** Hedging delays. */
  readonly delays: Wait[];
  commit: { readonly at: number; readonly attempt: number | undefined; readonly reason: CommitReason } | undefined;
  code: Code | undefined;
  statusMessage: string;
  reason: CommitReason | undefined;
  /** The token bucket of the channel, whenever this call used it. */
  readonly throttles: { readonly at: number; readonly tokens: number; readonly maxTokens: number; readonly blocked: boolean }[];
  /** Instants at which response messages reached the application. The events do not tell; a page that knows sets them. */
  readonly messages: number[];
  readonly warnings: string[];
}

/** A call before its first event. */
export function newRecord(number: number): CallRecord {
  return {
    version: 0,
    number,
    method: "",
    startedAt: undefined,
    endedAt: undefined,
    policy: "none",
    maxAttempts: 1,
    timeoutMs: undefined,
    attempts: [],
    gaps: [],
    delays: [],
    commit: undefined,
    code: undefined,
    statusMessage: "",
    reason: undefined,
    throttles: [],
    messages: [],
    warnings: [],
  };
}

/** Adds an event to its call. Kinds of event that this version does not know change nothing. */
export function applyEvent(call: CallRecord, event: CallEvent): void {
  call.version++;
  switch (event.type) {
    case "callStarted":
      call.method = event.method;
      call.startedAt = event.at;
      call.policy = event.policy;
      call.maxAttempts = event.maxAttempts;
      call.timeoutMs = event.timeoutMs;
      return;
    case "attemptStarted":
      endWaits(call, event.at);
      call.attempts.push({
        number: event.attempt,
        kind: event.kind,
        startedAt: event.at,
        outcome: "pending",
        ...(event.endpoint && { endpoint: event.endpoint }),
      });
      return;
    case "attemptHead":
      Object.assign(attemptOf(call, event.attempt), { headAt: event.at, httpStatus: event.httpStatus });
      return;
    case "attemptEnded": {
      const { at: endedAt, attempt, outcome, code, statusMessage, pushback } = event;
      Object.assign(attemptOf(call, attempt), { endedAt, outcome, code, statusMessage, pushback });
      return;
    }
    case "backoff": {
      const { at: from, delayMs, boundMs, pushback } = event;
      call.gaps.push({ lane: call.attempts.length, from, delayMs, boundMs, pushback, until: undefined, fired: false });
      return;
    }
    case "hedgeScheduled": {
      endWaits(call, event.at);
      const { at: from, delayMs, pushback } = event;
      call.delays.push({ lane: call.attempts.length - 1, from, delayMs, pushback, until: undefined, fired: false });
      return;
    }
    case "throttle": {
      const { at, tokens, maxTokens, blocked } = event;
      call.throttles.push({ at, tokens, maxTokens, blocked });
      return;
    }
    case "committed":
      endWaits(call, event.at);
      call.commit = { at: event.at, attempt: event.attempt, reason: event.reason };
      return;
    case "callEnded":
      endWaits(call, event.at);
      call.endedAt = event.at;
      call.code = event.code;
      call.statusMessage = event.statusMessage;
      call.reason = event.reason;
      return;
    case "warning":
      if (!call.warnings.includes(event.text)) call.warnings.push(event.text);
  }
}

/** Ends the record of a call that nobody tells the rest of. */
export function abandon(call: CallRecord, at: number): void {
  if (call.endedAt !== undefined) return;
  call.version++;
  endWaits(call, at);
  call.endedAt = at;
}

/** The attempt with this number. A transparent restart repeats the number, so the last one is meant. */
function attemptOf(call: CallRecord, number: number): RecordedAttempt {
  const found = call.attempts.filter((attempt) => attempt.number === number).at(-1);
  if (!found) throw new Error(`an event of attempt ${number}, which never started`);
  return found;
}

/** Ends the waits that are open. The next attempt, the commit and the end of the call are what a wait leads to, or what cuts it short. */
function endWaits(call: CallRecord, at: number): void {
  for (const wait of [...call.gaps, ...call.delays]) {
    if (wait.until !== undefined) continue;
    wait.until = at;
    // Now and then a timer fires a fraction of a millisecond early.
    wait.fired = at >= wait.from + wait.delayMs - 2;
  }
}

/** The attempt whose result the caller gets, or undefined. */
export function winnerOf(call: CallRecord): RecordedAttempt | undefined {
  const number = call.commit?.attempt;
  return number === undefined ? undefined : call.attempts.filter((attempt) => attempt.number === number).at(-1);
}
