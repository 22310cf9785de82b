/**
 * The gRPC service config: the JSON that a backend team already has for its other clients. Unknown fields are ignored; everything else
 * is checked when the channel is created (SEMANTICS 1.4a).
 */
export interface ServiceConfig {
  readonly methodConfig?: readonly MethodConfig[];
  /** A token bucket for the whole channel: maxTokens from 1 to 1000, tokenRatio above 0, with three decimals. Default: no throttling. */
  readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number };
  /** What only Hedgerow has, for the whole channel. Other gRPC clients ignore it; here a field that is unknown is refused. */
  readonly "x-hedgerow"?: ChannelExtension;
  readonly [unknownField: string]: unknown;
}

/** Settings for a channel that only Hedgerow has (SEMANTICS 8.0a). */
export interface ChannelExtension {
  /**
   * What retries and hedges are paid from: each call earns `ratio` of one (0 to 1), and each second `minPerSecond` (0 to 1000, default 0). The
   * budget starts with one, and holds at most five. Default: they cost nothing (SEMANTICS 8.7).
   */
  readonly retryBudget?: { readonly ratio: number; readonly minPerSecond?: number };
}

/** Settings for some methods. For each method only the most specific entry counts: entries are not merged (SEMANTICS 1.3a). */
export interface MethodConfig {
  /** `{service, method}` is one method, `{service}` all methods of a service, `{}` every method. */
  readonly name?: readonly { readonly service?: string | null; readonly method?: string | null }[];
  /** A duration, such as "1.5s". If a call sets a timeout too, the shorter one counts. */
  readonly timeout?: string;
  readonly waitForReady?: boolean;
  readonly maxRequestMessageBytes?: number;
  readonly maxResponseMessageBytes?: number;
  /** Not together with hedgingPolicy. */
  readonly retryPolicy?: RetryPolicy;
  readonly hedgingPolicy?: HedgingPolicy;
  readonly [unknownField: string]: unknown;
}

/** Retries failed calls, after a random delay between 0 and a backoff that grows (SEMANTICS 2.4a, 2.4b). */
export interface RetryPolicy {
  /** The most attempts, the first included: 2 or more, and at most the channel's maxRetryAttempts (5). */
  readonly maxAttempts: number;
  /** The most that the first delay can be: "0.1s". Above 0. */
  readonly initialBackoff: string;
  /** The most that any delay can be: "5s". Above 0. */
  readonly maxBackoff: string;
  /** The backoff is multiplied by this after each retry. Above 0. */
  readonly backoffMultiplier: number;
  /** Which failures are retried: names in any case, or numbers. At least one, and not OK. */
  readonly retryableStatusCodes: readonly (string | number)[];
  /**
   * How long an attempt may go without any response before it is given up and retried, whatever codes are listed: "1s". Above 0. Do not set
   * it for streams that may be silent at first. Default: no limit (SEMANTICS 8.2).
   */
  readonly perAttemptRecvTimeout?: string;
  readonly [unknownField: string]: unknown;
}

/** Sends copies of a call without waiting for a response; the first good one wins. Use it only for methods that may run several times. */
export interface HedgingPolicy {
  /** The most attempts, the first included: 2 or more, and at most the channel's maxRetryAttempts (5). */
  readonly maxAttempts: number;
  /** The time from the start of one attempt to that of the next: "0.5s". If absent, null or "0s", all are sent at once. */
  readonly hedgingDelay?: string | null;
  /** After a failure with one of these codes the other attempts go on. Any other ends the call. If absent, every failure does. */
  readonly nonFatalStatusCodes?: readonly (string | number)[];
  /** What only Hedgerow has. Other gRPC clients ignore it; here, unlike elsewhere, a field that is unknown is refused. */
  readonly "x-hedgerow"?: HedgingExtension;
  readonly [unknownField: string]: unknown;
}

/** Settings for hedging that only Hedgerow has (SEMANTICS 8.0a). */
export interface HedgingExtension {
  /** How long a copy may go without any response before it is given up, which the others survive: "1s". Above 0. Default: no limit. */
  readonly perAttemptRecvTimeout?: string;
  /**
   * The least delay, as a percentile of how long attempts take: 95 (or 0.95) lets a copy be sent only after what 95 % of them take. From 0 to
   * below 100. Default: 0, so that maxExtraLoad alone decides. With this field or any of the next three the delay is learned, for each method
   * by itself; until enough is known, hedgingDelay holds (SEMANTICS 8.5).
   */
  readonly delayPercentile?: number;
  /** The least delay that may be learned: "0.01s". Default: none. */
  readonly minDelay?: string;
  /** The longest delay that may be learned: "1s". Default: none. */
  readonly maxDelay?: string;
  /**
   * How many extra copies there may be for each call: 0.05, the default, means five for a hundred calls. In any run of calls there are at
   * most that many, and two more. Above 0, at most 1.
   */
  readonly maxExtraLoad?: number;
}
