// A run in numbers: what it gained and what it cost. Pure.

import { executedBy } from "./call.js";

/** Sums over the calls of a run. */
export function statsOf(calls) {
  const sent = calls.filter((call) => !call.skipped);
  const ended = sent.filter((call) => call.endedAt !== undefined);
  const known = sent.filter((call) => call.server !== undefined);
  const good = ended.filter((call) => call.code === 0);
  const durations = ended.map(durationOf).sort(ascending);
  const attempts = sum(sent, (call) => call.attempts.length);
  const executed = known.length === sent.length ? sum(known, executedBy) : undefined;
  return {
    calls: sent.length,
    ended: ended.length,
    ok: good.length,
    attempts,
    executed,
    // The server's own count where it is known, because only requests that reached the server were a load on it.
    extra: sent.length > 0 ? (executed ?? attempts) / sent.length - 1 : 0,
    durations,
    goodDurations: good.map(durationOf).sort(ascending),
    tokens: lastTokens(sent),
  };
}

const durationOf = (call) => call.endedAt - call.startedAt;
const ascending = (a, b) => a - b;

function sum(list, value) {
  return list.reduce((total, item) => total + value(item), 0);
}

function lastTokens(calls) {
  let last;
  for (const { throttles } of calls) {
    const seen = throttles.at(-1);
    if (seen && (last === undefined || seen.at >= last.at)) last = seen;
  }
  return last;
}

/** The value that `share` of a sorted list does not exceed (nearest rank), or undefined if the list is empty. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** The share of calls at position x of an axis of nines: 0 is none, 1 is 90 %, 2 is 99 %, 3 is 99.9 %. */
export const shareAt = (x) => 1 - 10 ** -x;
export const nines = (share) => -Math.log10(1 - share);

/**
 * Lists of sorted durations as [xs, ...ys] on one axis of nines. A list of n values says nothing beyond the share that one value in
 * n exceeds: there its y is null.
 */
export function distributionOf(lists, points = 240) {
  const most = Math.log10(Math.max(2, ...lists.map((list) => list.length)));
  const xs = Array.from({ length: points + 1 }, (_, i) => (i / points) * most);
  const y = (list, x) => (list.length > 0 && x <= Math.log10(list.length) + 1e-9 ? percentile(list, shareAt(x)) : null);
  return [xs, ...lists.map((list) => xs.map((x) => y(list, x)))];
}

/**
 * How many requests left the browser in each of `bins` equal parts of a span: [{ first, more }]. An attempt counts from its start
 * where the browser does not tell when it was sent.
 */
export function arrivalsOf(calls, origin, span, bins) {
  const counts = Array.from({ length: bins }, () => ({ first: 0, more: 0 }));
  for (const call of calls) {
    for (const { startedAt, sentAt = startedAt, kind } of call.attempts) {
      const bin = counts[Math.floor(((sentAt - origin) / span) * bins)];
      if (bin) bin[kind === "first" ? "first" : "more"]++;
    }
  }
  return counts;
}

/** The token bucket over time, as all calls of a run saw it. */
export function tokensOf(calls) {
  return calls.flatMap(({ throttles }) => throttles).sort((a, b) => a.at - b.at);
}
