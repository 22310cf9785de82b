import type { Part } from "./configuration.js";

/** One thing that was found. */
export interface Finding {
  /** ok: works; note: works, with something to know; fail: calls or retries would fail. */
  readonly kind: "ok" | "note" | "fail";
  readonly about: string;
  readonly text: string;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** What the server's CORS configuration lacks. */
  readonly missing: ReadonlySet<Part>;
}
