// Stories: settings that teach something, with a sentence of what to see and why, and where it matters of what differs over TLS with
// HTTP/2. A story has one or two takes, played one after the
// other with the same calls; what differs between them is the point. Pure.

import { defaults, merged } from "./settings.js";

const none = { policy: { policy: "none" } };
const retry = (values) => ({ policy: { policy: "retry", retry: values } });
const hedging = (values) => ({ policy: { policy: "hedging", hedging: values } });

export const stories = Object.freeze([
  {
    id: "healed",
    title: "A fault, healed",
    see: "Two attempts of each call fail, the third is answered: the caller sees a slower call, not an error.",
    why: "Each retry waits a random part of a bound that doubles, the shaded range. Without a policy the first failure is the answer.",
    set: {},
    takes: [
      { name: "No policy", set: none },
      { name: "Up to 4 attempts", set: retry({}) },
    ],
  },
  {
    id: "herd",
    title: "Jitter against a herd",
    see: "Forty calls fail at the same moment. Look at the requests above the bars: under ±20 % they come back in waves, under full jitter spread out.",
    why: "A server that has just failed everybody is hit hardest by everybody’s retry at once. A draw from zero to the bound takes the wave apart.",
    set: {
      server: { ms: "10" },
      calls: { count: "40" },
      ...retry({ initialBackoff: "0.5", maxBackoff: "2", maxAttempts: "4" }),
    },
    takes: [
      { name: "±20 % jitter", set: { channel: { jitter: "plusMinus20" } } },
      { name: "Full jitter", set: {} },
    ],
  },
  {
    id: "brownout",
    title: "Brown-out, throttled",
    see: "Three attempts in four fail. The token bucket sinks below half, and retries stop until answers fill it again.",
    why: "Retries multiply the load of a server that is failing because of load. Throttling gives up some calls and keeps the extra requests few.",
    set: {
      server: { fails: "share", rate: "75", ms: "30", latency: "uniform" },
      calls: { count: "30", order: "paced", rate: "12" },
      ...retry({ initialBackoff: "0.1", maxBackoff: "0.4", maxAttempts: "4" }),
    },
    takes: [
      { name: "Retries alone", set: {} },
      { name: "Retries, throttled", set: { policy: { throttling: { on: true, maxTokens: "10", tokenRatio: "0.5" } } } },
    ],
  },
  {
    id: "pushback",
    title: "Pushback",
    see: "The server says when to come again, 400 ms, and the client obeys exactly: no jitter. In the second take it says stop.",
    why: "A server knows best when it is worth trying. A flag marks its word: grpc-retry-pushback-ms, in the trailers of the failure.",
    set: { ...retry({}) },
    takes: [
      { name: "Wait 400 ms", set: { server: { pushback: "400" } } },
      { name: "Stop", set: { server: { pushback: "-1" } } },
    ],
  },
  {
    id: "tail",
    title: "A slow tail, hedged",
    see: "One answer in ten takes over a second. Hedges cut that tail off; the last row of the table says what they cost in extra requests.",
    why: "A second request that starts after most answers are in is rarely slow as well. Hedge only what may safely run twice.",
    set: {
      server: { fails: "none", latency: "tail", ms: "60", share: "10", slow: "1200" },
      calls: { count: "60", order: "paced", rate: "20" },
    },
    takes: [
      { name: "No policy", set: none },
      { name: "A hedge after 150 ms", set: hedging({ maxAttempts: "2", hedgingDelay: "0.15" }) },
    ],
  },
  {
    id: "stream",
    title: "A stream breaks",
    see: "A stream that fails before its first message is tried again; one that fails after two messages is not.",
    why: "What the application has seen cannot be taken back. The white dots are messages; the first one commits the call.",
    set: { server: { times: "1" }, calls: { count: "2", kind: "stream" }, ...retry({}) },
    takes: [
      { name: "Before the first message", set: {} },
      { name: "After two messages", set: { server: { after: "2" } } },
    ],
  },
  {
    id: "early",
    title: "Headers sent early",
    see: "The server sends its headers, then fails. Strictly read, headers commit the call, and the failure stands; with firstFrame it is retried.",
    why: "gRPC commits at the response headers. Some servers and proxies flush them before they know; then the first frame is the better mark.",
    set: { server: { how: "early" }, calls: { count: "2" }, ...retry({}) },
    takes: [
      { name: "headerCommit: strict", set: {} },
      { name: "headerCommit: firstFrame", set: { channel: { headerCommit: "firstFrame" } } },
    ],
  },
  {
    id: "cors",
    title: "CORS blocks the retry",
    see: "Another origin allows what first attempts send, but not grpc-previous-rpc-attempts: the browser refuses every retry, and the server never hears of it.",
    why: "“auto” notices, sends that attempt again at once without the header, and warns with what to allow. “always” stays blocked.",
    overTLS:
      "Over HTTP/2 the browser must also have accepted this server’s certificate by its other name, localhost or 127.0.0.1.",
    set: { server: { where: "fixed" }, calls: { count: "2", order: "sequence" }, ...retry({}) },
    takes: [
      { name: "attemptHeader: always", set: { channel: { attemptHeader: "always" } } },
      { name: "attemptHeader: auto", set: {} },
    ],
  },
  {
    id: "deadline",
    title: "The deadline is over everything",
    see: "One second for the whole call, attempts and waits together. What still runs then is aborted, here and at the server.",
    why: "A caller waits for the call, not for an attempt: retries must not make it wait longer. Every attempt tells the server what time is left.",
    set: { policy: { timeout: "1" }, calls: { count: "2" } },
    takes: [
      {
        name: "Retries",
        set: { server: { fails: "all", ms: "180" }, ...retry({ maxAttempts: "5", initialBackoff: "0.3" }) },
      },
      {
        name: "Hedges of a server that hangs",
        set: { server: { fails: "all", how: "hang" }, ...hedging({ maxAttempts: "3", hedgingDelay: "0.2" }) },
      },
    ],
  },
  {
    id: "reset",
    title: "The connection breaks",
    see: "Attempts lose their connection before any answer. Compare what the client sent with what the server ran: over HTTP/1.1 it may be more.",
    why: "A browser may repeat a POST by itself when a connection that it reused breaks. No client can promise that a server sees a call only once.",
    set: { server: { how: "reset" }, ...retry({}) },
    takes: [{ name: "Up to 4 attempts", set: {} }],
  },
  {
    id: "starved",
    title: "Six connections",
    see: "Streams hold all six connections that a browser opens over HTTP/1.1. Calls wait inside the browser: the thin line before a bar.",
    why: "With a deadline they fail before the server has heard of them, and no retry helps. HTTP/2 has no such limit: switch above and play it again.",
    overTLS: "This page came over HTTP/2: the streams share one connection with the calls, and none waits.",
    set: { server: { fails: "none", ms: "60" }, calls: { count: "4", hold: "6" }, ...retry({}) },
    takes: [
      { name: "No deadline", set: {} },
      { name: "Deadline of 0.5 s", set: { policy: { timeout: "0.5" } } },
    ],
  },
  {
    id: "duplex",
    title: "Both ways at once",
    see: "Every message is answered as it is sent, over a WebSocket: a bidirectional stream, full duplex, in any browser.",
    why: "fetch sends a request before it reads the answer. Over the wrapper’s WebSocket dialect both directions run at once.",
    set: { server: { fails: "none", ms: "40" }, calls: { count: "2", kind: "bidi" }, ...retry({}) },
    takes: [{ name: "Five messages each way", set: {} }],
  },
]);

export const storyOf = (id) => stories.find((story) => story.id === id);

/** The settings that a story puts into the form: those of its last take. */
export function settingsOf(story) {
  return merged(defaults, story.set, story.takes.at(-1).set, { story: story.id });
}

/** What is played with these settings: [{ name, settings }]. Seed and number of calls may be somebody's own, even in a story. */
export function takesOf(settings) {
  const story = storyOf(settings.story);
  if (story) {
    const { seed, count } = settings.calls;
    return story.takes.map(({ name, set }) => ({
      name,
      settings: merged(defaults, story.set, set, { story: story.id, calls: { seed, count } }),
    }));
  }
  const own = { name: nameOf(settings), settings };
  if (settings.calls.compare !== "none") return [own];
  return [{ name: "No policy", settings: merged(settings, none, { config: "" }) }, own];
}

function nameOf({ config, policy: { policy, retry, hedging } }) {
  if (config) return "Policy from JSON";
  if (policy === "retry") return `Retry, up to ${retry.maxAttempts} attempts`;
  if (policy === "hedging") return `Hedging every ${hedging.hedgingDelay || "0"} s, up to ${hedging.maxAttempts} attempts`;
  return "No policy";
}

/** Whether the settings are still the story's, but for the seed and the number of calls. */
export function tells(settings, story) {
  const { seed, count } = settings.calls;
  const wanted = merged(settingsOf(story), { calls: { seed, count } });
  return JSON.stringify(wanted) === JSON.stringify(merged(settings, { story: story.id }));
}
