// Generated from internal/abi/table by internal/abi/generate: do not edit. wasm/ABI.md explains it.
import type { WarningKind } from "../api/events.js";
import type { Cursor } from "./cursor.js";
import { ATTEMPT_KINDS, type EventKind, OUTCOMES, POLICIES, REASONS } from "./table.js";

/** What listeners are told. The kind says which values are set. */
export interface EventWords {
  readonly kind: EventKind;
  /** Its number, from 1. */
  readonly attempt: number;
  readonly policy: (typeof POLICIES)[number];
  readonly why: (typeof ATTEMPT_KINDS)[number];
  readonly outcome: (typeof OUTCOMES)[number];
  readonly httpStatus: number;
  /** −1: not known. */
  readonly code: number;
  /** As in a record of the history. */
  readonly pushback: number;
  readonly reason: (typeof REASONS)[number];
  readonly attempts: number;
  readonly tripped: boolean;
  readonly message: string;
  readonly at: number;
  readonly delay: number;
  readonly bound: number;
  /** Infinity: none. */
  readonly timeout: number;
  readonly tokens: number;
  readonly maxTokens: number;
  readonly callBytes: number;
  readonly channelBytes: number;
}

export function readEventWords(cursor: Cursor): EventWords {
  return {
    kind: cursor.word(),
    attempt: cursor.word(),
    policy: POLICIES[cursor.word()] as (typeof POLICIES)[number],
    why: ATTEMPT_KINDS[cursor.word()] as (typeof ATTEMPT_KINDS)[number],
    outcome: OUTCOMES[cursor.word()] as (typeof OUTCOMES)[number],
    httpStatus: cursor.signed(),
    code: cursor.signed(),
    pushback: cursor.signed(),
    reason: REASONS[cursor.word()] as (typeof REASONS)[number],
    attempts: cursor.word(),
    tripped: cursor.flag(),
    message: cursor.text(),
    at: cursor.float(),
    delay: cursor.float(),
    bound: cursor.float(),
    timeout: cursor.float(),
    tokens: cursor.float(),
    maxTokens: cursor.float(),
    callBytes: cursor.float(),
    channelBytes: cursor.float(),
  };
}

/** The attempts so far, and why no further one is made. */
export interface HistoryWords {
  readonly reason: (typeof REASONS)[number];
  readonly records: readonly RecordWords[];
}

export function readHistoryWords(cursor: Cursor): HistoryWords {
  return {
    reason: REASONS[cursor.word()] as (typeof REASONS)[number],
    records: cursor.list(readRecordWords),
  };
}

/** The history of one attempt. Instants are those of JavaScript's clock. */
export interface RecordWords {
  /** From 1; a transparent restart repeats it. */
  readonly number: number;
  readonly kind: (typeof ATTEMPT_KINDS)[number];
  readonly outcome: (typeof OUTCOMES)[number];
  /** −1: no response head came. */
  readonly httpStatus: number;
  /** −1: not known. */
  readonly code: number;
  /** −1: none, −2: stop, else milliseconds. */
  readonly pushback: number;
  readonly message: string;
  /** The base URL that it was sent to; empty if the channel has one. */
  readonly endpoint: string;
  readonly startedAt: number;
  /** NaN: no response head came. */
  readonly headAt: number;
  /** NaN: the attempt is under way. */
  readonly endedAt: number;
}

export function readRecordWords(cursor: Cursor): RecordWords {
  return {
    number: cursor.word(),
    kind: ATTEMPT_KINDS[cursor.word()] as (typeof ATTEMPT_KINDS)[number],
    outcome: OUTCOMES[cursor.word()] as (typeof OUTCOMES)[number],
    httpStatus: cursor.signed(),
    code: cursor.signed(),
    pushback: cursor.signed(),
    message: cursor.text(),
    endpoint: cursor.text(),
    startedAt: cursor.float(),
    headAt: cursor.float(),
    endedAt: cursor.float(),
  };
}

/** Something that the developer should know and that is not an error. */
export interface WarningWords {
  readonly kind: WarningKind;
  readonly text: string;
  /** The names of headers that the server must allow, separated by `, `. */
  readonly allow: string;
  /** The names of headers that the server must expose, separated by `, `. */
  readonly expose: string;
}

export function readWarningWords(cursor: Cursor): WarningWords {
  return {
    kind: cursor.text() as WarningKind,
    text: cursor.text(),
    allow: cursor.text(),
    expose: cursor.text(),
  };
}

/** How a call ended. */
export interface EndWords {
  readonly drop: boolean;
  readonly lost: boolean;
  readonly code: number;
  readonly rawCode: number;
  readonly message: string;
  readonly hasDetails: boolean;
  readonly details: Uint8Array<ArrayBuffer>;
  readonly header: string;
  readonly trailer: string;
  readonly history: HistoryWords;
}

export function readEndWords(cursor: Cursor): EndWords {
  return {
    drop: cursor.flag(),
    lost: cursor.flag(),
    code: cursor.word(),
    rawCode: cursor.word(),
    message: cursor.text(),
    hasDetails: cursor.flag(),
    details: cursor.bytes(),
    header: cursor.block(),
    trailer: cursor.block(),
    history: readHistoryWords(cursor),
  };
}
