// This file is one of three that mirror each other: wasm/ABI.md is the table, jsbridge/host is the Go side.
import { type GoExports, runGo } from "./go-runtime.js";
import { isTinyGo, runTinyGo } from "./tinygo-runtime.js";

interface Exports extends GoExports {
  mailbox(): number;
  reserve(bytes: number): number;
  open_channel(channel: number, bytes: number): number;
  close_channel(channel: number, now: number): number;
  start(
    call: number,
    channel: number,
    flags: number,
    now: number,
    timeout: number,
    size: number,
    maxReceive: number,
    fields: number,
    bytes: number,
  ): number;
  queue(call: number, now: number, size: number, sent: number): number;
  half_close(call: number, now: number): number;
  took(call: number, attempt: number, messages: number): number;
  read(call: number, now: number): number;
  cancel(call: number, now: number, code: number, bytes: number): number;
  history(call: number): number;
  prepared(call: number, attempt: number, now: number, fields: number, bytes: number): number;
  unprepared(call: number, attempt: number, now: number, code: number, fields: number, bytes: number): number;
  head(call: number, attempt: number, now: number, httpStatus: number, fields: number, bytes: number): number;
  feed(call: number, attempt: number, now: number, bytes: number, last: number): number;
  skip(call: number, attempt: number, bytes: number): number;
  drained(call: number, attempt: number, now: number): number;
  inflated(call: number, attempt: number, now: number, size: number, bytes: number): number;
  end(call: number, attempt: number, now: number): number;
  broken(call: number, attempt: number, now: number, bytes: number): number;
  failed(call: number, attempt: number, now: number, how: number, bytes: number): number;
  closed(call: number, attempt: number, now: number, code: number, bytes: number): number;
  timer(now: number): number;
  network(now: number, up: number): number;
}

/** What Engine and its calls may call. */
export type Export = Exclude<keyof Exports, keyof GoExports | "mailbox">;

export type Arguments<E extends Export> = Parameters<Exports[E]>;

export const FLAG_STREAMING = 1;
export const FLAG_OBSERVE = 2;
export const FLAG_OPEN = 4;
export const FLAG_STREAMS = 8;
export const FLAG_WAIT_FOR_READY = 16;
export const FLAG_NO_WAIT = 32;
export const FLAG_OFFLINE = 64;
export const FLAG_SOCKET = 128;

export const NO_RESPONSE = 0;
export const ABORTED_BY_HOST = 1;
export const NOT_REQUEST = 2;
export const BAD_PAYLOAD = 3;

/** The actions, by their words. */
export enum Action {
  Prepare,
  Open,
  Abort,
  Read,
  Head,
  End,
  Release,
  Written,
  Timer,
  History,
  Observe,
  Warn,
  Refuse,
  Inflate,
}

enum Box {
  Input,
  Capacity,
  Actions,
  Text,
  Fragments,
  Count,
  Result,
}

/** The flag of a frame that holds trailers. */
export const TRAILERS = 0x80;

const FATAL = 0xffffffff;
const FRAGMENT_WORDS = 4;
/** The longest slice of a chunk that is fed at once. */
export const SLICE: number = 64 << 10;

/** A fragment of a message: where it lies in the slice that was fed. */
export interface Fragment {
  /** The frame's. */
  readonly flags: number;
  readonly first: boolean;
  /** It was decoded from text, and lies in the input buffer. */
  readonly decoded: boolean;
  readonly offset: number;
  readonly length: number;
  readonly total: number;
}

/** Reads the words of an action, and the text they point to, one after another. */
export class Cursor {
  #view: DataView;
  #at = 0;
  #end = 0;
  #text = 0;

  constructor(memory: ArrayBuffer) {
    this.#view = new DataView(memory);
  }

  /** Goes to so many words at an address, whose text lies at another. The same cursor serves every export, for as long as memory is the same. */
  begin(actions: number, words: number, text: number): void {
    this.#at = actions;
    this.#end = actions + 4 * words;
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#end;
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
const encoder = new TextEncoder();

/** A Go program that runs: one for all channels of a page, until it dies. */
export class Host {
  #exports: Exports;
  #box: number;
  #words: Uint32Array;
  #input: Uint8Array<ArrayBuffer>;
  #cursor: Cursor;
  #printed = "";
  /** Why the instance is good for nothing any more. */
  #death: Error | undefined;
  #act: (cursor: Cursor) => void;
  #mourn: (death: Error) => void;

  /** act reads one action at the cursor; it must run no code of users, for that could call into Go again. */
  constructor(module: WebAssembly.Module, act: (cursor: Cursor) => void, mourn: (death: Error) => void) {
    this.#act = act;
    this.#mourn = mourn;
    const run = isTinyGo(module) ? runTinyGo : runGo;
    this.#exports = run(module, {
      print: (text) => {
        this.#printed = (this.#printed + text).slice(0, 4096); // the cause stands first, tracebacks behind it
      },
      exit: (code) => this.#die(`the Go program exited with code ${code}`),
      died: (error) => this.#die(String(error), error),
    }) as Exports;
    this.#box = this.#exports.mailbox() >>> 0;
    this.#words = new Uint32Array(this.#memory, this.#box, Box.Result + 1);
    this.#input = this.#view();
    this.#cursor = new Cursor(this.#memory);
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** Calls an export and reads its actions. An instance that is dead or dies of it does nothing more. */
  enter<E extends Export>(name: E, ...args: Arguments<E>): void {
    if (this.#death) return;
    let words: number;
    try {
      words = (this.#exports[name] as (...args: number[]) => number)(...(args as number[])) >>> 0;
    } catch (error) {
      this.#die(String(error), error);
      return;
    }
    if (this.#death) return;
    if (words === FATAL) {
      this.#die(decoder.decode(new Uint8Array(this.#memory, this.#word(Box.Text), this.#word(Box.Result))));
      return;
    }
    if (words > 0) {
      if (this.#cursor.memory !== this.#memory) this.#cursor = new Cursor(this.#memory);
      const cursor = this.#cursor;
      cursor.begin(this.#word(Box.Actions), words, this.#word(Box.Text));
      while (!cursor.done) this.#act(cursor);
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
      const kind = words[i] as number;
      fragments.push({
        flags: kind & 0xff,
        first: (kind & 0x100) !== 0,
        decoded: (kind & 0x200) !== 0,
        offset: words[i + 1] as number,
        length: words[i + 2] as number,
        total: words[i + 3] as number,
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

  /** Writes bytes where the next export reads them. */
  bytes(bytes: Uint8Array): number {
    this.#room(bytes.length).set(bytes);
    return bytes.length;
  }

  #room(bytes: number): Uint8Array {
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

  #word(at: Box): number {
    if (this.#words.buffer !== this.#memory) this.#words = new Uint32Array(this.#memory, this.#box, Box.Result + 1);
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
