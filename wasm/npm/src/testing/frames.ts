const PREFIX = 5;
const COMPRESSED = 1;

/** A payload in a gRPC-Web frame. */
export function frame(payload: Uint8Array, flags = 0): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(PREFIX + payload.length);
  framed[0] = flags;
  new DataView(framed.buffer).setUint32(1, payload.length);
  framed.set(payload, PREFIX);
  return framed;
}

/** Splits the body of a request into messages. */
export class Frames {
  #messages: Uint8Array[];
  #rest: Uint8Array = new Uint8Array();
  /** The positions of messages that are still compressed. */
  #packed: number[] = [];

  constructor(messages: Uint8Array[]) {
    this.#messages = messages;
  }

  /** Takes bytes. Returns whether some of the messages must be inflated. */
  push(chunk: Uint8Array): boolean {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    let at = 0;
    for (;;) {
      if (bytes.length < at + PREFIX) break;
      const end = at + PREFIX + new DataView(bytes.buffer).getUint32(at + 1);
      if (bytes.length < end) break;
      if (((bytes[at] as number) & COMPRESSED) !== 0) this.#packed.push(this.#messages.length);
      this.#messages.push(bytes.slice(at + PREFIX, end));
      at = end;
    }
    this.#rest = bytes.slice(at);
    return this.#packed.length > 0;
  }

  async inflated(): Promise<void> {
    for (const at of this.#packed.splice(0)) {
      const packed = new Blob([this.#messages[at] as Uint8Array<ArrayBuffer>]).stream();
      const raw = packed.pipeThrough(new DecompressionStream("gzip"));
      this.#messages[at] = new Uint8Array(await new Response(raw).arrayBuffer());
    }
  }
}
