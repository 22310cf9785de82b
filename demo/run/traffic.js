// What the page can see of the package's requests by itself: their headers, how their bodies ended, and when the browser sent them.
// A channel takes Traffic's fetch as its own; that passes everything on as it is.

import { FrameReader } from "../model/frames.js";

/** Behind the URL, where it reaches Resource Timing but not the network: which request an entry is about. */
const mark = "#request-";

export class Traffic {
  #messages;
  #calls = new Map(); // id → model, while a run listens
  #exchanges = new Map(); // mark → { exchange, call }
  #changed = () => {};
  #last = 0;
  #line = new AbortController(); // aborted while the page plays offline
  #timings = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.#time(entry);
  });

  constructor(messages) {
    this.#messages = messages;
    this.#timings.observe({ type: "resource", buffered: false });
  }

  /** Notes from now on what belongs to these calls. */
  follow(calls, changed) {
    for (const call of calls) this.#calls.set(call.id, call);
    this.#changed = changed;
  }

  /** For a channel's options. */
  fetch = (url, init) => {
    const call = this.#calls.get(this.#idIn(init.body));
    const exchange = { url, headers: init.headers.slice(), at: performance.now() };
    call?.exchanges.push(exchange);
    const marked = `${url}${mark}${++this.#last}`;
    if (call) this.#exchanges.set(marked, { exchange, call });
    const signal = AbortSignal.any([init.signal, this.#line.signal]);
    return fetch(marked, { ...init, signal }).then(
      (response) => this.#read(response, exchange, call),
      (error) => {
        exchange.failure = String(error);
        throw error;
      },
    );
  };

  /**
   * Plays that the network is gone: requests fail, and the package is told what a browser tells. The browser's own switch is in its
   * developer tools.
   */
  playOffline(offline) {
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => !offline });
    if (offline) this.#line.abort(new TypeError("Failed to fetch (this page plays offline)"));
    else this.#line = new AbortController();
    dispatchEvent(new Event(offline ? "offline" : "online"));
  }

  #read(response, exchange, call) {
    const frames = new FrameReader();
    Object.assign(exchange, {
      headAt: performance.now(),
      status: response.status,
      responseHeaders: [...response.headers],
      frames,
    });
    if (!response.body) return response;
    const watched = response.body.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          frames.feed(chunk);
          controller.enqueue(chunk);
        },
        flush() {
          exchange.endAt = performance.now();
          if (call) call.version++;
        },
      }),
    );
    return Object.defineProperty(response, "body", { value: watched });
  }

  #time(entry) {
    const found = this.#exchanges.get(entry.name);
    if (!found) return;
    this.#exchanges.delete(entry.name);
    const { requestStart, responseStart, responseEnd, connectStart, connectEnd, nextHopProtocol, transferSize } = entry;
    found.exchange.timing = { requestStart, responseStart, responseEnd, connectStart, connectEnd, nextHopProtocol, transferSize };
    found.call.version++;
    this.#changed();
  }

  /** The id of the call that a request belongs to stands in its message. */
  #idIn(body) {
    if (!(body instanceof Uint8Array)) return undefined;
    try {
      return this.#messages.fromBinary(this.#messages.RequestSchema, body.subarray(5)).callId;
    } catch {
      return undefined;
    }
  }
}
