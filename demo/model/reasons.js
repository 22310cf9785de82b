// What each commit reason means, for a reader who sees it for the first time. Pure.

const texts = Object.freeze({
  responseHeaders: "the response headers of an attempt arrived, so its answer is the call’s answer and nothing is sent again",
  fatalStatus: "an attempt failed with a code that the policy does not list, so another attempt would not help",
  exhausted: "all attempts that the policy allows were made, so the last failure is the answer",
  deadline: "the call’s deadline passed, whatever its attempts were doing",
  throttled: "failures emptied the token bucket to half or less, so there are no retries until successes refill it",
  bufferExceeded: "the request did not fit in the replay buffer, so it can be sent only once",
  pushback: "the server asked the client not to try again (grpc-retry-pushback-ms: -1)",
  cancelled: "the application canceled the call",
  drop: "the attempt was given up on purpose, as when the page is left, so it is not retried",
  internal: "the client had an internal error",
});

/** The meaning of a reason for a call under a policy: "none", "retry" or "hedging". */
export function reasonText(reason, policy) {
  if (reason === "fatalStatus" && policy === "none") return "no policy: the first failure is final";
  return texts[reason] ?? "";
}
