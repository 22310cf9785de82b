// A subscription that is resumed is one call to the reader of this page, although the package makes a stream of its own, and a call, for
// each renewal. Pure.

import { applyEvent } from "../dist/waterfall.js";

/** Adds the events of all streams of a subscription to one call, in whose picture each renewal is one more attempt. */
export class Subscription {
  #call;
  #before = 0; // attempts of the streams before this one
  #end; // how the latest stream ended

  constructor(call) {
    this.#call = call;
  }

  addEvent(event) {
    this.#call.events.push(event);
    if (event.type === "callEnded") {
      this.#end = event;
      return;
    }
    if (event.type === "callStarted") {
      this.#before = this.#call.attempts.length;
      if (this.#before > 0) return;
    }
    applyEvent(this.#call, this.#numbered(event));
  }

  /** The subscription is over, and ends as its last stream did. */
  end() {
    if (this.#end) applyEvent(this.#call, this.#end);
  }

  #numbered(event) {
    if (event.attempt === undefined || this.#before === 0) return event;
    const renewal = event.kind === "first" ? { kind: "retry" } : {};
    return { ...event, ...renewal, attempt: event.attempt + this.#before };
  }
}
