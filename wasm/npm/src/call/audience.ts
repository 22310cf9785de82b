import { runSafely } from "../abi/engine.js";
import type { Ending } from "../api/errors.js";
import type { CallEvent } from "../api/events.js";

/** Those who are told of a call. */
export class Audience {
  #listeners: readonly ((event: CallEvent) => void)[];
  /** The numbers of the attempts that they were told of, and not yet of their ends. */
  #live: number[] = [];

  constructor(listeners: readonly ((event: CallEvent) => void)[]) {
    this.#listeners = listeners;
  }

  /** Nobody listens. */
  get empty(): boolean {
    return this.#listeners.length === 0;
  }

  tell(event: CallEvent): void {
    if (event.type === "attemptStarted") this.#live.push(event.attempt);
    else if (event.type === "attemptEnded") this.#live = this.#live.filter((attempt) => attempt !== event.attempt);
    for (const listener of this.#listeners) runSafely(() => listener(event));
  }

  /** Tells of the end that Go cannot tell any more: whoever counts beginnings counts on ends. */
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
