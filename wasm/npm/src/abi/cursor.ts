import { LENGTH_SHIFT } from "./table.js";

/** Reads actions, and the text they point to, one word after another. */
export class Cursor {
  #view: DataView;
  #at = 0;
  /** Where the present action ends, and where the last one does. */
  #next = 0;
  #end = 0;
  #text = 0;

  constructor(memory: ArrayBuffer) {
    this.#view = new DataView(memory);
  }

  /** Goes to so many words at an address, whose text lies at another. The same cursor serves every export, for as long as memory is the same. */
  begin(actions: number, words: number, text: number): void {
    this.#next = actions;
    this.#end = actions + 4 * words;
    this.#text = text;
  }

  /** Goes to the next action, whatever was read of the last one, and answers with its number; undefined: there is none. */
  action(): number | undefined {
    this.#at = this.#next;
    if (this.#at >= this.#end) return undefined;
    const word = this.word();
    this.#next += 4 * (word >>> LENGTH_SHIFT);
    return word & ((1 << LENGTH_SHIFT) - 1);
  }

  get memory(): ArrayBuffer {
    return this.#view.buffer as ArrayBuffer;
  }

  word(): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  /** A word that may be negative. */
  signed(): number {
    return this.word() | 0;
  }

  flag(): boolean {
    return this.word() !== 0;
  }

  float(): number {
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  /** A copy: what the next export writes does not touch it. */
  bytes(): Uint8Array<ArrayBuffer> {
    const at = this.#text + this.word();
    const length = this.word();
    return new Uint8Array(this.#view.buffer as ArrayBuffer, at, length).slice();
  }

  text(): string {
    const at = this.#text + this.word();
    const length = this.word();
    return length === 0 ? "" : decoder.decode(new Uint8Array(this.#view.buffer, at, length));
  }
}

const decoder = new TextDecoder();
