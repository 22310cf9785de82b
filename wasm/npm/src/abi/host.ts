import { LoadError } from "../api/errors.js";
import { Cursor } from "./cursor.js";
import { type GoExports, runGo } from "./go-runtime.js";
import {
  Box,
  type Exports,
  FATAL,
  FragmentFlag,
  FragmentWord,
  START_BLOCK_SIZE,
  type StartBlock,
  VERSION,
  writeStartBlock,
} from "./table.js";
import { isTinyGo, runTinyGo } from "./tinygo-runtime.js";

/** What the engine may call. */
export type Export = Exclude<keyof Exports, "reserve">;

export type Arguments<E extends Export> = Parameters<Exports[E]>;

/** A fragment of a message: where it lies in the slice that was fed. */
export interface Fragment {
  /** The frame's, in the lowest byte: see FragmentFlag. */
  readonly flags: number;
  readonly first: boolean;
  /** It was decoded from text, and lies in the input buffer. */
  readonly decoded: boolean;
  readonly offset: number;
  readonly length: number;
  readonly total: number;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** How many words a fragment has. */
const FRAGMENT_WORDS: number = FragmentWord.Total + 1;

/** What the program exports beside what the table lists. */
interface Program extends GoExports {
  mailbox(): number;
}

/** A Go program that runs: one for all channels of a page, until it dies. */
export class Host {
  #exports: Exports & Program;
  #box: number;
  #words: Uint32Array;
  #input: Uint8Array<ArrayBuffer>;
  #cursor: Cursor;
  #printed = "";
  /** Why the instance is good for nothing any more. */
  #death: Error | undefined;
  #act: (action: number, cursor: Cursor) => void;
  #mourn: (death: Error) => void;

  /**
   * act reads an action, of this number, at the cursor; it must run no code of users, for that could call into Go again. mourn hears
   * of the death of the program, again whenever somebody would enter it after that.
   */
  constructor(module: WebAssembly.Module, act: (action: number, cursor: Cursor) => void, mourn: (death: Error) => void) {
    this.#act = act;
    this.#mourn = mourn;
    const run = isTinyGo(module) ? runTinyGo : runGo;
    this.#exports = run(module, {
      print: (text) => {
        this.#printed = (this.#printed + text).slice(0, 4096); // the cause stands first, tracebacks behind it
      },
      exit: (code) => this.#die(`the Go program exited with code ${code}`),
      died: (error) => this.#die(String(error), error),
    }) as Exports & Program;
    this.#box = this.#exports.mailbox() >>> 0;
    this.#words = this.#mailbox();
    if (this.#word(Box.Version) !== VERSION) {
      throw new LoadError(
        "the WebAssembly is of another version of hedgerow than the JavaScript: serve both from the same package",
      );
    }
    this.#input = this.#view();
    this.#cursor = new Cursor(this.#memory);
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** What the instance died of. */
  get death(): Error | undefined {
    return this.#death;
  }

  /** Calls an export and reads its actions. An instance that is dead, or dies of it, does nothing but say so. */
  enter<E extends keyof Exports>(name: E, ...args: Parameters<Exports[E]>): void {
    if (this.#death) {
      this.#mourn(this.#death);
      return;
    }
    let words: number;
    try {
      words = (this.#exports[name] as (...args: number[]) => number)(...(args as number[])) >>> 0;
    } catch (error) {
      this.#die(String(error), error);
      return;
    }
    if (this.#death) return;
    if (words === FATAL) {
      this.#die(decoder.decode(new Uint8Array(this.#memory, this.#word(Box.Text), this.#word(Box.TextSize))));
      return;
    }
    if (words > 0) {
      if (this.#cursor.memory !== this.#memory) this.#cursor = new Cursor(this.#memory);
      const cursor = this.#cursor;
      cursor.begin(this.#word(Box.Actions), words, this.#word(Box.Text));
      for (let action = cursor.action(); action !== undefined; action = cursor.action()) this.#act(action, cursor);
    }
  }

  /** What the last export answered beside its actions. */
  get result(): number {
    return this.#word(Box.Result);
  }

  /** The fragments of the last feed. */
  fragments(): Fragment[] {
    const count = this.#word(Box.Count);
    const words = new Uint32Array(this.#memory, this.#word(Box.Fragments), count * FRAGMENT_WORDS);
    const fragments: Fragment[] = [];
    for (let i = 0; i < words.length; i += FRAGMENT_WORDS) {
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

  /** What Go has decoded where it was written: a copy. */
  decoded(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory, this.#word(Box.Input) + offset, length).slice();
  }

  /** Writes text where the next export reads it, and answers with its length in bytes. */
  text(text: string): number {
    if (text === "") return 0;
    const input = this.#room(3 * text.length);
    return encoder.encodeInto(text, input).written;
  }

  /** Writes what start reads, its block and then text, and answers with the length of both in bytes. */
  start(block: StartBlock, text: string): number {
    const input = this.#room(START_BLOCK_SIZE + 3 * text.length);
    writeStartBlock(new DataView(input.buffer, input.byteOffset), block);
    return START_BLOCK_SIZE + encoder.encodeInto(text, input.subarray(START_BLOCK_SIZE)).written;
  }

  /** Writes bytes where the next export reads them. */
  bytes(bytes: Uint8Array): number {
    this.#room(bytes.length).set(bytes);
    return bytes.length;
  }

  #room(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > this.#input.length) this.enter("reserve", bytes);
    if (this.#death) return new Uint8Array(bytes); // memory could not grow: nobody will read it
    // The buffer may have moved, and memory may have grown since: then the old view is of nothing.
    if (this.#input.buffer !== this.#memory || this.#input.byteOffset !== this.#word(Box.Input)) this.#input = this.#view();
    return this.#input;
  }

  #view(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory, this.#word(Box.Input), this.#word(Box.Capacity));
  }

  get #memory(): ArrayBuffer {
    return this.#exports.mem.buffer as ArrayBuffer;
  }

  #mailbox(): Uint32Array {
    return new Uint32Array(this.#memory, this.#box, Box.Result + 1);
  }

  #word(at: Box): number {
    if (this.#words.buffer !== this.#memory) this.#words = this.#mailbox();
    return this.#words[at] as number;
  }

  #die(text: string, cause?: unknown): void {
    if (this.#death) return;
    const printed = this.#printed.trim();
    // A trap says "unreachable", at best; what was printed before it says why.
    const trap = printed && cause instanceof WebAssembly.RuntimeError;
    const why = trap ? printed : `${text}${printed ? `\n${printed}` : ""}`;
    this.#death = new Error(`Hedgerow's WebAssembly died: ${why}`, { cause });
    this.#mourn(this.#death);
  }
}
