// Both ends of a streamed request: an application that gives messages one by one, and a network that takes them one by one.
import assert from "node:assert/strict";
import type { Exchange } from "./fake-fetch.js";

/** A message of one byte, or of so many. */
export function message(value: number, length = 1): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** An application's messages. The test says when each is given, and the requests for messages are counted. */
export class Source implements AsyncIterableIterator<Uint8Array> {
  asked = 0;
  /** Whether the package has closed the iterator. */
  returned = false;
  #ready: Promise<IteratorResult<Uint8Array, undefined>>[] = [];
  #waiting: ((result: Promise<IteratorResult<Uint8Array, undefined>>) => void)[] = [];

  constructor(...messages: Uint8Array[]) {
    for (const one of messages) this.send(one);
  }

  #give(result: Promise<IteratorResult<Uint8Array, undefined>>): void {
    result.catch(() => {}); // The caller gets the rejection too.
    const waiting = this.#waiting.shift();
    if (waiting) waiting(result);
    else this.#ready.push(result);
  }

  send(value: Uint8Array): void {
    this.#give(Promise.resolve({ done: false, value }));
  }

  end(): void {
    this.#give(Promise.resolve({ done: true, value: undefined }));
  }

  fail(error: unknown): void {
    this.#give(Promise.reject(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.asked++;
    return this.#ready.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.returned = true;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** The network's end of a streamed request body: it takes one message when the test says so. */
export class Upload {
  /** What was taken, as it was on the wire. */
  readonly taken: Uint8Array[] = [];
  #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(exchange: Exchange) {
    const { body } = exchange.init;
    assert.ok(body instanceof ReadableStream, "the body is no stream");
    this.#reader = body.getReader();
    // A real fetch does so too.
    exchange.signal.addEventListener("abort", () => void this.#reader.cancel(exchange.signal.reason), { once: true });
  }

  /** The next message, once there is one; undefined after the half-close. */
  async take(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#reader.read();
    if (done) return undefined;
    this.taken.push(value);
    return payload(value);
  }

  /** Takes so many messages, by default all that are still to come. */
  async rest(count: number = Number.POSITIVE_INFINITY): Promise<Uint8Array[]> {
    const messages: Uint8Array[] = [];
    while (messages.length < count) {
      const one = await this.take();
      if (!one) break;
      messages.push(one);
    }
    return messages;
  }
}

/** What is in a frame that holds one whole message. */
function payload(frame: Uint8Array): Uint8Array {
  assert.equal(frame[0], 0);
  assert.equal(new DataView(frame.buffer, frame.byteOffset).getUint32(1), frame.length - 5);
  return frame.subarray(5);
}
