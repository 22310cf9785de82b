// From the package's events to what is known of a call. Pure: no DOM, no clock; instants are ms on performance.now()'s clock.
// picture.js says how it looks, words.js how it reads.

/** What is known of a call before its first event. */
export function newCall({ number, id, kind }) {
  return {
    number, // its place in the run, from 1
    id, // the Chaos service counts executions under this id
    kind, // "unary" | "stream"
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
    tokens: undefined, // of the channel's throttle, as this call last saw it
    messages: [], // instants at which response messages reached the application
    warnings: [],
    server: undefined, // Chaos.Report, once it is in
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
    settle(call, event.at);
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
    settle(call, event.at);
    const { at, delayMs, pushback } = event;
    call.delays.push({ lane: call.attempts.length - 1, from: at, delayMs, pushback, until: undefined, fired: false });
  },
  throttle(call, event) {
    const { tokens, maxTokens, blocked } = event;
    call.tokens = { tokens, maxTokens, blocked };
  },
  buffer() {},
  committed(call, event) {
    settle(call, event.at);
    call.commit = { at: event.at, attempt: event.attempt, reason: event.reason };
  },
  callEnded(call, event) {
    settle(call, event.at);
    call.endedAt = event.at;
    call.code = event.code;
    call.statusMessage = event.statusMessage;
    call.reason = event.reason;
  },
  warning(call, event) {
    if (!call.warnings.includes(event.text)) call.warnings.push(event.text);
  },
};

/** Takes one event of the package into the call. An event of a kind that came later than this page changes nothing. */
export function applyEvent(call, event) {
  handlers[event.type]?.(call, event);
}

/** Notes that a response message reached the application. */
export function applyMessage(call, at) {
  call.messages.push(at);
}

/** A transparent restart repeats its number, so the last one of that number is meant. */
function attemptOf(call, number) {
  const found = call.attempts.findLast((attempt) => attempt.number === number);
  if (!found) throw new Error(`an event of attempt ${number}, which never started`);
  return found;
}

/** Ends the waits that are open. The next attempt, the commit or the end of the call is what a wait was for, or what cut it short. */
function settle(call, at) {
  for (const wait of [...call.gaps, ...call.delays]) {
    if (wait.until !== undefined) continue;
    wait.until = at;
    // Timers are early by a fraction of a millisecond now and then.
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
 * What the server saw of an attempt. It tells attempts apart by grpc-previous-rpc-attempts, so a request that the browser sent
 * twice by itself (a POST on a reused connection that broke) is found twice: the last one is the one that was answered.
 */
export function executionOf(call, attempt) {
  const header = attempt.number === 1 ? "" : String(attempt.number - 1);
  return call.server?.executions.findLast((execution) => execution.previousAttempts === header);
}

/** Sums over the calls of a run. */
export function statsOf(calls) {
  const sent = calls.filter((call) => !call.skipped);
  const ended = sent.filter((call) => call.endedAt !== undefined);
  const known = calls.filter((call) => call.server !== undefined);
  return {
    calls: sent.length,
    ended: ended.length,
    ok: ended.filter((call) => call.code === 0).length,
    attempts: sum(calls, (call) => call.attempts.length),
    executed: known.length === sent.length ? sum(known, executedBy) : undefined,
    medianMs: median(ended.map((call) => call.endedAt - call.startedAt)),
    slowestMs: ended.length ? Math.max(...ended.map((call) => call.endedAt - call.startedAt)) : undefined,
    tokens: calls.reduce((last, call) => call.tokens ?? last, undefined),
  };
}

function sum(list, value) {
  return list.reduce((total, item) => total + value(item), 0);
}

function median(list) {
  if (list.length === 0) return undefined;
  const sorted = list.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
