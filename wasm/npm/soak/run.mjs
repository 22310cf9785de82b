// What Node and pages run alike.

import { follow, grow, shared } from "./watch.mjs";

const kept = [];
/** What each call leaves behind if it is told to, so that it can be seen that the soak notices. */
const LEAKS = {
  wasm: (i) => i % 10 === 0 && grow(),
  heap: () => kept.push(new Array(200).fill(0)),
  timers: () => setTimeout(() => {}, 1e8),
  listeners: () => shared.addEventListener("abort", () => {}),
  references: () => kept.push(follow({})),
};

/**
 * Opens channels, and returns what makes calls from one number to another and says which of them ended as they should not.
 *
 * `plan` says what is called, and where: { work: "fake" | "real" | "streams", baseUrl, sockets, leak }.
 */
export async function begin(createChannel, load, plan) {
  const { open } = plan.work === "fake" ? await import("./fake.mjs") : await import("./real.mjs");
  const run = await open(createChannel, load, { ...plan, streams: plan.work === "streams" });
  if (!plan.leak) return run;
  return (from, to) => {
    for (let i = from; i < to; i++) LEAKS[plan.leak](i);
    return run(from, to);
  };
}
