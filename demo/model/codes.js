// The status codes of gRPC, by number. Pure. The page has a list of its own because it draws its form before the package is loaded,
// and has to say what to do when the package cannot be loaded.

export const codeNames = Object.freeze([
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
]);

/** The name of a code, or undefined for no code. */
export function codeName(code) {
  return code === undefined ? undefined : (codeNames[code] ?? `CODE_${code}`);
}
