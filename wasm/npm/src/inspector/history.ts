import type { CallEvent } from "../api/events.js";
import type { Listener } from "../api/observe.js";
import { abandon, applyEvent, type CallRecord, newRecord } from "./call-record.js";

/** A call of an attached channel. */
export interface InspectedCall extends CallRecord {
  /** The name that the channel was attached with. */
  readonly channel: string | undefined;
}

/** The newest calls of some channels. */
export class History {
  #calls: InspectedCall[] = [];
  /** While it is true, calls that start are not taken up. */
  paused = false;
  #limit: number;
  #last = 0;
  #changed: () => void;

  /** `changed` is called after each change. */
  constructor(limit: number, changed: () => void) {
    this.#limit = limit;
    this.#changed = changed;
  }

  /** From the oldest to the newest. */
  get calls(): readonly InspectedCall[] {
    return this.#calls;
  }

  /** The most calls that are kept; older ones are dropped, also those that run. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#trim();
  }

  clear(): void {
    this.#calls = [];
    this.#changed();
  }

  /** A listener for the events of one channel, and a function after which it takes up nothing more. */
  follow(channel: string | undefined): { listener: Listener; leave: () => void } {
    const running = new Map<number, InspectedCall>(); // by the number that the channel's page gave them
    let left = false;
    const listener = (event: CallEvent): void => {
      if (left) return;
      if (event.type === "callStarted" && !this.paused) {
        const call = Object.assign(newRecord(++this.#last), { channel });
        running.set(event.callId, call);
        this.#calls.push(call);
        this.#trim();
      }
      const call = running.get(event.callId);
      if (!call) return; // it started before, or the event is about the channel
      applyEvent(call, event);
      if (event.type === "callEnded") running.delete(event.callId);
      this.#changed();
    };
    const leave = (): void => {
      left = true;
      for (const call of running.values()) abandon(call, performance.now());
      running.clear();
      this.#changed();
    };
    return { listener, leave };
  }

  #trim(): void {
    const extra = this.#calls.length - this.#limit;
    if (extra > 0) this.#calls.splice(0, extra);
  }
}
