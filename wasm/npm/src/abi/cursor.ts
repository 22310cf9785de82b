import { LENGTH_SHIFT } from "./table.js";

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array();

/** Reads the words of actions one after another, and the text and bytes that they point to. */
export class Cursor {
  #decoder: TextDecoder = new TextDecoder();
  #view: DataView;
  #at = 0;
  /** Where the present action ends, and where the last of all does. */
  #next = 0;
  #end = 0;
  #text = 0;

  constructor(memory: ArrayBuffer) {
    this.#view = new DataView(memory);
  }

  /** Begins to read so many words of actions, whose texts lie at another address. One cursor serves all exports until memory grows. */
  begin(actions: number, words: number, text: number): void {
    this.#next = actions;
    this.#end = actions + 4 * words;
    this.#text = text;
  }

  /** Goes to the next action, however much was read of the last one. Returns its number, or undefined if there is none. */
  action(): number | undefined {
    this.#at = this.#next;
    if (this.#at >= this.#end) return undefined;
    const word = this.word();
    this.#next += 4 * (word >>> LENGTH_SHIFT);
    return word & ((1 << LENGTH_SHIFT) - 1);
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

  /** A copy, so that the next export does not write over it. */
  bytes(): Uint8Array<ArrayBuffer> {
    const at = this.#text + this.word();
    const length = this.word();
    return length === 0 ? NOTHING : new Uint8Array(this.#view.buffer as ArrayBuffer, at, length).slice();
  }

  /** Several things of a kind, behind their number. (Array.from takes three times as long.) */
  list<T>(read: (cursor: Cursor) => T): T[] {
    const all: T[] = [];
    for (let n = this.word(); n > 0; n--) all.push(read(this));
    return all;
  }

  /** Metadata, as a text in which each name and each value is followed by a NUL. */
  block(): string {
    this.word(); // the number of fields
    return this.text();
  }

  text(): string {
    const at = this.#text + this.word();
    const length = this.word();
    return length === 0 ? "" : this.#decoder.decode(new Uint8Array(this.#view.buffer, at, length));
  }
}
