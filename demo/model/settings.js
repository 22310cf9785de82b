// All settings of the page as one object of texts, and the link that holds them. Pure.

import { defaults as policy } from "./policy.js";

export const defaults = Object.freeze({
  story: "", // the id of the story that these settings belong to; "" when the visitor has changed them
  config: "", // a service config that the policy's fields cannot show; if it is set, they do not count
  server: {
    fails: "first", // none, first, share, all: which attempts
    times: "2", // first: how many
    rate: "30", // share: in percent
    how: "status", // status, early, cut, reset, hang
    code: "UNAVAILABLE",
    pushback: "", // milliseconds; negative: stop
    after: "0", // streams: messages before the failure
    latency: "fixed", // fixed, uniform, exponential, tail, slowFirst
    ms: "90",
    share: "10", // tail: in percent
    slow: "1200",
    where: "here", // here, other, fixed, nowhere, three
  },
  policy,
  channel: {
    jitter: "full",
    headerCommit: "strict",
    attemptHeader: "auto",
    credentialsRefresh: "off", // on: a function that takes 300 ms
    maxRetryAttempts: "",
    maxRetryBufferSize: "",
    maxRetryBufferPerCallSize: "",
  },
  calls: {
    count: "3",
    kind: "unary", // unary, stream, subscription, bidi
    order: "together", // together, sequence, paced
    rate: "20", // paced: calls per second
    size: "5", // bytes of a request's payload
    hold: "0", // streams that occupy connections meanwhile
    compare: "", // "none": make the same calls without a policy first
    seed: "1",
  },
});

/** Settings with some of them replaced, to any depth. Lists are replaced whole. */
export function merged(settings, ...patches) {
  const result = structuredClone(settings);
  for (const patch of patches) overwrite(result, patch);
  return result;
}

function overwrite(target, patch) {
  for (const [name, value] of Object.entries(patch ?? {})) {
    if (isGroup(value) && isGroup(target[name])) overwrite(target[name], value);
    else target[name] = structuredClone(value);
  }
}

const isGroup = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** What differs from `base`, readable, for the hash of a URL: "server.rate=70&policy.retry.maxAttempts=5". */
export function toHash(settings, base = defaults) {
  const params = new URLSearchParams();
  for (const [path, value] of leaves(settings)) {
    if (JSON.stringify(value) !== JSON.stringify(at(base, path))) params.set(path, toText(value));
  }
  return String(params);
}

/** The settings that a hash stands for. Names that the page does not know are ignored: the link may be older than the page. */
export function fromHash(hash, base = defaults) {
  const settings = structuredClone(base);
  for (const [path, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const present = at(base, path);
    if (present === undefined || isGroup(present)) continue;
    const names = path.split(".");
    const last = names.pop();
    const group = names.reduce((object, name) => object[name], settings);
    if (Array.isArray(present)) group[last] = text.split(",").filter(Boolean);
    else group[last] = typeof present === "boolean" ? text === "true" : text;
  }
  return settings;
}

const toText = (value) => (Array.isArray(value) ? value.join(",") : String(value));

function leaves(group, prefix = "") {
  return Object.entries(group).flatMap(([name, value]) =>
    isGroup(value) ? leaves(value, `${prefix}${name}.`) : [[prefix + name, value]],
  );
}

function at(object, path) {
  return path
    .split(".")
    .reduce((inner, name) => (isGroup(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined), object);
}

/** The number that a visitor typed, within bounds; `otherwise` if it is not a number. */
export function numberOf(text, { least = 0, most = 1e6, otherwise = least } = {}) {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
}

/** More calls could be sent, but not looked at. */
const mostCalls = 2000;

/** How many calls the settings ask for. */
export const callCountOf = ({ calls }) => Math.floor(numberOf(calls.count, { least: 1, most: mostCalls }));
