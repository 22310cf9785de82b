// Plays tapes of events to a build of the program, as internal/abi/abitest describes them, and keeps the transcript. What knows the ABI is
// the table alone; the tape says how each export is called. differential.mjs plays longer ones, of which it reads a part at a time.
import { runGo } from "../../src/abi/go-runtime.js";
import { Box, FATAL, FragmentWord } from "../../src/abi/table.js";
import { isTinyGo, runTinyGo } from "../../src/abi/tinygo-runtime.js";

type Exports = { readonly mem: WebAssembly.Memory } & { readonly [name: string]: (...args: number[]) => number };

/** Plays a tape to a program, with a fresh instance for each part of the tape. */
export function play(module: WebAssembly.Module, tape: Uint8Array): Buffer {
  const transcript: Buffer[] = [];
  let instance = new Instance(module);
  for (let at = 0; at < tape.length; ) {
    if (tape[at] === 0) {
      instance = new Instance(module);
      at++;
      continue;
    }
    const event = readEvent(tape, at);
    at = event.end;
    if (instance.alive) transcript.push(instance.tell(event));
  }
  return Buffer.concat(transcript);
}

export interface Event {
  readonly name: string;
  /** Of an input, its length. */
  readonly args: readonly number[];
  readonly input: Uint8Array | undefined;
  readonly end: number;
}

/** Reads an event. Where the tape ends within it, a RangeError, or an end that lies behind the tape's. */
export function readEvent(tape: Uint8Array, from: number): Event {
  const view = new DataView(tape.buffer, tape.byteOffset, tape.length);
  let at = from + 1 + view.getUint8(from);
  const name = Buffer.from(tape.subarray(from + 1, at)).toString();
  const args: number[] = [];
  let input: Uint8Array | undefined;
  for (let n = view.getUint8(at++); n > 0; n--) {
    const kind = view.getUint8(at++);
    if (kind === 1) {
      args.push(view.getFloat64(at, true));
      at += 8;
      continue;
    }
    const value = view.getUint32(at, true);
    args.push(value);
    at += 4;
    if (kind !== 2) continue;
    input = tape.subarray(at, at + value);
    at += value;
  }
  return { name, args, input, end: at };
}

/** A program that runs. */
export class Instance {
  alive = true;
  #exports: Exports;
  #mailbox: number;

  constructor(module: WebAssembly.Module) {
    const hooks = { print: () => {}, exit: () => this.#die(), died: () => this.#die() };
    this.#exports = (isTinyGo(module) ? runTinyGo : runGo)(module, hooks) as unknown as Exports;
    this.#mailbox = this.#call("mailbox") >>> 0;
  }

  /** Passes an event to the program, and returns its answer as it stands in a transcript. */
  tell({ name, args, input }: Event): Buffer {
    if (input) {
      if (input.length > this.#box(Box.Capacity)) this.#call("reserve", input.length);
      new Uint8Array(this.#exports.mem.buffer).set(input, this.#box(Box.Input));
    }
    const words = this.#call(name, ...args) >>> 0;
    if (words === FATAL || !this.alive) {
      this.#die();
      return u32(FATAL);
    }
    const fragments = this.#box(Box.Count);
    const fragmentBytes = 4 * (FragmentWord.Total + 1);
    return Buffer.concat([
      u32(words),
      this.#bytes(Box.Actions, 4 * words),
      u32(this.#box(Box.TextSize)),
      this.#bytes(Box.Text, this.#box(Box.TextSize)),
      u32(fragments),
      this.#bytes(Box.Fragments, fragmentBytes * fragments),
      u32(name === "feed" ? this.#box(Box.Result) : 0),
    ]);
  }

  #call(name: string, ...args: number[]): number {
    try {
      return this.#exports[name]?.(...args) ?? FATAL;
    } catch {
      this.#die();
      return FATAL;
    }
  }

  #die(): void {
    this.alive = false;
  }

  #box(word: Box): number {
    return new DataView(this.#exports.mem.buffer).getUint32(this.#mailbox + 4 * word, true);
  }

  #bytes(address: Box, length: number): Buffer {
    return Buffer.from(new Uint8Array(this.#exports.mem.buffer, this.#box(address), length).slice());
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
