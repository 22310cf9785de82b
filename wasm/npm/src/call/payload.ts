/** Puts together one payload, which comes in parts. */
export class Payload {
  /** The flags of its frame. */
  flags = 0;
  /** How many of its bytes are still to come. */
  missing = 0;
  #parts: Uint8Array[] = [];

  /** A payload of so many bytes begins. */
  begin(flags: number, bytes: number): void {
    this.flags = flags;
    this.missing = bytes;
  }

  /** Adds the next part; answers with the payload once it is whole. One that came in one part is that part, and no copy. */
  add(part: Uint8Array, kept: Uint8Array = part): Uint8Array | undefined {
    this.missing -= part.length;
    if (this.missing > 0) {
      this.#parts.push(kept);
      return undefined;
    }
    if (this.#parts.length === 0) return kept;
    this.#parts.push(kept);
    return join(this.#parts.splice(0));
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
