// Generated from internal/abi/table by internal/abi/generate: do not edit. wasm/ABI.md explains it.
/** What the message of an attempt that got no response in time says, before the time. */
export const SILENT_MARK = ": nothing arrived within ";

/** What is said of a call that stopped, by the reason. */
export const EXPLANATIONS: { readonly [reason: string]: string } = {
  nothing: "Nothing was sent: {message}.",
  responseHeaders:
    'The server had begun its response, so no further attempt was made: the application may have seen a part of it. If the server sends every status in the body, headerCommit "firstFrame" has such failures retried.',
  fatalStatus:
    "The method's service config does not retry {code}. A policy that lists it would, if the method may run more than once.",
  exhausted:
    "That was the last attempt that the policy's maxAttempts and the channel's maxRetryAttempts allow. With a higher limit it would have gone on.",
  deadline:
    "Then the deadline had come, which covers all attempts and the waits between them. A longer one would have left time for more.",
  throttled:
    "The next one was throttled: no more than half of the channel's tokens were left, because many of its calls failed. Retries begin again when calls succeed.",
  bufferExceeded:
    "The request did not fit the replay buffer, so it could be sent only once. A larger maxRetryBufferPerCallSize or maxRetryBufferSize would have kept it.",
  pushback: "The server forbade a further attempt, by grpc-retry-pushback-ms. Only the server can change that.",
  cancelled: "Then it was canceled, by its caller or because its channel was closed.",
  drop: "Something other than this client ended the request, such as the user leaving the page. Such calls are not retried.",
  internal: "The client itself could not go on: {message}.",
  unrefreshed: "The server refused the credentials, and they could not be refreshed. The error's cause says why.",
  refused: "The server refused the fresh credentials too: it is not their age that is wrong with them.",
  silent:
    "No response came within perAttemptRecvTimeout: the server, or something before it, takes requests and does not answer.",
};
