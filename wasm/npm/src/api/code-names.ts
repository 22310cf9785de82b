import type { Code } from "./code.js";

export type CodeName = keyof typeof Code;

/**
 * The names of the codes, by their numbers, for the entries that do without the rest of the package. If they imported the enum, it would
 * become a chunk of its own, which every page would have to load.
 */
export const CODE_NAMES: readonly CodeName[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];
