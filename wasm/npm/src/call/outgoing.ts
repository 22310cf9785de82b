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

/** The request messages of one call, in their frames: what is sent first, what is live and what is replayed are one list. */
export class Outgoing {
  #frames: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  #complete = false;
  /** Attempts whose streams wait for a message. */
  #waiting: (() => void)[] = [];

  /** The list of a call that sends one message. */
  static of(message: Uint8Array): Outgoing {
    const outgoing = new Outgoing();
    outgoing.#frames.push(frame(message));
    outgoing.#complete = true;
    return outgoing;
  }

  /** The list of a request whose body is at hand. It is counted as one message. */
  static raw(body: Uint8Array<ArrayBuffer>): Outgoing {
    const outgoing = new Outgoing();
    outgoing.#frames.push(body);
    outgoing.#complete = true;
    return outgoing;
  }

  /** How many bytes the first message has. */
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
    for (const go of this.#waiting.splice(0)) go();
  }

  /** The whole request, as a body. */
  whole(): Uint8Array<ArrayBuffer> {
    const frames = this.#frames as Uint8Array<ArrayBuffer>[];
    if (frames.length === 1) return frames[0] as Uint8Array<ArrayBuffer>;
    const whole = new Uint8Array(frames.reduce((length, { length: more }) => length + more, 0));
    let at = 0;
    for (const one of frames) {
      whole.set(one, at);
      at += one.length;
    }
    return whole;
  }

  /** The request as a stream, from its first message on, as fast as it is pulled. taken hears how many were. */
  stream(taken: (messages: number) => void): ReadableStream<Uint8Array> {
    let next = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> | undefined => {
      const one = this.#frames[next];
      if (one) {
        controller.enqueue(one);
        taken(++next);
      } else if (this.#complete) controller.close();
      else return new Promise<void>((go) => this.#waiting.push(go)).then(() => pull(controller));
      return undefined;
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }

  /** Lets go of the first messages: nobody sends them again. */
  release(messages: number): void {
    this.#frames.fill(undefined, 0, messages);
  }

  /** Lets go of all, and of those that wait. */
  drop(): void {
    this.#frames = [];
    this.end();
  }
}
