// What is known of a call, built from the package's events. Pure: instants are milliseconds on the clock of performance.now().
// picture.js says how a call looks, summary.js how it reads.

/** A call before its first event. */
export function newCall({ number, id, kind }) {
  return {
    version: 0, // counts the changes, so that only calls that changed are drawn again
    events: [], // in the order of arrival, for the export
    exchanges: [], // what run/traffic.js saw of each attempt, in the order in which they began
    number, // its place in the run, from 1
    id, // the Chaos service counts executions under this id
    kind, // "unary" | "stream" | "bidi"
    skipped: false, // the run was stopped before its turn came
    startedAt: undefined,
    endedAt: undefined,
    policy: "none",
    maxAttempts: 1,
    timeoutMs: undefined,
    attempts: [],
    gaps: [], // backoffs and pushbacks before a retry
    delays: [], // hedging delays
    commit: undefined,
    code: undefined,
    statusMessage: "",
    reason: undefined,
    throttles: [], // the token bucket of the channel, whenever this call used it
    messages: [], // instants at which response messages reached the application
    sent: [], // bidi: instants at which the application sent a message
    warnings: [],
    server: undefined, // the reply of Chaos.Report, once it has arrived
  };
}

const handlers = {
  callStarted(call, event) {
    call.startedAt = event.at;
    call.policy = event.policy;
    call.maxAttempts = event.maxAttempts;
    call.timeoutMs = event.timeoutMs;
  },
  attemptStarted(call, event) {
    endWaits(call, event.at);
    call.attempts.push({ number: event.attempt, kind: event.kind, startedAt: event.at, outcome: "pending" });
  },
  attemptHead(call, event) {
    Object.assign(attemptOf(call, event.attempt), { headAt: event.at, httpStatus: event.httpStatus });
  },
  attemptEnded(call, event) {
    const { at, outcome, code, statusMessage, pushback } = event;
    Object.assign(attemptOf(call, event.attempt), { endedAt: at, outcome, code, statusMessage, pushback });
  },
  backoff(call, event) {
    const { at, delayMs, boundMs, pushback } = event;
    call.gaps.push({ lane: call.attempts.length, from: at, delayMs, boundMs, pushback, until: undefined });
  },
  hedgeScheduled(call, event) {
    endWaits(call, event.at);
    const { at, delayMs, pushback } = event;
    call.delays.push({ lane: call.attempts.length - 1, from: at, delayMs, pushback, until: undefined, fired: false });
  },
  throttle(call, event) {
    const { at, tokens, maxTokens, blocked } = event;
    call.throttles.push({ at, tokens, maxTokens, blocked });
  },
  buffer() {},
  committed(call, event) {
    endWaits(call, event.at);
    call.commit = { at: event.at, attempt: event.attempt, reason: event.reason };
  },
  callEnded(call, event) {
    endWaits(call, event.at);
    call.endedAt = event.at;
    call.code = event.code;
    call.statusMessage = event.statusMessage;
    call.reason = event.reason;
  },
  warning(call, event) {
    if (!call.warnings.includes(event.text)) call.warnings.push(event.text);
  },
};

/** Adds one event of the package to the call. Kinds of event that are newer than this page change nothing. */
export function applyEvent(call, event) {
  call.version++;
  call.events.push(event);
  handlers[event.type]?.(call, event);
}

/** Notes that a response message reached the application. */
export function applyMessage(call, at) {
  call.version++;
  call.messages.push(at);
}

/** The attempt with this number. A transparent restart repeats the number, so the last one is meant. */
function attemptOf(call, number) {
  const found = call.attempts.findLast((attempt) => attempt.number === number);
  if (!found) throw new Error(`an event of attempt ${number}, which never started`);
  return found;
}

/** Ends the waits that are open. The next attempt, the commit and the end of the call are what a wait leads to, or what cuts it short. */
function endWaits(call, at) {
  for (const wait of [...call.gaps, ...call.delays]) {
    if (wait.until !== undefined) continue;
    wait.until = at;
    // Now and then a timer fires a fraction of a millisecond early.
    wait.fired = at >= wait.from + wait.delayMs - 2;
  }
}

/** The attempt whose result the caller gets, or undefined. */
export function winnerOf(call) {
  const number = call.commit?.attempt;
  return number === undefined ? undefined : call.attempts.findLast((attempt) => attempt.number === number);
}

/** How many requests the server began to execute, or undefined while that is not known. */
export function executedBy(call) {
  return call.server?.started;
}

/**
 * What the server saw of an attempt. Attempts are told apart by the header grpc-previous-rpc-attempts, and those without it by their
 * order. If the browser sent a request twice by itself (a POST on a reused connection that broke), the server saw it twice; the last
 * one is the one that was answered.
 */
export function executionOf(call, attempt) {
  if (!call.server) return undefined;
  const header = attemptHeaderOf(call, attempt);
  const peers = call.attempts.filter((one) => attemptHeaderOf(call, one) === header);
  const found = call.server.executions.filter(({ previousAttempts }) => previousAttempts === header);
  return peers.length === 1 ? found.at(-1) : found[peers.indexOf(attempt)];
}

/** The header grpc-previous-rpc-attempts that an attempt was sent with, or should have been if nobody saw its request. */
function attemptHeaderOf(call, attempt) {
  const sent = call.exchanges[call.attempts.indexOf(attempt)]?.headers;
  if (sent) return sent.find(([name]) => name.toLowerCase() === "grpc-previous-rpc-attempts")?.[1] ?? "";
  return attempt.number === 1 ? "" : String(attempt.number - 1);
}

/** When the browser began to send an attempt's request, after it had waited in a queue; undefined if Resource Timing does not tell. */
export function sentAt(call, lane) {
  const sent = call.exchanges[lane]?.timing?.requestStart;
  return sent > call.attempts[lane].startedAt ? sent : undefined;
}
