import { concatenate } from "./concatenate.js";

/** The length of a frame's prefix (PROTOCOL-WEB). */
export const PREFIX = 5;

/** A message in its frame. It is copied here, once; every attempt sends this array. */
export function frame(message: Uint8Array, compressed = false): Uint8Array<ArrayBuffer> {
  const { length } = message;
  const framed = new Uint8Array(PREFIX + length);
  if (compressed) framed[0] = 1;
  framed[1] = length >>> 24;
  framed[2] = length >>> 16;
  framed[3] = length >>> 8;
  framed[4] = length;
  framed.set(message, PREFIX);
  return framed;
}

/** The request messages of one call, in their frames. What is sent first and what is sent again come from the same list. */
export class Outgoing {
  /** Those that an attempt may still send. The others are removed, so that a long stream does not grow. */
  #frames: Uint8Array<ArrayBuffer>[] = [];
  /** How many were removed, from the first. */
  #released = 0;
  #complete = false;
  /** Attempts whose streams wait for a message. */
  #waiting: (() => void)[] = [];

  /** The list of a call that sends one message. */
  static of(message: Uint8Array): Outgoing {
    return Outgoing.raw(frame(message));
  }

  /** The list of a request whose body is at hand. It counts as one message. */
  static raw(body: Uint8Array<ArrayBuffer>): Outgoing {
    const outgoing = new Outgoing();
    outgoing.#frames.push(body);
    outgoing.#complete = true;
    return outgoing;
  }

  /** The length of the first message, in bytes. */
  get size(): number {
    return Math.max((this.#frames[0]?.length ?? 0) - PREFIX, 0);
  }

  get open(): boolean {
    return !this.#complete;
  }

  add(message: Uint8Array, compressed: boolean): void {
    this.#frames.push(frame(message, compressed));
    this.#wake();
  }

  end(): void {
    this.#complete = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#waiting.length > 0) for (const go of this.#waiting.splice(0)) go();
  }

  /** All messages so far, as one body. */
  whole(): Uint8Array<ArrayBuffer> {
    const [first] = this.#frames;
    return first && this.#frames.length === 1 ? first : concatenate(this.#frames);
  }

  /** The request as a stream, from its first message on, as fast as it is read. Calls taken with the number of messages that were read. */
  stream(taken: (messages: number) => void): ReadableStream<Uint8Array> {
    let next = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> | undefined => {
      const one = this.#frames[next - this.#released];
      if (one) {
        controller.enqueue(one);
        taken(++next);
      } else if (this.#complete) controller.close();
      else return new Promise<void>((go) => this.#waiting.push(go)).then(() => pull(controller));
      return undefined;
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }

  /** Forgets this many messages from the first, which no attempt will send again. */
  release(messages: number): void {
    this.#released += this.#frames.splice(0, Math.max(messages - this.#released, 0)).length;
  }

  /** Forgets all messages, and ends the streams that wait for one. */
  drop(): void {
    this.#frames = [];
    this.end();
  }
}
