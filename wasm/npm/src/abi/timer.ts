import type { Clock } from "../api/options.js";
import { runSafely } from "./run-safely.js";

/** The one timer of an instance of the WebAssembly. Go says when it wants to be called next. */
export class Timer {
  #clock: Clock;
  #fire: (now: number) => void;
  #timeout: unknown;
  /** When the timer will fire, and when Go wants to hear of it. Infinity: never. */
  #due: number = Number.POSITIVE_INFINITY;
  #wanted: number = Number.POSITIVE_INFINITY;
  /** After how many more microtasks the timer is set to what is wanted. 0: none is awaited. */
  #patience = 0;

  constructor(clock: Clock, fire: (now: number) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /**
   * Notes when Go wants to be called. The timer is moved at once only if it would fire too late. One that fires too early does no harm,
   * and most timers are no longer wanted before anything else happens: setting and clearing one for each would cost more than the rest
   * of a call. So a patient timer, and one that is not wanted any more, are seen to only after a number of microtasks.
   */
  set(at: number, patient: boolean): void {
    this.#wanted = at;
    if (at < this.#due && !patient) this.#arm();
    else if (!this.#armed) {
      if (this.#patience === 0) TURN.then(this.#wait);
      this.#patience = PATIENCE;
    }
  }

  /** The timer fires in time for what is wanted; or none is wanted, and none is set. */
  get #armed(): boolean {
    return this.#due <= this.#wanted && (this.#due === this.#wanted || this.#wanted !== Number.POSITIVE_INFINITY);
  }

  #wait = (): void => {
    if (this.#armed) this.#patience = 0;
    else if (--this.#patience > 0) TURN.then(this.#wait);
    else runSafely(() => this.#arm());
  };

  /** Timers count in whole milliseconds up to 2³¹−1, so one may fire before its instant; then it is set again. */
  #arm(): void {
    const clock = this.#clock;
    if (this.#due !== Number.POSITIVE_INFINITY) clock.clearTimeout(this.#timeout);
    this.#due = this.#wanted;
    if (this.#due === Number.POSITIVE_INFINITY) return;
    const delay = Math.min(Math.max(Math.ceil(this.#due - clock.now()), 0), 2 ** 31 - 1);
    this.#timeout = clock.setTimeout(() => {
      this.#due = Number.POSITIVE_INFINITY;
      const now = clock.now();
      if (now < this.#wanted) {
        this.#arm();
        return;
      }
      this.#wanted = Number.POSITIVE_INFINITY; // unless Go says otherwise
      this.#fire(now);
    }, delay);
  }

  /** Nobody wants to be called any more. */
  stop(): void {
    this.#wanted = Number.POSITIVE_INFINITY;
    this.#arm();
  }
}

/** If the end of a body has already come, fetch's streams report it within a few microtasks; and a program's next call begins within a few. */
const PATIENCE = 20;

/** What a function is attached to in order to run as a microtask: in Chromium, that costs a tenth of what queueMicrotask does. */
const TURN: Promise<void> = Promise.resolve();
