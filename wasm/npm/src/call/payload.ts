import { concatenate } from "./concatenate.js";

/** Puts together one payload, which comes in parts. */
export class Payload {
  /** The flags of its frame. */
  flags = 0;
  /** How many of its bytes are still to come. */
  missing = 0;
  #parts: Uint8Array[] = [];

  /** Begins a payload of this length. */
  begin(flags: number, bytes: number): void {
    this.flags = flags;
    this.missing = bytes;
  }

  /** Adds the next part, and returns the payload once it is whole. A payload that came in one part is not copied. */
  add(part: Uint8Array, kept: Uint8Array = part): Uint8Array | undefined {
    this.missing -= part.length;
    if (this.missing > 0) {
      this.#parts.push(kept);
      return undefined;
    }
    if (this.#parts.length === 0) return kept;
    this.#parts.push(kept);
    return concatenate(this.#parts.splice(0));
  }
}
