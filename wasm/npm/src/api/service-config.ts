/**
 * The gRPC service config: the JSON that a backend team keeps for its other clients. Unknown fields are ignored; everything else
 * is checked when the channel is created (SEMANTICS 1.4a).
 */
export interface ServiceConfig {
  readonly methodConfig?: readonly MethodConfig[];
  /** A token bucket for the whole channel: maxTokens 1..1000, tokenRatio above 0 (three decimals count). Absent: no throttling. */
  readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number };
  readonly [unknownField: string]: unknown;
}

/** What holds for some methods. The most specific entry holds whole: nothing is merged (SEMANTICS 1.3a). */
export interface MethodConfig {
  /** `{service, method}`: one method; `{service}`: a service; `{}`: every method. */
  readonly name?: readonly { readonly service?: string | null; readonly method?: string | null }[];
  /** A duration, "1.5s". The call's deadline is the earlier of this and its own. */
  readonly timeout?: string;
  readonly waitForReady?: boolean;
  readonly maxRequestMessageBytes?: number;
  readonly maxResponseMessageBytes?: number;
  /** Not together with hedgingPolicy. */
  readonly retryPolicy?: RetryPolicy;
  readonly hedgingPolicy?: HedgingPolicy;
  readonly [unknownField: string]: unknown;
}

/** Failed calls are made again, after a random delay between 0 and a backoff that grows (SEMANTICS 2.4a, 2.4b). */
export interface RetryPolicy {
  /** All attempts, the first included: 2 or more; the channel's maxRetryAttempts (5) clamps it. */
  readonly maxAttempts: number;
  /** "0.1s": bounds the first delay. Above 0. */
  readonly initialBackoff: string;
  /** "5s": the highest bound. Above 0. */
  readonly maxBackoff: string;
  /** What the bound is multiplied by after each retry. Above 0. */
  readonly backoffMultiplier: number;
  /** Names in any case, or numbers: at least one, not OK. */
  readonly retryableStatusCodes: readonly (string | number)[];
  readonly [unknownField: string]: unknown;
}

/** Copies of a call are sent without waiting for an answer; the first good one wins. Only for methods that may run several times. */
export interface HedgingPolicy {
  /** All attempts, the first included: 2 or more; the channel's maxRetryAttempts (5) clamps it. */
  readonly maxAttempts: number;
  /** "0.5s": from one attempt's start to the next's. Absent, null or "0s": all at once. */
  readonly hedgingDelay?: string | null;
  /** After these the other attempts go on; any other code ends the call. Absent: every failure does. */
  readonly nonFatalStatusCodes?: readonly (string | number)[];
  readonly [unknownField: string]: unknown;
}
