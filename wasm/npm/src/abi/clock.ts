import type { Clock } from "../api/options.js";
import { runSafely } from "./run-safely.js";

/** The clock of channels whose options name none. */
export const PAGE_CLOCK: Clock = {
  now: () => performance.now(),
  setTimeout: (act, ms) => setTimeout(act, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** A clock of the user's own, whose time stands still while it throws: events come from everywhere, and none may be lost for it. */
export function steady(clock: Clock): Clock {
  let last = 0;
  return {
    now: () => {
      runSafely(() => {
        last = clock.now();
      });
      return last;
    },
    setTimeout: (act, milliseconds) => clock.setTimeout(act, milliseconds),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  };
}
