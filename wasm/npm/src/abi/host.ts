// How JavaScript and Go meet. An event, such as the head of a response, is one call of a function that the WebAssembly exports; its text
// and bytes are written into a buffer in the WebAssembly's memory first. When the function has returned, a second buffer there holds
// actions: what Go wants done, such as sending a request. Neither side calls the other while it is being called.
//
//   table.ts           the exports, the actions and all numbers, made of internal/abi/table in Go; wasm/ABI.md explains them
//   host.ts            calls exports, and finds the actions that come of it
//   cursor.ts          reads one action's words; table-readers.ts and actions.ts make the package's own types of them
//   engine.ts          hands each action to the call or the channel that it is for, and performs them in Go's order
//   timer.ts           the one timer of all calls
//   runtime.ts         starts a program: tinygo-runtime.ts has what the package's own needs of JavaScript, and go-runtime.ts, which is loaded
//                      only for such a one, what a program from Go's own compiler needs

import { blocked, LoadError } from "../api/errors.js";
import { Cursor } from "./cursor.js";
import type { GoExports } from "./go-runtime.js";
import { run } from "./runtime.js";
import {
  Box,
  type Exports,
  FATAL,
  FragmentFlag,
  FragmentWord,
  MAX_TEXT,
  START_BLOCK_SIZE,
  type StartBlock,
  VERSION,
  writeStartBlock,
} from "./table.js";

/** The exports that the engine may call. */
export type Export = Exclude<keyof Exports, "reserve">;

export type Arguments<E extends Export> = Parameters<Exports[E]>;

/** A part of a message, or of compressed trailers: where it lies in the slice that was fed. */
export interface Fragment {
  /** The flags of its frame are in the lowest byte: see FragmentFlag. */
  readonly flags: number;
  /** The payload begins with this fragment. */
  readonly first: boolean;
  /** It was decoded from text: it lies in the input buffer, and its offset is one there. */
  readonly decoded: boolean;
  readonly offset: number;
  readonly length: number;
  /** How long the whole payload is, of which this is a part. */
  readonly total: number;
}

/** How many words a fragment has. */
const FRAGMENT_WORDS: number = FragmentWord.Total + 1;

/** What the program exports beside what the table lists. */
interface Program extends GoExports {
  mailbox(): number;
}

/** A running instance of the WebAssembly. All channels of a page share one, until it dies. */
export class Host {
  #exports: Exports & Program;
  /** Views of all of memory. When memory grows, they become empty. */
  #words!: Uint32Array<ArrayBuffer>;
  #cursor!: Cursor;
  /** Where the mailbox is, in words. */
  #box: number;
  #input!: Uint8Array<ArrayBuffer>;
  #block!: DataView;
  #lastStart = "";
  #lastHead = "";
  #printed = "";
  #encoder: TextEncoder = new TextEncoder();
  /** What the instance died of. It cannot be used any more then. */
  #death: Error | undefined;
  #onAction: (action: number, cursor: Cursor) => void;
  #onDeath: (death: Error) => void;

  /**
   * onAction reads the action with this number at the cursor. It must not run code of users, which could call into Go again and so write
   * over the actions that follow. onDeath is called when the instance dies, and again whenever an export is called after that.
   */
  constructor(module: WebAssembly.Module, onAction: (action: number, cursor: Cursor) => void, onDeath: (death: Error) => void) {
    this.#onAction = onAction;
    this.#onDeath = onDeath;
    const hooks = {
      print: (text: string) => {
        this.#printed = (this.#printed + text).slice(0, 4096); // the cause stands first, tracebacks behind it
      },
      exit: (code: number) => this.#die(`the Go program exited with code ${code}`),
      died: (error: unknown) => this.#die(String(error), error),
    };
    try {
      this.#exports = run(module, hooks) as Exports & Program;
    } catch (error) {
      throw blocked(error, "the WebAssembly") ?? error; // WebKit compiles what a policy forbids, and refuses it only now
    }
    this.#box = this.#exports.mailbox() >>> 2;
    this.#look();
    if (this.#word(Box.Version) !== VERSION) {
      throw new LoadError(
        "the WebAssembly comes from another version of hedgerow than the JavaScript: serve both from the same package",
      );
    }
    this.#lookAtInput();
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** What the instance died of; undefined: it is alive. */
  get death(): Error | undefined {
    return this.#death;
  }

  /** Calls an export and reads its actions. Of an instance that is dead, or dies of this call, onDeath hears instead. */
  enter<E extends keyof Exports>(name: E, ...args: Parameters<Exports[E]>): void;
  enter(name: keyof Exports, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): void {
    if (this.#death) {
      this.#onDeath(this.#death);
      return;
    }
    let words: number;
    try {
      words = (this.#exports[name] as (...args: number[]) => number)(a, b, c, d, e, f) >>> 0;
    } catch (error) {
      this.#die(String(error), error);
      return;
    }
    if (this.#death) return;
    if (words === FATAL) {
      const [text, size] = [this.#word(Box.Text), this.#word(Box.TextSize)];
      this.#die(new TextDecoder().decode(new Uint8Array(this.#words.buffer, text, size)));
      return;
    }
    if (words > 0) {
      const actions = this.#word(Box.Actions);
      const text = this.#word(Box.Text);
      const cursor = this.#cursor;
      cursor.begin(actions, words, text);
      for (let action = cursor.action(); action !== undefined; action = cursor.action()) this.#onAction(action, cursor);
    }
  }

  /** What the last export answered besides its actions. */
  get result(): number {
    return this.#word(Box.Result);
  }

  /** The fragments of the last feed. */
  fragments(): Fragment[] {
    const first = this.#word(Box.Fragments) >>> 2;
    const end = first + this.#word(Box.Count) * FRAGMENT_WORDS;
    const words = this.#words;
    const fragments: Fragment[] = [];
    for (let i = first; i < end; i += FRAGMENT_WORDS) {
      const flags = words[i + FragmentWord.Flags] as number;
      fragments.push({
        flags,
        first: (flags & FragmentFlag.First) !== 0,
        decoded: (flags & FragmentFlag.Decoded) !== 0,
        offset: words[i + FragmentWord.Offset] as number,
        length: words[i + FragmentWord.Length] as number,
        total: words[i + FragmentWord.Total] as number,
      });
    }
    return fragments;
  }

  /** A copy of what Go has decoded from text, in the place where the text was written. */
  decoded(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const input = this.#word(Box.Input);
    return new Uint8Array(this.#words.buffer, input + offset, length).slice();
  }

  /** Writes text where the next export reads it. Returns its length in bytes. Whatever has parts was checked by checkText. */
  text(text: string): number {
    const short = text.slice(0, MAX_TEXT); // an explanation of any length
    return text === "" ? 0 : this.#encode(short, this.#room(3 * short.length), 0);
  }

  /** Writes text into the buffer from there on. Returns its length in bytes. */
  #encode(text: string, into: Uint8Array<ArrayBuffer>, at: number): number {
    // Short text, which is nearly always ASCII, is written in a third of the time that encodeInto takes.
    if (text.length < 200) {
      let i = 0;
      for (let c = text.charCodeAt(0); c < 128; c = text.charCodeAt(i)) into[at + i++] = c;
      if (i === text.length) return i;
    }
    return this.#encoder.encodeInto(text, into.subarray(at)).written;
  }

  /** Writes what the export start reads: its block, then text. Returns the length of both in bytes. Go still has the last text. */
  start(block: StartBlock, text: string): number {
    const input = this.#room(START_BLOCK_SIZE + 3 * text.length);
    writeStartBlock(this.#block, block);
    if (text === this.#lastStart) return START_BLOCK_SIZE;
    this.#lastStart = text;
    return START_BLOCK_SIZE + this.#encode(text, input, START_BLOCK_SIZE);
  }

  /** Writes the fields of a response head. Returns their length in bytes. Go still has the last ones. */
  head(text: string): number {
    if (text === this.#lastHead) return 0;
    this.#lastHead = text || this.#lastHead;
    return this.text(text);
  }

  /** Writes bytes where the next export reads them. Returns how many they are. */
  bytes(bytes: Uint8Array): number {
    this.#room(bytes.length).set(bytes);
    return bytes.length;
  }

  #room(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > this.#input.length) this.enter("reserve", bytes);
    if (this.#death) {
      this.#input = new Uint8Array(bytes); // for want of memory; nobody will read what is written
      this.#block = new DataView(this.#input.buffer);
      return this.#input;
    }
    if (this.#input.length === 0 || this.#input.byteOffset !== this.#word(Box.Input)) this.#lookAtInput(); // it has moved
    return this.#input;
  }

  #lookAtInput(): void {
    const [at, size] = [this.#word(Box.Input), this.#word(Box.Capacity)];
    this.#input = new Uint8Array(this.#words.buffer, at, size);
    this.#block = new DataView(this.#words.buffer, at, size);
  }

  #look(): void {
    const memory = this.#exports.mem.buffer as ArrayBuffer;
    this.#words = new Uint32Array(memory);
    this.#cursor = new Cursor(memory);
  }

  #word(at: Box): number {
    if (this.#words.length === 0) this.#look();
    return this.#words[this.#box + at] as number;
  }

  #die(text: string, cause?: unknown): void {
    if (this.#death) return;
    const printed = this.#printed.trim();
    // A trap says "unreachable", at best; what was printed before it says why.
    const trap = printed && (cause as Error | undefined)?.name === "RuntimeError";
    const why = trap ? printed : `${text}${printed ? `\n${printed}` : ""}`;
    this.#death = new Error(`Hedgerow's WebAssembly died: ${why}`, { cause });
    this.#onDeath(this.#death);
  }
}
