import type { Code } from "../api/code.js";
import type { Ending } from "../api/errors.js";
import type { AttemptKind, AttemptRecord, CallEvent, CommitReason, WarningKind } from "../api/events.js";
import { type Metadata, metadataOfBlock } from "../api/metadata.js";
import type { Cursor } from "./host.js";

// What actions carry beyond their words, read as the Go side wrote it (wasm/ABI.md).

const KINDS: readonly AttemptKind[] = ["first", "retry", "hedge", "transparent"];
const OUTCOMES: readonly AttemptRecord["outcome"][] = ["pending", "committed", "failed", "aborted"];
const REASONS: readonly (CommitReason | undefined)[] = [
  undefined,
  "responseHeaders",
  "fatalStatus",
  "exhausted",
  "deadline",
  "throttled",
  "bufferExceeded",
  "pushback",
  "cancelled",
  "drop",
  "internal",
];
const POLICIES = ["none", "retry", "hedging"] as const;

type Pushback = NonNullable<AttemptRecord["pushback"]>;

/** The attempts so far, and why there will be no more. */
export interface History {
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason | undefined;
}

/** The fields of a request header, as fetch takes them. */
export function readFields(cursor: Cursor): [string, string][] {
  const count = cursor.word();
  const parts = cursor.text().split("\0");
  const fields: [string, string][] = [];
  for (let i = 0; i < count; i++) fields.push([parts[2 * i] as string, parts[2 * i + 1] as string]);
  return fields;
}

export function readMetadata(cursor: Cursor): Metadata {
  cursor.word(); // the number of fields
  return metadataOfBlock(cursor.text());
}

export function readEnding(cursor: Cursor): Ending {
  const code: Code = cursor.word();
  const message = cursor.text();
  const details = cursor.word() !== 0 ? cursor.bytes() : undefined;
  const header = readMetadata(cursor);
  const trailer = readMetadata(cursor);
  const { attempts, commitReason } = readHistory(cursor);
  return { code, message, details, header, trailer, attempts, commitReason: commitReason ?? "internal" };
}

export function readHistory(cursor: Cursor): History {
  const commitReason = REASONS[cursor.word()];
  const attempts: AttemptRecord[] = [];
  for (let n = cursor.word(); n > 0; n--) attempts.push(readRecord(cursor));
  return { attempts, commitReason };
}

/** A record under construction: what it may lack is left out, not undefined. */
type Draft = { -readonly [K in keyof AttemptRecord]: AttemptRecord[K] };

function readRecord(cursor: Cursor): AttemptRecord {
  const number = cursor.word();
  const kind = KINDS[cursor.word()] ?? "first";
  const outcome = OUTCOMES[cursor.word()] ?? "pending";
  const httpStatus = cursor.signed();
  const code = cursor.signed();
  const pushback = readPushback(cursor.signed());
  const message = cursor.text();
  const record: Draft = { number, kind, outcome, startedAt: cursor.float() };
  const headAt = cursor.float();
  const endedAt = cursor.float();
  if (headAt >= 0) record.headAt = headAt;
  if (endedAt >= 0) record.endedAt = endedAt;
  if (httpStatus >= 0) record.httpStatus = httpStatus;
  if (code >= 0) {
    record.code = code;
    record.statusMessage = message;
  }
  if (pushback) record.pushback = pushback;
  return record;
}

function readPushback(value: number): Pushback | undefined {
  if (value === -1) return undefined;
  return value < 0 ? { stop: true } : { delayMs: value };
}

/** Something that the developer should know and that is no error. */
export type Warning = Pick<Extract<CallEvent, { type: "warning" }>, "warning" | "text" | "requiredHeaders">;

export function readWarning(cursor: Cursor): Warning {
  const warning = { warning: cursor.text() as WarningKind, text: cursor.text() };
  const [allow, expose] = [cursor.text(), cursor.text()];
  if (!allow && !expose) return warning;
  return {
    ...warning,
    requiredHeaders: { ...(allow ? { allow: allow.split(", ") } : {}), ...(expose ? { expose: expose.split(", ") } : {}) },
  };
}

/** Reads an observation and makes the event of it. */
export function readEvent(cursor: Cursor, callId: number, method: string): CallEvent {
  const [kind, attempt, why, outcome, http] = [cursor.word(), cursor.word(), cursor.word(), cursor.word(), cursor.signed()];
  const [code, pushback, reason, attempts, tripped] = [
    cursor.signed(),
    cursor.signed(),
    REASONS[cursor.word()] ?? "internal",
    cursor.word(),
    cursor.word() !== 0,
  ];
  const statusMessage = cursor.text();
  const [at, delayMs, boundMs, timeoutMs] = [cursor.float(), cursor.float(), cursor.float(), cursor.float()];
  const [tokens, maxTokens, callBytes, channelBytes] = [cursor.float(), cursor.float(), cursor.float(), cursor.float()];
  const base = { callId, method, at };
  switch (kind) {
    case 0: {
      const started = { ...base, type: "callStarted", policy: POLICIES[why] ?? "none", maxAttempts: attempts } as const;
      return timeoutMs === Number.POSITIVE_INFINITY ? started : { ...started, timeoutMs };
    }
    case 1:
      return { ...base, type: "attemptStarted", attempt, kind: KINDS[why] ?? "first" };
    case 2:
      return { ...base, type: "attemptHead", attempt, httpStatus: http };
    case 3: {
      const said = readPushback(pushback);
      return {
        ...base,
        type: "attemptEnded",
        attempt,
        outcome: (OUTCOMES[outcome] ?? "failed") as "committed" | "failed" | "aborted",
        ...(code >= 0 ? { code, statusMessage } : {}),
        ...(said ? { pushback: said } : {}),
      };
    }
    case 4:
      return { ...base, type: "backoff", delayMs, boundMs, pushback: pushback !== -1 };
    case 5:
      return { ...base, type: "hedgeScheduled", delayMs, pushback: pushback !== -1 };
    case 6:
      return { ...base, type: "throttle", tokens, maxTokens, blocked: tripped };
    case 7:
      return { ...base, type: "buffer", callBytes, channelBytes, exceeded: tripped };
    case 8:
      return { ...base, type: "committed", ...(attempt > 0 ? { attempt } : {}), reason };
    default:
      return { ...base, type: "callEnded", code, statusMessage, attempts, reason };
  }
}
