import { runSafely } from "../abi/run-safely.js";
import type { Ending } from "../api/errors.js";
import type { CallEvent } from "../api/events.js";
import type { Listener } from "../api/observe.js";

/** The functions that are told of a call's events. */
export class Listeners {
  #listeners: readonly Listener[];
  /** The attempts whose start was reported, and whose end was not. */
  #live: number[] = [];

  constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners;
  }

  get empty(): boolean {
    return this.#listeners.length === 0;
  }

  tell(event: CallEvent): void {
    if (event.type === "attemptStarted") this.#live.push(event.attempt);
    else if (event.type === "attemptEnded") this.#live = this.#live.filter((attempt) => attempt !== event.attempt);
    for (const listener of this.#listeners) runSafely(() => listener(event));
  }

  /** Reports an end that Go can no longer report: a listener that counts starts relies on hearing of as many ends. */
  tellDeath(
    base: Pick<CallEvent, "callId" | "method" | "at">,
    { code, message, commitReason: reason }: Ending,
    attempts: number,
  ): void {
    if (this.empty) return;
    for (const attempt of this.#live) this.tell({ ...base, type: "attemptEnded", attempt, outcome: "aborted" });
    this.tell({ ...base, type: "committed", reason });
    this.tell({ ...base, type: "callEnded", code, statusMessage: message, attempts, reason });
  }
}

const NOBODY = new Listeners([]);

export function listenersOf(listeners: readonly Listener[]): Listeners {
  return listeners.length > 0 ? new Listeners(listeners) : NOBODY;
}
