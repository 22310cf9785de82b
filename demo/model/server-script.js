// What the server is told to do: one step of the Chaos service for each attempt (server/proto/chaos/v1/chaos.proto). Pure. Everything
// random is drawn here, from a seed, so that the server treats attempt n of call i the same in every run of the same settings.

import { CODE_NAMES } from "../dist/waterfall.js";
import { mix, randomFrom } from "./random.js";
import { numberOf } from "./settings.js";

/** No policy makes more attempts here. Later ones would be treated like the last of these. */
const mostSteps = 10;

const fixed = (fixedMs) => ({ distribution: { case: "fixedMs", value: Math.round(fixedMs) } });

/** How many messages a stream has, or all streams of a subscription together. */
const streamLength = 5;

/** Messages far enough apart to be seen one by one. */
const streamed = (messages) => ({ messages, messageDelay: fixed(60) });

/** The script of call `number` of a run, counted from 1: how the server treats each of its attempts. */
export function stepsOf(server, { kind, seed, number }) {
  const random = randomFrom(mix(seed, number));
  const steps = [];
  let left = streamLength;
  for (let attempt = 1; attempt <= mostSteps; attempt++) {
    // Every attempt takes the same number of draws, so that a setting changes its own part of the workload and no other.
    const [failure, latency, tail] = [random(), random(), random()];
    const delay = fixed(latencyOf(server, { attempt, latency, tail }));
    const failed = fails(server, attempt, failure);
    const step = failed ? failing(server, kind, delay, attempt) : answering(kind, delay, left);
    if (failed && kind === "subscription") left = Math.max(1, left - (step.messages ?? 0));
    steps.push(step);
  }
  return trimmed(steps);
}

function fails({ fails, times, rate }, attempt, draw) {
  if (fails === "first") return attempt <= numberOf(times);
  if (fails === "share") return draw * 100 < numberOf(rate);
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

const streams = (kind) => kind === "stream" || kind === "subscription";

const answering = (kind, delay, left) => ({ delay, ...(streams(kind) ? streamed(left) : {}) });

function failing(server, kind, delay, attempt) {
  const { how, pushback } = server;
  const after = streams(kind) ? numberOf(server.after, { most: 100 }) : 0;
  const step = { delay, ...(after > 0 ? streamed(after) : {}) };
  const code = Math.max(1, CODE_NAMES.indexOf(server.code));
  const status = {
    ...(String(pushback).trim() ? { pushback: [String(pushback).trim()] } : {}),
    end: { case: "status", value: { code, message: `the server was told to fail attempt ${attempt}` } },
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

/** The steps without those at the end that repeat the one before: the last step serves all later attempts anyway. */
function trimmed(steps) {
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  let length = steps.length;
  while (length > 1 && same(steps[length - 1], steps[length - 2])) length--;
  return steps.slice(0, length);
}

/** Answers with one message at once and then nothing more until the client leaves: it holds a connection. */
export const holdingSteps = [{ messages: 1, end: { case: "hang", value: {} } }];

/** The script of a bidirectional stream: each message is answered as it comes. */
export const conversationSteps = (server) => [{ messageDelay: fixed(numberOf(server.ms, { most: 5000 })) }];
