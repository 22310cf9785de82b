// The stories: settings that teach something, with a sentence on what to see and one on why. Pure.
//
// A story has one or two runs, made one after the other with the same calls; what differs between them is the point. `set` is what
// its runs have in common, `overTLS` what differs when the page came over HTTP/2, and `conclude` says what the numbers of both runs
// show, where that depends on the machine. `realServer` marks stories that a service worker cannot tell.

import { budgetConclusion, hedgingConclusion, throttlingConclusion } from "./comparison.js";
import { textOf } from "./policy.js";
import { defaults, merged } from "./settings.js";

const none = { policy: { policy: "none" } };
const retry = (values) => ({ policy: { policy: "retry", retry: values } });
const hedging = (values) => ({ policy: { policy: "hedging", hedging: values } });

/** Up to four attempts for every method. */
const patient = {
  name: [{}],
  retryPolicy: {
    maxAttempts: 4,
    initialBackoff: "0.1s",
    maxBackoff: "0.4s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  },
};

export const stories = Object.freeze([
  {
    id: "healed",
    title: "A fault, healed",
    see: "The first two attempts of each call fail and the third succeeds: the caller sees a slower call, not an error.",
    why: "Before each retry the client waits a random time from the shaded range, whose upper bound doubles. Without a policy, the first failure is the answer.",
    set: {},
    runs: [
      { name: "No policy", set: none },
      { name: "Up to 4 attempts", set: retry({}) },
    ],
  },
  {
    id: "jitter",
    title: "Jitter spreads retries",
    see: "All calls fail at the same moment. Look at the requests above the bars: with ±20 % jitter the retries arrive in waves, with full jitter they are spread out.",
    why: "A server that has just failed all its callers is hit hardest when they all retry at once. Drawing each wait from zero up to the bound breaks up the wave.",
    set: {
      server: { ms: "10" },
      calls: { count: "40" },
      ...retry({ initialBackoff: "0.5", maxBackoff: "2", maxAttempts: "4" }),
    },
    runs: [
      { name: "±20 % jitter", set: { channel: { jitter: "plusMinus20" } } },
      { name: "Full jitter", set: {} },
    ],
  },
  {
    id: "brownout",
    title: "Brownout, throttled",
    see: "Three attempts in four fail. In run B every failure takes a token from a bucket; while it is half full or less, nothing is retried.",
    why: "Retries multiply the load on a server that fails because of its load. Throttling gives up on some calls so that there are few extra requests.",
    set: {
      server: { fails: "share", rate: "75", ms: "30", latency: "uniform" },
      calls: { count: "30", order: "paced", rate: "12" },
      ...retry({ initialBackoff: "0.1", maxBackoff: "0.4", maxAttempts: "4" }),
    },
    runs: [
      { name: "Retries alone", set: {} },
      { name: "Retries, throttled", set: { policy: { throttling: { on: true, maxTokens: "10", tokenRatio: "0.5" } } } },
    ],
    conclude: throttlingConclusion,
  },
  {
    id: "budget",
    title: "An outage, on a budget",
    see: "The server fails every request. In run A each call is tried four times; in run B a retry must be paid from a budget that calls fill by a tenth of a retry each.",
    why: "While a server is down, retries save nobody and multiply what it gets when it comes back. A budget bounds them for all calls and tabs of a user together, and still heals passing faults.",
    set: {
      server: { fails: "all", ms: "30", latency: "uniform" },
      calls: { count: "30", order: "paced", rate: "12" },
    },
    runs: [
      { name: "Retries alone", set: { config: textOf({ methodConfig: [patient] }) } },
      {
        name: "retryBudget: a tenth",
        set: { config: textOf({ methodConfig: [patient], "x-hedgerow": { retryBudget: { ratio: 0.1 } } }) },
      },
    ],
    conclude: budgetConclusion,
  },
  {
    id: "pushback",
    title: "Pushback",
    see: "The server tells the client to wait 400 ms, and the client waits exactly that, without jitter. In run B the server tells it to stop.",
    why: "The server knows best when a retry is worth making. A flag marks what it said: grpc-retry-pushback-ms, in the trailers of the failure.",
    set: { ...retry({}) },
    runs: [
      { name: "Wait 400 ms", set: { server: { pushback: "400" } } },
      { name: "Stop", set: { server: { pushback: "-1" } } },
    ],
  },
  {
    id: "tail",
    title: "A slow tail, hedged",
    see: "One answer in ten takes over a second. In run B, a call without an answer after 150 ms sends a second request, and the first answer wins.",
    why: "A second request is rarely slow as well. Hedge only what is safe to run twice; the last row shows what it cost in extra requests.",
    set: {
      server: { fails: "none", latency: "tail", ms: "60", share: "10", slow: "1200" },
      calls: { count: "60", order: "paced", rate: "20" },
    },
    runs: [
      { name: "No policy", set: none },
      { name: "A hedge after 150 ms", set: hedging({ maxAttempts: "2", hedgingDelay: "0.15" }) },
    ],
    conclude: hedgingConclusion,
  },
  {
    id: "tuned",
    title: "A delay that is learned",
    see: "The server has become slower than somebody thought: answers take 300 ms, so a hedge after 150 ms sends every call twice. In run B the delay is learned from the first 30 answers, and only the few slow calls are hedged.",
    why: "maxExtraLoad says how many hedges there may be for each call. The delay follows from it, and from how long the method's attempts take. Compare the extra requests.",
    set: {
      server: { fails: "none", latency: "tail", ms: "300", share: "4", slow: "2000" },
      calls: { count: "100", order: "paced", rate: "20" },
    },
    runs: [
      { name: "A hedge after 150 ms", set: hedging({ maxAttempts: "2", hedgingDelay: "0.15" }) },
      {
        name: "maxExtraLoad: 0.1",
        set: {
          config: textOf({
            methodConfig: [
              {
                name: [{}],
                hedgingPolicy: {
                  maxAttempts: 2,
                  hedgingDelay: "1s",
                  nonFatalStatusCodes: ["UNAVAILABLE"],
                  "x-hedgerow": { maxExtraLoad: 0.1 },
                },
              },
            ],
          }),
        },
      },
    ],
  },
  {
    id: "stream",
    title: "A stream breaks",
    see: "A stream that fails before its first message is retried; one that fails after two messages is not.",
    why: "Messages that the application has seen cannot be taken back. The white dots are messages; the first one commits the call.",
    set: { server: { times: "1" }, calls: { count: "2", kind: "stream" }, ...retry({}) },
    runs: [
      { name: "Before the first message", set: {} },
      { name: "After two messages", set: { server: { after: "2" } } },
    ],
  },
  {
    id: "resumed",
    title: "A stream that comes back",
    see: "The connection breaks twice within a stream of five messages. In run B the subscription asks for the rest each time, and the caller gets all five, in order, from one loop.",
    why: "A stream that has delivered messages cannot be retried: they would come again. resumableStreaming asks for what comes after the last message, which the server must be able to answer.",
    set: { server: { how: "cut", after: "2", ms: "60" }, calls: { count: "2" }, ...retry({}) },
    runs: [
      { name: "A stream, with retries", set: { calls: { kind: "stream" } } },
      { name: "resumableStreaming", set: { calls: { kind: "subscription" } } },
    ],
  },
  {
    id: "early",
    title: "Headers sent early",
    see: "The server sends its headers, then fails. With headerCommit “strict” the headers commit the call, so the failure is final; with “firstFrame” it is retried.",
    why: "gRPC commits a call at the response headers. Some servers and proxies send them before they know the outcome; for those, the first frame is the better mark.",
    set: { server: { how: "early" }, calls: { count: "2" }, ...retry({}) },
    runs: [
      { name: "headerCommit: strict", set: {} },
      { name: "headerCommit: firstFrame", set: { channel: { headerCommit: "firstFrame" } } },
    ],
  },
  {
    id: "cors",
    realServer: true,
    title: "CORS blocks the retry",
    see: "The other origin allows the headers of a first attempt, but not grpc-previous-rpc-attempts. So the browser blocks every retry, and the server never hears of it.",
    why: "With “auto” the client notices, repeats that attempt at once without the header, and warns you what to allow. With “always” retries stay blocked.",
    overTLS:
      "Over HTTP/2, the browser must also have accepted this server’s certificate under its other name, localhost or 127.0.0.1.",
    set: { server: { where: "fixed" }, calls: { count: "2", order: "sequence" }, ...retry({}) },
    runs: [
      { name: "attemptHeader: always", set: { channel: { attemptHeader: "always" } } },
      { name: "attemptHeader: auto", set: {} },
    ],
  },
  {
    id: "deadline",
    title: "The deadline wins",
    see: "The whole call has one second, attempts and waits together. What is still running then is aborted, in the browser and on the server.",
    why: "The caller waits for the call, not for an attempt, so retries must not make it wait longer. Every attempt tells the server how much time is left.",
    set: { policy: { timeout: "1" }, calls: { count: "2" } },
    runs: [
      {
        name: "Retries",
        set: { server: { fails: "all", ms: "180" }, ...retry({ maxAttempts: "5", initialBackoff: "0.3" }) },
      },
      {
        name: "Hedges, while the server hangs",
        set: { server: { fails: "all", how: "hang" }, ...hedging({ maxAttempts: "3", hedgingDelay: "0.2" }) },
      },
    ],
  },
  {
    id: "blackhole",
    title: "A black hole",
    see: "The server takes the first request of each call and never answers it. In run B such an attempt is given up after half a second, and the next one is answered.",
    why: "Nothing fails, so there is nothing to retry: without perAttemptRecvTimeout the call waits for its deadline. A dead connection or a hung server looks like this.",
    set: { server: { how: "hang", times: "1" } },
    runs: [
      { name: "Retries alone, deadline of 3 s", set: merged(retry({}), { policy: { timeout: "3" } }) },
      {
        name: "perAttemptRecvTimeout: 0.5s",
        set: {
          config: textOf({
            methodConfig: [
              {
                name: [{}],
                timeout: "3s",
                retryPolicy: {
                  maxAttempts: 4,
                  initialBackoff: "0.2s",
                  maxBackoff: "2s",
                  backoffMultiplier: 2,
                  retryableStatusCodes: ["UNAVAILABLE"],
                  perAttemptRecvTimeout: "0.5s",
                },
              },
            ],
          }),
        },
      },
    ],
  },
  {
    id: "endpoints",
    realServer: true,
    title: "An endpoint is gone",
    see: "Nothing listens at the channel’s address, so all calls of run A fail. Run B has three addresses, of which that is the first: the first call is retried at the second one, and the calls after it go there at once.",
    why: "A retry goes to another endpoint than the attempt before. One that fails is left alone for 30 seconds, and then a single call probes whether it is back.",
    overTLS:
      "Over HTTP/2, the browser must also have accepted this server’s certificate under its other name, localhost or 127.0.0.1.",
    set: { server: { fails: "none", ms: "60" }, calls: { count: "4", order: "sequence" }, ...retry({ initialBackoff: "0.1" }) },
    runs: [
      { name: "One endpoint", set: { server: { where: "nowhere" } } },
      { name: "Three endpoints", set: { server: { where: "three" } } },
    ],
  },
  {
    id: "token",
    title: "An expired token",
    see: "The server refuses the first attempt of every call: its token has expired. In run B all calls wait for one refresh, which takes 300 ms, and are then sent once more.",
    why: "A refusal says nothing about the server’s health, so it takes no token of the throttle and no attempt of a policy. There is no policy here at all.",
    set: { server: { times: "1", code: "UNAUTHENTICATED", ms: "40", latency: "uniform" }, calls: { count: "6" }, ...none },
    runs: [
      { name: "Nothing is refreshed", set: {} },
      { name: "credentialsRefresh", set: { channel: { credentialsRefresh: "on" } } },
    ],
  },
  {
    id: "reset",
    title: "The connection breaks",
    see: "The first two attempts lose their connection before any answer. Compare what the client sent with what the server executed: over HTTP/1.1 the server may count more.",
    why: "A browser may resend a POST by itself when a connection that it reused breaks. No client can promise that a server sees a request only once.",
    set: { server: { how: "reset" }, ...retry({}) },
    runs: [{ name: "Up to 4 attempts", set: {} }],
  },
  {
    id: "starved",
    realServer: true,
    title: "Six connections",
    see: "Over HTTP/1.1 a browser opens at most six connections to a server, and streams hold them all. The calls wait inside the browser: the thin line before a bar.",
    why: "With a deadline they fail before the server has heard of them, and no retry helps. HTTP/2 has no such limit: switch at the top and run this again.",
    overTLS: "This page came over HTTP/2: streams and calls share one connection, so none has to wait.",
    set: { server: { fails: "none", ms: "60" }, calls: { count: "4", hold: "6" }, ...retry({}) },
    runs: [
      { name: "No deadline", set: {} },
      { name: "Deadline of 0.5 s", set: { policy: { timeout: "0.5" } } },
    ],
  },
  {
    id: "duplex",
    realServer: true,
    title: "Both ways at once",
    see: "Each message is answered as soon as it is sent, over a WebSocket: a full-duplex bidirectional stream, in any browser.",
    why: "With fetch, a browser sends the whole request before it reads the answer. A WebSocket carries both directions at once.",
    set: { server: { fails: "none", ms: "40" }, calls: { count: "2", kind: "bidi" }, ...retry({}) },
    runs: [{ name: "Five messages each way", set: {} }],
  },
]);

export const storyById = (id) => stories.find((story) => story.id === id);

/** The settings that a story puts into the form: those of its last run. */
export function settingsOf(story) {
  return merged(defaults, story.set, story.runs.at(-1).set, { story: story.id });
}

/** The runs that these settings ask for: [{ name, settings }]. The visitor may change a story's seed and number of calls. */
export function runsOf(settings) {
  const story = storyById(settings.story);
  if (story) {
    const { seed, count } = settings.calls;
    return story.runs.map(({ name, set }) => ({
      name,
      settings: merged(defaults, story.set, set, { story: story.id, calls: { seed, count } }),
    }));
  }
  const own = { name: policyName(settings), settings };
  if (settings.calls.compare !== "none") return [own];
  return [{ name: "No policy", settings: merged(settings, none, { config: "" }) }, own];
}

function policyName({ config, policy: { policy, retry, hedging } }) {
  if (config) return "Policy from JSON";
  if (policy === "retry") return `Retry, up to ${retry.maxAttempts} attempts`;
  if (policy === "hedging") return `Hedging every ${hedging.hedgingDelay || "0"} s, up to ${hedging.maxAttempts} attempts`;
  return "No policy";
}

/** Whether the settings are still the story's, apart from the seed and the number of calls. */
export function matchesStory(settings, story) {
  const { seed, count } = settings.calls;
  const wanted = merged(settingsOf(story), { calls: { seed, count } });
  return JSON.stringify(wanted) === JSON.stringify(merged(settings, { story: story.id }));
}
