// What the page itself can see of the package's requests: their headers, how their bodies ended, and when the browser sent them. A
// channel is given the fetch of Traffic, which passes everything on unchanged.

import { FrameReader } from "../model/frames.js";
import { fetchFromServiceWorker, isPlayground } from "./place.js";

/** Added to the URL with a number, so that an entry of Resource Timing can be matched to its request. A fragment is not sent. */
const mark = "#request-";

export class Traffic {
  #messages;
  #calls = new Map(); // id → model
  #exchanges = new Map(); // mark → { exchange, call }
  #changed = () => {};
  #last = 0;
  #network = new AbortController(); // aborted while the page simulates being offline
  #timings = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.#time(entry);
  });

  constructor(messages) {
    this.#messages = messages;
    this.#timings.observe({ type: "resource", buffered: false });
  }

  /** Notes the requests of these calls from now on. */
  follow(calls, changed) {
    for (const call of calls) this.#calls.set(call.id, call);
    this.#changed = changed;
  }

  /** The fetch for the options of a channel. */
  fetch = (url, init) => {
    const call = this.#calls.get(this.#idIn(init.body));
    const exchange = { url, headers: init.headers.slice(), at: performance.now() };
    call?.exchanges.push(exchange);
    const marked = `${url}${mark}${++this.#last}`;
    if (call) this.#exchanges.set(marked, { exchange, call });
    const signal = AbortSignal.any([init.signal, this.#network.signal]);
    const send = isPlayground() ? fetchFromServiceWorker : fetch;
    return send(marked, { ...init, signal }).then(
      (response) => this.#read(response, exchange, call),
      (error) => {
        exchange.failure = String(error);
        throw error;
      },
    );
  };

  /** Simulates that the network is gone: requests fail, and the package gets the events that a browser sends. */
  simulateOffline(offline) {
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => !offline });
    if (offline) this.#network.abort(new TypeError("Failed to fetch (this page simulates being offline)"));
    else this.#network = new AbortController();
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
    // How long the request stood in the browser's queue shows in the picture.
    const attempt = found.call.attempts[found.call.exchanges.indexOf(found.exchange)];
    if (attempt && requestStart > attempt.startedAt) attempt.sentAt = requestStart;
    found.call.version++;
    this.#changed();
  }

  /** The id of the call that a request belongs to, which is in its message. */
  #idIn(body) {
    if (!(body instanceof Uint8Array)) return undefined;
    try {
      return this.#messages.fromBinary(this.#messages.RequestSchema, body.subarray(5)).callId;
    } catch {
      return undefined;
    }
  }
}
