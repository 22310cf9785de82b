import type { Ending } from "../api/errors.js";
import type { AttemptRecord, CallEvent, CommitReason } from "../api/events.js";
import { type Metadata, metadataOfBlock } from "../api/metadata.js";
import type { Cursor } from "./cursor.js";
import { EventKind } from "./table.js";
import {
  type HistoryWords,
  type RecordWords,
  readEndWords,
  readEventWords,
  readHistoryWords,
  readWarningWords,
} from "./table-readers.js";

// Reads what actions carry, and makes the package's own types of it. wasm/ABI.md says in which order the words lie.

type Pushback = NonNullable<AttemptRecord["pushback"]>;

/** The attempts so far, and why there will be no more. */
export interface History {
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason | undefined;
}

/** The fields of a request header, as fetch takes them. */
export type RequestFields = [string, string][];

/** Reads the fields of a request header. Go leaves them out if they are those of the last request. */
export function readFields(cursor: Cursor, last: RequestFields): RequestFields {
  const again = cursor.flag();
  const count = cursor.word();
  const text = cursor.text();
  if (again) return last;
  const parts = text.split("\0");
  const fields: RequestFields = [];
  for (let i = 0; i < count; i++) fields.push([parts[2 * i] as string, parts[2 * i + 1] as string]);
  return fields;
}

export function readMetadata(cursor: Cursor): Metadata {
  return metadataOfBlock(cursor.block());
}

export function readEnding(cursor: Cursor): Ending {
  const { drop, lost, code, rawCode, message, hasDetails, details, header, trailer, history } = readEndWords(cursor);
  const { attempts, commitReason } = historyOf(history);
  return {
    drop,
    lost,
    code,
    rawCode: rawCode || undefined,
    message,
    details: hasDetails ? details : undefined,
    header: metadataOfBlock(header),
    trailer: metadataOfBlock(trailer),
    attempts,
    commitReason: commitReason as CommitReason, // a call that has ended has one
  };
}

export function readHistory(cursor: Cursor): History {
  return historyOf(readHistoryWords(cursor));
}

function historyOf({ reason, records }: HistoryWords): History {
  return { attempts: records.map(recordOf), commitReason: reason };
}

/** A record that is being made. What it lacks is left out: with exactOptionalPropertyTypes that is not the same as undefined. */
type Draft = { -readonly [K in keyof AttemptRecord]: AttemptRecord[K] };

function recordOf(words: RecordWords): AttemptRecord {
  const { number, kind, outcome, startedAt, headAt, endedAt, httpStatus, code, message, pushback, endpoint } = words;
  const record: Draft = { number, kind, outcome, startedAt };
  if (endpoint) record.endpoint = endpoint;
  if (!Number.isNaN(headAt)) record.headAt = headAt;
  if (!Number.isNaN(endedAt)) record.endedAt = endedAt;
  if (httpStatus >= 0) record.httpStatus = httpStatus;
  if (code >= 0) {
    record.code = code;
    record.statusMessage = message;
  }
  const said = pushbackOf(pushback);
  if (said) record.pushback = said;
  return record;
}

function pushbackOf(value: number): Pushback | undefined {
  if (value === -1) return undefined;
  return value < 0 ? { stop: true } : { delayMs: value };
}

/** Something that the developer should know and that is no error. */
export type Warning = Pick<Extract<CallEvent, { type: "warning" }>, "warning" | "text" | "requiredHeaders">;

export function readWarning(cursor: Cursor): Warning {
  const { kind: warning, text, allow, expose } = readWarningWords(cursor);
  if (!allow && !expose) return { warning, text };
  const requiredHeaders = { ...(allow && { allow: allow.split(", ") }), ...(expose && { expose: expose.split(", ") }) };
  return { warning, text, requiredHeaders };
}

/** Reads an observation and makes the event of it. */
export function readEvent(cursor: Cursor, callId: number, method: string): CallEvent {
  const words = readEventWords(cursor);
  const {
    kind,
    at,
    attempt,
    why,
    code,
    message: statusMessage,
    attempts,
    reason,
    tripped,
    delay: delayMs,
    timeout: timeoutMs,
  } = words;
  const base = { callId, method, at };
  const pushback = pushbackOf(words.pushback);
  switch (kind) {
    case EventKind.CallStarted: {
      const started = { ...base, type: "callStarted", policy: words.policy, maxAttempts: attempts } as const;
      return timeoutMs === Number.POSITIVE_INFINITY ? started : { ...started, timeoutMs };
    }
    case EventKind.AttemptStarted:
      return { ...base, type: "attemptStarted", attempt, kind: why, ...(statusMessage && { endpoint: statusMessage }) };
    case EventKind.AttemptHead:
      return { ...base, type: "attemptHead", attempt, httpStatus: words.httpStatus };
    case EventKind.AttemptEnded:
      return {
        ...base,
        type: "attemptEnded",
        attempt,
        outcome: words.outcome as "committed" | "failed" | "aborted",
        ...(code >= 0 && { code, statusMessage }),
        ...(pushback && { pushback }),
      };
    case EventKind.Backoff:
      return { ...base, type: "backoff", delayMs, boundMs: words.bound, pushback: pushback !== undefined };
    case EventKind.HedgeScheduled:
      return { ...base, type: "hedgeScheduled", delayMs, pushback: pushback !== undefined };
    case EventKind.Throttle:
      return { ...base, type: "throttle", tokens: words.tokens, maxTokens: words.maxTokens, blocked: tripped };
    case EventKind.Budget:
      return { ...base, type: "budget", tokens: words.tokens, maxTokens: words.maxTokens, blocked: tripped };
    case EventKind.Buffer: {
      const { callBytes, channelBytes } = words;
      return { ...base, type: "buffer", callBytes, channelBytes, exceeded: tripped };
    }
    case EventKind.Committed:
      return { ...base, type: "committed", ...(attempt > 0 && { attempt }), reason: reason as CommitReason };
    case EventKind.CallEnded:
      return { ...base, type: "callEnded", code, statusMessage, attempts, reason: reason as CommitReason };
  }
}
