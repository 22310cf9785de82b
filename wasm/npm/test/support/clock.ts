// A clock that stands still until the test moves it.
import type { TestContext } from "node:test";
import { settle } from "./calls.js";

interface Timer {
  readonly at: number;
  readonly delay: number;
  readonly run: () => void;
}

/** Stands in for performance.now, setTimeout and clearTimeout until the test ends. Time passes only in `advance`. */
export class Clock {
  now = 1000;
  readonly timers: Map<number, Timer> = new Map();
  /** The delay of every timer that was set. */
  readonly delays: number[] = [];
  #last = 0;

  constructor(t: TestContext) {
    const { setTimeout, clearTimeout } = globalThis;
    const { now } = performance;
    performance.now = () => this.now;
    globalThis.setTimeout = ((run: () => void, delay = 0) => {
      this.delays.push(delay);
      this.timers.set(++this.#last, { at: this.now + delay, delay, run });
      return this.#last;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((id: number) => {
      this.timers.delete(id);
    }) as typeof clearTimeout;
    t.after(() => {
      performance.now = now;
      globalThis.setTimeout = setTimeout;
      globalThis.clearTimeout = clearTimeout;
    });
  }

  /** Lets so many milliseconds pass, and fires the timers at their instants. */
  async advance(ms: number): Promise<void> {
    await settle();
    const end = this.now + ms;
    for (let due = this.#due(end); due; due = this.#due(end)) {
      const [id, { at, run }] = due;
      this.timers.delete(id);
      this.now = Math.max(this.now, at);
      run();
      await settle();
    }
    this.now = end;
  }

  #due(end: number): [number, Timer] | undefined {
    return [...this.timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  }
}
