// How the calls of the soak are made and how they end: well, retried, hedged, refused, canceled, late, broken off, left.

import { follow, shared } from "./watch.mjs";

/** Codes that calls end with. */
export const CANCELLED = 1;
export const DEADLINE_EXCEEDED = 4;
export const NOT_FOUND = 5;
export const UNAVAILABLE = 14;

/** The options of call number i. One in ten is followed: that many are enough to see whether any are kept. */
export function optionsOf(i, more = {}) {
  const options = { signal: shared, timeoutMs: 600_000, ...more };
  if (i % 10 !== 0) return options;
  return follow({ ...options, onEvent: follow(() => {}) });
}

/** Follows what an application holds of a call. */
export function made(i, call) {
  return i % 10 === 0 ? follow(call) : call;
}

/** Waits for a call, and returns the code that it ends with. */
export async function codeOf(call) {
  try {
    await call;
    return 0;
  } catch (error) {
    if (typeof error.code !== "number") throw error;
    return error.code;
  }
}

/** Reads a stream to its end. */
export async function drain(stream) {
  for await (const message of stream) follow(message);
}

/** Leaves a stream after its first message. */
export async function leave(stream) {
  for await (const _ of stream) break;
}

/** Cancels a stream after its first message, and reads on. */
export async function cancel(stream) {
  for await (const _ of stream) stream.cancel();
}

/** Cancels a call by a signal of its own: at once, or after some milliseconds. */
export function aborted(call, after) {
  const controller = new AbortController();
  const made = call(controller.signal);
  if (after === undefined) controller.abort();
  else setTimeout(() => controller.abort(), after);
  return made;
}

/** Makes calls from `from` to `to`, so many at a time, each of the kind whose turn it is, and says how often which ended as it should not. */
export function runner(kinds, inFlight) {
  const wrong = {};
  const one = async (i) => {
    const kind = kinds[i % kinds.length];
    const code = await codeOf(kind.make(i));
    const expected = [kind.ends ?? 0].flat();
    if (!expected.includes(code)) {
      const what = `${kind.name} ended with ${code}, not ${expected.join(" or ")}`;
      wrong[what] = (wrong[what] ?? 0) + 1;
    }
  };
  return async (from, to) => {
    let next = from;
    const worker = async () => {
      while (next < to) await one(next++);
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return wrong;
  };
}
