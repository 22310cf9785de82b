// What the server is told to do: one step of the Chaos service for each attempt (server/proto/chaos/v1/chaos.proto). Pure. All that is
// random is drawn here, from a seed, so that attempt n of call i meets the same fate in every run of the same settings.

import { codeNames } from "./codes.js";
import { mix, randomFrom } from "./random.js";
import { numberOf } from "./settings.js";

/** More attempts than any policy makes here; later ones would meet what the last of these met. */
const mostSteps = 10;

const fixed = (fixedMs) => ({ distribution: { case: "fixedMs", value: Math.round(fixedMs) } });

// A stream's five messages are far enough apart to be seen one by one.
const streamed = { messages: 5, messageDelay: fixed(60) };

/** The script of call `number` of a run, from 1: what each of its attempts meets. */
export function stepsOf(server, { kind, seed, number }) {
  const random = randomFrom(mix(seed, number));
  const steps = [];
  for (let attempt = 1; attempt <= mostSteps; attempt++) {
    // Always as many draws, so that a setting changes its own part of the workload and no other.
    const [fate, latency, tail] = [random(), random(), random()];
    const delay = fixed(latencyOf(server, { attempt, latency, tail }));
    steps.push(fails(server, attempt, fate) ? failing(server, kind, delay, attempt) : answering(kind, delay));
  }
  return trimmed(steps);
}

function fails({ fails, times, rate }, attempt, fate) {
  if (fails === "first") return attempt <= numberOf(times);
  if (fails === "share") return fate * 100 < numberOf(rate);
  return fails === "all";
}

/** In milliseconds, before anything is sent. */
function latencyOf({ latency: shape, ms, share, slow }, { attempt, latency, tail }) {
  const usual = numberOf(ms, { most: 60_000 });
  const long = numberOf(slow, { most: 60_000 });
  switch (shape) {
    case "uniform":
      return usual * (0.5 + latency);
    case "exponential":
      return Math.min(60_000, -Math.log(1 - latency) * usual);
    case "tail":
      return tail * 100 < numberOf(share) ? long * (0.8 + 0.4 * latency) : usual * (0.5 + latency);
    case "slowFirst":
      return attempt === 1 ? long : usual;
    default:
      return usual;
  }
}

const answering = (kind, delay) => ({ delay, ...(kind === "stream" ? streamed : {}) });

function failing(server, kind, delay, attempt) {
  const { how, pushback } = server;
  const after = kind === "stream" ? numberOf(server.after, { most: 100 }) : 0;
  const step = { delay, ...(after > 0 ? { messages: after, messageDelay: fixed(60) } : {}) };
  const code = Math.max(1, codeNames.indexOf(server.code));
  const status = {
    ...(String(pushback).trim() ? { pushback: [String(pushback).trim()] } : {}),
    end: { case: "status", value: { code, message: `attempt ${attempt} was told to fail` } },
  };
  switch (how) {
    case "early":
      return { ...step, earlyHeader: true, endDelay: fixed(200), ...status };
    case "cut":
      return { ...step, endDelay: fixed(120), end: { case: "cut", value: { partialBytes: 200 } } };
    case "reset":
      return { ...step, end: { case: "cut", value: { partialBytes: 0 } } };
    case "hang":
      return { end: { case: "hang", value: {} } };
    default:
      return { ...step, ...status };
  }
}

/** The last step serves all later attempts, so what repeats it at the end says nothing. */
function trimmed(steps) {
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  let length = steps.length;
  while (length > 1 && same(steps[length - 1], steps[length - 2])) length--;
  return steps.slice(0, length);
}

/** Answers with its head at once and nothing else for a while: it occupies a connection. */
export const holding = (ms) => [{ earlyHeader: true, messages: 0, endDelay: fixed(ms) }];

/** The script of a conversation: each message is answered as it comes. */
export const conversing = (server) => [{ messageDelay: fixed(numberOf(server.ms, { most: 5000 })) }];
