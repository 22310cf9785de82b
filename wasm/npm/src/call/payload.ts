import { concatenate } from "./concatenate.js";

/** Puts together one payload, which comes in parts. */
export class Payload {
  /** The flags of its frame. */
  flags = 0;
  /** How many of its bytes are still to come. */
  missing = 0;
  #parts: Uint8Array[] | undefined;

  /** Begins a payload of this length. */
  begin(flags: number, bytes: number): void {
    this.flags = flags;
    this.missing = bytes;
  }

  /** Adds the next part, and returns the payload once it is whole. A payload that came in one part is not copied. */
  add(part: Uint8Array, kept: Uint8Array = part): Uint8Array | undefined {
    this.missing -= part.length;
    const parts = this.#parts;
    if (this.missing > 0) {
      if (parts) parts.push(kept);
      else this.#parts = [kept];
      return undefined;
    }
    if (!parts) return kept;
    parts.push(kept);
    this.#parts = undefined;
    return concatenate(parts);
  }
}
