// What the measurements of single features share: seeds, percentiles, a pool of calls in flight, and a verdict.

import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: { seed: { type: "string" }, calls: { type: "string" }, messages: { type: "string" } },
  allowPositionals: true,
});

/** The seed of everything that is drawn: --seed, or the time. */
export const seed = Number(flags.seed ?? Date.now() % 1_000_000);

/** How many calls are to be made: --calls. */
export const callsOr = (usual) => numberOr("calls", usual);

/** The number that a flag sets. */
export const numberOr = (flag, usual) => Number(flags[flag] ?? usual);

/** Draws numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A duration whose logarithm is normal: most are near the median, a few are much longer. */
export function lognormal(random, median, sigma) {
  return median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

/** The value that this share of the values does not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
}

/** Makes calls, so many in flight at a time. Returns how long each took in milliseconds, and the errors of those that failed. */
export async function make(calls, inFlight, call) {
  const times = [];
  const errors = [];
  let left = calls;
  const worker = async () => {
    while (left-- > 0) {
      const begun = performance.now();
      try {
        await call();
      } catch (error) {
        errors.push(error);
      }
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { times, errors };
}

export const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

/** Prints what was required, and what came of it. If anything was not met, the program fails. */
export function judge(what, holds) {
  console.log(`${holds ? "holds" : "FAILS"}: ${what}`);
  if (!holds) process.exitCode = 1;
}
