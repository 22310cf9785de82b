// The status codes of gRPC by number. The page has its own list because it draws its form before the package is loaded, and says
// what to do when it cannot be.

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
export function nameOf(code) {
  return code === undefined ? undefined : (codeNames[code] ?? `CODE_${code}`);
}

/** What each commit reason means, for people who see the word for the first time. */
export const reasonTexts = Object.freeze({
  responseHeaders: "the response headers of an attempt arrived: its answer is the call's answer, and nothing is sent again",
  fatalStatus: "an attempt failed with a code that the policy does not list, so trying again would not help",
  exhausted: "maxAttempts was reached: the last failure is the answer",
  deadline: "the call's time was up, whatever its attempts were doing",
  throttled: "too many failures emptied the token bucket below half: no more retries until successes fill it again",
  bufferExceeded: "the request did not fit the replay buffer, so it can be sent only once",
  pushback: "the server asked not to be tried again (grpc-retry-pushback-ms: -1)",
  cancelled: "the application cancelled the call",
  drop: "the attempt was dropped by policy",
  internal: "the client failed inside",
});
