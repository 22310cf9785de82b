// The form of internal/driverscripts/scripts.json; package driverscripts says what each field means.

export interface Script {
  readonly name: string;
  readonly options?: Record<string, unknown>;
  readonly policy?: "retry" | "hedge";
  readonly problems?: readonly string[];
  readonly call?: "unary" | "stream";
  readonly timeoutMs?: number;
  readonly streams?: boolean;
  readonly before?: "cancel" | "closeChannel";
  readonly prepare?: readonly Prepare[];
  readonly refresh?: readonly { readonly after?: number; readonly error?: string }[];
  readonly server: readonly Exchange[];
  readonly steps?: readonly Step[];
  readonly expect: Expect;
}

export interface Prepare {
  readonly after?: number;
  readonly metadata?: Record<string, string>;
  readonly error?: string;
  readonly status?: { readonly code: number; readonly message: string; readonly trailer?: Record<string, string> };
}

export interface Exchange {
  readonly take?: number;
  readonly after?: number;
  readonly fail?: Failure;
  readonly http?: number;
  readonly header?: Record<string, string>;
  readonly body?: readonly Part[];
  readonly text?: boolean;
  readonly cut?: number;
}

/** "abort": something other than this client ends the exchange. */
export type Failure = "network" | "abort";

export interface Part {
  readonly after?: number;
  readonly take?: number | "rest";
  readonly message?: string;
  readonly messages?: readonly string[];
  readonly gzip?: string;
  readonly trailer?: Record<string, string>;
  readonly gzipTrailer?: Record<string, string>;
  readonly hex?: string;
  readonly fail?: Failure;
}

export interface Step {
  readonly at: number;
  readonly send?: string;
  readonly halfClose?: boolean;
  readonly read?: number | "all";
  readonly cancel?: boolean;
  readonly leave?: boolean;
  readonly closeChannel?: boolean;
}

export interface Expect {
  readonly received: readonly string[];
  readonly code: number;
  readonly message?: string;
  readonly says?: readonly string[];
  readonly reason: string;
  readonly explains?: string;
  readonly attempts: readonly string[];
  readonly header?: Record<string, string>;
  readonly trailer?: Record<string, string>;
  readonly endAt?: number;
  readonly accepted?: readonly number[];
  readonly requests?: readonly {
    readonly at: number;
    readonly messages?: readonly string[];
    readonly whole?: boolean;
    readonly header?: Record<string, string | null>;
  }[];
}
