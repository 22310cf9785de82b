// What the server is told to do: scripts of the Chaos service, one step for each attempt (server/proto/chaos/v1/chaos.proto). Each
// preset says what to look at, and which policy and load show it best. Pure.

const UNAVAILABLE = 14;
const INVALID_ARGUMENT = 3;

const fixed = (fixedMs) => ({ distribution: { case: "fixedMs", value: fixedMs } });
const uniform = (minMs, maxMs) => ({ distribution: { case: "uniform", value: { minMs, maxMs } } });
const slowTail = (probability, usual, slow) => ({ distribution: { case: "slowTail", value: { usual, slow, probability } } });

// A stream's five messages are far enough apart to be seen one by one.
const messages = (kind) => (kind === "stream" ? { messages: 5, messageDelay: fixed(60) } : {});
const answers = (kind, delay = fixed(120)) => ({ delay, ...messages(kind) });
const fails = (message, more) => ({
  delay: fixed(80),
  end: { case: "status", value: { code: UNAVAILABLE, message } },
  ...more,
});
const breaks = (partialBytes, more) => ({ delay: fixed(80), end: { case: "cut", value: { partialBytes } }, ...more });

/** Where nothing listens: a port that no service is registered for. */
const nowhere = ({ protocol }) => `${protocol}//127.0.0.1:49151`;

const retry = { policy: "retry" };
const hedging = { policy: "hedging" };

/**
 * `steps(kind, random)` is the script for a "unary" or "stream" call; random() draws from 0 to 1. `suits` is what to set for the
 * preset to show its point. `baseUrl(location)` is another server to call.
 */
export const faults = Object.freeze([
  {
    id: "healthy",
    name: "Answers at once",
    see: "One attempt for each call, whatever the policy. This is what it should look like on most days.",
    suits: retry,
    steps: (kind) => [answers(kind, fixed(90))],
  },
  {
    id: "fails-twice",
    name: "Fails twice, then answers",
    see: "A transient fault, healed: two UNAVAILABLE, a random wait before each retry, and the third attempt’s answer is the call’s.",
    suits: retry,
    steps: (kind) => [fails("try again, 1 of 2"), fails("try again, 2 of 2"), answers(kind)],
  },
  {
    id: "unavailable",
    name: "Always UNAVAILABLE",
    see: "Retries end when maxAttempts is reached. The waits may grow up to their bound, but each is drawn from zero.",
    suits: retry,
    steps: () => [fails("down for good")],
  },
  {
    id: "brown-out",
    name: "Brown-out",
    see: "Seven attempts in ten fail. With throttling on, the token bucket sinks below half and stops the retries before they add to the trouble.",
    suits: { ...retry, throttling: true, count: 8, order: "sequence" },
    steps: (kind, random) => Array.from({ length: 5 }, () => (random() < 0.7 ? fails("overloaded") : answers(kind))),
  },
  {
    id: "slow-first",
    name: "Slow first attempt",
    see: "The first attempt takes 1.5 s. A hedge is sent after the hedging delay and wins; the first is aborted, and the server sees that.",
    suits: hedging,
    steps: (kind) => [answers(kind, fixed(1500)), answers(kind, fixed(90))],
  },
  {
    id: "slow-tail",
    name: "Slow tail",
    see: "Three answers in ten take a second or more. Hedges cut the tail off, at the price of some extra requests. Compare with no policy.",
    suits: { ...hedging, count: 10, order: "sequence" },
    steps: (kind) => [answers(kind, slowTail(0.3, uniform(40, 120), uniform(900, 1400)))],
  },
  {
    id: "pushback",
    name: "Pushback 400 ms",
    see: "The server says how long to wait, and the client obeys exactly: no jitter.",
    suits: retry,
    steps: (kind) => [fails("busy", { pushback: ["400"] }), fails("still busy", { pushback: ["400"] }), answers(kind)],
  },
  {
    id: "stop",
    name: "Says stop",
    see: "The server asks not to be tried again. One attempt, although the code is one to retry.",
    suits: retry,
    steps: () => [fails("please go away", { pushback: ["-1"] })],
  },
  {
    id: "invalid",
    name: "INVALID_ARGUMENT",
    see: "The code is not in the policy’s list: trying the same request again would not help, so nothing is repeated.",
    suits: retry,
    steps: () => [fails("", { end: { case: "status", value: { code: INVALID_ARGUMENT, message: "no such greeting" } } })],
  },
  {
    id: "early-headers",
    name: "Headers early, then fails",
    see: "Once response headers arrive the call is committed to its attempt: the failure after them is final, although its code is one to retry.",
    suits: retry,
    steps: () => [fails("failed after its headers", { earlyHeader: true, endDelay: fixed(250) })],
  },
  {
    id: "mid-body",
    name: "Dies mid-body",
    see: "The connection breaks inside a message. The headers were there, so nothing is sent again: part of the answer may have been used.",
    suits: retry,
    steps: (kind) => [
      breaks(200, { ...(kind === "stream" ? { messages: 2, messageDelay: fixed(60) } : {}), endDelay: fixed(150) }),
    ],
  },
  {
    id: "reset",
    name: "Connection breaks",
    see: "Two attempts lose their connection before any answer. A browser says no more than “failed to fetch”; that is UNAVAILABLE, and retried. (A browser may also send a POST again by itself: compare the server’s count.)",
    suits: retry,
    steps: (kind) => [breaks(0), breaks(0), answers(kind)],
  },
  {
    id: "hangs",
    name: "Never answers",
    see: "Only a deadline helps. It covers the whole call, all attempts and waits together, and the server sees its request cancelled.",
    suits: { ...hedging, timeout: "1", count: 2 },
    steps: () => [{ end: { case: "hang", value: {} } }],
  },
  {
    id: "down",
    name: "Server down",
    see: "Calls go to a port where nothing listens. Each attempt fails at once, without any response.",
    suits: retry,
    steps: () => [],
    baseUrl: nowhere,
  },
]);

/** A small seeded generator (mulberry32), so that a run can be repeated. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
