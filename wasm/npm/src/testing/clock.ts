import type { Clock } from "../api/options.js";

interface Timer {
  readonly at: number;
  readonly act: () => void;
  /** How many timers before it, each set without delay after the last one, have fired at this very instant. */
  readonly depth: number;
}

/** A chain of more timers than this, in which no time passes, is taken for one without end. */
const DEEPEST = 1000;

type Reason = () => string | undefined;

const reasons = new WeakMap<TestClock, Reason[]>();

/** Registers a function that says why nothing can happen any more, if that is so. */
export function whenStuck(clock: TestClock, why: Reason): void {
  reasons.set(clock, [...(reasons.get(clock) ?? []), why]);
}

/**
 * A clock for tests. Its time passes only when the test says so, and takes no real time. It begins at 0. Each step fires one timer, at its
 * exact instant, and then lets everything run that waits only for its turn: promises, streams, messages. It needs no fake timers, and
 * works beside them. It does not wait for anything real, such as a file or the network.
 */
export class TestClock implements Clock {
  #now = 0;
  /** In the order in which they were set: those that are due together fire in that order. */
  #timers: Set<Timer> = new Set();
  #armed: (() => void)[] = [];
  /** Of the timer that fired last at the present instant. */
  #depth = 0;

  /** Milliseconds since the clock was made. */
  now(): number {
    return this.#now;
  }

  setTimeout(act: () => void, ms: number): unknown {
    const timer = { at: this.#now + (ms > 0 ? ms : 0), act, depth: ms > 0 ? 0 : this.#depth + 1 };
    this.#timers.add(timer);
    for (const go of this.#armed.splice(0)) go();
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** How many timers wait. If 0, time alone changes nothing any more. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets this many milliseconds pass. With 0, only what is ready to run does. */
  async advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0)
      throw new RangeError(`advance takes a number of milliseconds, 0 or more, not ${String(ms)}`);
    await this.#pass(this.#now + ms);
  }

  /** Lets time pass up to the next timer, and fires all that are due then. Returns whether there was one. */
  async next(): Promise<boolean> {
    await settle();
    const timer = this.#first(Number.POSITIVE_INFINITY);
    if (timer) await this.#pass(timer.at);
    return timer !== undefined;
  }

  /**
   * Lets time pass until the promise has settled, however long that takes, and no longer. Returns what the promise does. Rejects if the
   * only thing left to wait for is a step that hangs.
   */
  async runUntil<T>(promise: PromiseLike<T>): Promise<T> {
    let settled = false;
    const end = (): void => {
      settled = true;
    };
    const outcome = Promise.resolve(promise);
    const ended = outcome.then(end, end);
    for (;;) {
      await settle();
      if (settled) return outcome;
      const timer = this.#first(Number.POSITIVE_INFINITY);
      if (timer) {
        this.#fire(timer);
        continue;
      }
      for (const reason of reasons.get(this) ?? []) {
        const why = reason();
        if (why) throw new Error(`hedgerow/testing: the promise given to runUntil will never settle: ${why}`);
      }
      // Something real is under way, such as loading the WebAssembly.
      await Promise.race([ended, new Promise<void>((go) => this.#armed.push(go))]);
    }
  }

  async #pass(end: number): Promise<void> {
    await settle();
    for (let timer = this.#first(end); timer; timer = this.#first(end)) {
      this.#fire(timer);
      await settle();
    }
    if (end > this.#now) this.#depth = 0;
    this.#now = Math.max(this.#now, end);
  }

  #first(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!first || timer.at < first.at)) first = timer;
    return first;
  }

  #fire(timer: Timer): void {
    if (timer.depth >= DEEPEST) {
      throw new Error(
        `hedgerow/testing: ${DEEPEST} timers of 0 ms were set one after another at ${this.#now} ms. ` +
          "Something sets a timer again each time it fires, so time would never pass. Give it a delay",
      );
    }
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    this.#depth = timer.depth;
    timer.act();
  }
}

/** One turn of the event loop runs promises to their end. Some of what a platform does between promises takes another turn. */
const TURNS = 5;

/** As it was when this was imported, which is before a test replaces it. */
const platformTimeout = globalThis.setTimeout;

/**
 * Waits by messages, which no library of fake timers replaces. A timer or an immediate might be replaced, and never come; only Jest's jsdom,
 * which has no messages, must do with one.
 */
async function settle(): Promise<void> {
  if (typeof MessageChannel !== "function") {
    for (let i = 0; i < TURNS; i++) await new Promise<void>((resolve) => platformTimeout(resolve));
    return;
  }
  const { port1, port2 } = new MessageChannel();
  for (let i = 0; i < TURNS; i++) {
    await new Promise<void>((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(0);
    });
  }
  port1.close(); // or Node would wait for more
}
