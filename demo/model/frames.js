// Reads a gRPC-Web response beside the package: how many messages it has, and its trailers. The package reads the response itself;
// this is only for what the page shows of an attempt. Pure.

const prefix = 5;
const trailersFlag = 0x80;

export class FrameReader {
  bytes = 0;
  messages = 0;
  compressed = 0;
  trailers; // the text of the trailers frame, once it is complete
  #head = [];
  #left = 0;
  #parts; // the bytes of a trailers frame so far

  /** Takes the next bytes of the body. */
  feed(chunk) {
    this.bytes += chunk.length;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        this.#parts?.push(...chunk.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#close();
      } else {
        this.#head.push(chunk[at++]);
        if (this.#head.length === prefix) this.#open();
      }
    }
  }

  #open() {
    const [flags, a, b, c, d] = this.#head;
    this.#head = [];
    this.#left = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (flags & 1) this.compressed++;
    this.#parts = flags & trailersFlag ? [] : undefined;
    if (this.#left === 0) this.#close();
  }

  #close() {
    if (this.#parts) this.trailers = new TextDecoder().decode(new Uint8Array(this.#parts));
    else this.messages++;
    this.#parts = undefined;
  }
}

/** "name: value" lines as pairs. */
export function fieldsOf(text) {
  return text
    .split("\r\n")
    .filter(Boolean)
    .map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
}
