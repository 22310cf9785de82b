import type { Code } from "./code.js";

/** Why an attempt was made. "transparent" replaces an attempt that no server saw, "refresh" one whose credentials were refused. */
export type AttemptKind = "first" | "retry" | "hedge" | "transparent" | "refresh";

/** The history of one attempt. Instants are milliseconds on performance.now()'s clock. */
export interface AttemptRecord {
  /** grpc-previous-rpc-attempts + 1; a transparent restart and a refresh repeat it. */
  readonly number: number;
  readonly kind: AttemptKind;
  /** The base URL that it was sent to. Absent if the channel has only one. */
  readonly endpoint?: string;
  readonly startedAt: number;
  /** When the head of the response arrived. Absent if it did not. */
  readonly headAt?: number;
  /** Absent while the attempt is under way. */
  readonly endedAt?: number;
  /** committed: this attempt's response became the call's. failed: the attempt ended without that. aborted: the client ended it. */
  readonly outcome: "pending" | "committed" | "failed" | "aborted";
  /** How the attempt itself ended. Absent if it is under way or was aborted. */
  readonly code?: Code;
  readonly statusMessage?: string;
  readonly httpStatus?: number;
  /** What the server said about further attempts (SEMANTICS 2.6b, 2.6c). */
  readonly pushback?: { readonly stop: true } | { readonly delayMs: number };
}

/** Why a call makes no further attempts (SEMANTICS 2.2e). The Go package uses the same words. */
export type CommitReason =
  | "responseHeaders"
  | "fatalStatus"
  | "exhausted"
  | "deadline"
  | "throttled"
  | "bufferExceeded"
  | "pushback"
  | "cancelled"
  | "drop"
  | "internal";

interface EventBase {
  /** Numbers the calls of the page, from 1. 0 if the event is about the channel, not about a call. */
  readonly callId: number;
  readonly method: string;
  /** Milliseconds on performance.now()'s clock. */
  readonly at: number;
}

/** What happened to a call. Events are made only if there is a listener. */
export type CallEvent = EventBase &
  (
    | {
        readonly type: "callStarted";
        readonly policy: "none" | "retry" | "hedging";
        /** The number of attempts that the policy allows, at most the channel's maxRetryAttempts. */
        readonly maxAttempts: number;
        readonly timeoutMs?: number;
      }
    /** endpoint is the base URL that the attempt is sent to. Absent if the channel has only one. */
    | { readonly type: "attemptStarted"; readonly attempt: number; readonly kind: AttemptKind; readonly endpoint?: string }
    | { readonly type: "attemptHead"; readonly attempt: number; readonly httpStatus: number }
    | {
        readonly type: "attemptEnded";
        readonly attempt: number;
        readonly outcome: "committed" | "failed" | "aborted";
        readonly code?: Code;
        readonly statusMessage?: string;
        readonly pushback?: AttemptRecord["pushback"];
      }
    /** A retry waits. The delay was drawn from 0 to boundMs; after a pushback both are what the server said. */
    | { readonly type: "backoff"; readonly delayMs: number; readonly boundMs: number; readonly pushback: boolean }
    | { readonly type: "hedgeScheduled"; readonly delayMs: number; readonly pushback: boolean }
    | { readonly type: "throttle"; readonly tokens: number; readonly maxTokens: number; readonly blocked: boolean }
    /** The retryBudget has paid for a retry or hedge, has been emptied, or, if blocked, could not pay. */
    | { readonly type: "budget"; readonly tokens: number; readonly maxTokens: number; readonly blocked: boolean }
    | {
        readonly type: "buffer";
        readonly callBytes: number;
        readonly channelBytes: number;
        readonly exceeded: boolean;
      }
    /** attempt is the one whose response became the call's. Absent if the client ended the call itself. */
    | { readonly type: "committed"; readonly attempt?: number; readonly reason: CommitReason }
    | {
        readonly type: "callEnded";
        readonly code: Code;
        readonly statusMessage: string;
        /** The number of attempts, transparent ones included. */
        readonly attempts: number;
        readonly reason: CommitReason;
      }
    | {
        readonly type: "warning";
        readonly warning: WarningKind;
        readonly text: string;
        readonly requiredHeaders?: { readonly allow?: readonly string[]; readonly expose?: readonly string[] };
      }
  );

/**
 * What a warning is about: a CORS answer that seems to refuse the attempts header (once an origin) or that hides the status (once a
 * method); a retry that a server prevents by sending its status in the body (once a method); a policy that asks for more attempts than
 * the channel allows (once a channel); a stream that waits for an answer while its own request is open; an option `state` that cannot be
 * read or written (once a channel). connectionsExhausted is reserved: nothing tells of it yet.
 */
export type WarningKind =
  | "corsSuspected"
  | "statusHidden"
  | "retryLostToBodyTrailers"
  | "policyClamped"
  | "halfDuplexStalled"
  | "stateUnusable"
  | "connectionsExhausted";
