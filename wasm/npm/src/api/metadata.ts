import { describe, isBytes } from "./foreign.js";

/** What metadata can be made of: another Metadata, an object of names, or pairs. */
export type MetadataInit =
  | Metadata
  | { readonly [name: string]: string | Uint8Array | readonly (string | Uint8Array)[] }
  | Iterable<readonly [string, string | Uint8Array]>;

type Value = string | Uint8Array;
type Field = [name: string, value: Value];

/**
 * Makes Metadata of a text block that came over the border. The class below sets this once, because the block is kept in a private field
 * until somebody reads the metadata, which seldom happens.
 */
export let metadataOfBlock: (block: string) => Metadata;
/** Whether it is a Metadata of this copy of the package, and has no field. */
let isEmpty: (metadata: Metadata) => boolean;

/**
 * Metadata of a call: a multimap that keeps its order and whose names are case-insensitive (they are kept in lower case).
 * Names that end in `-bin` carry `Uint8Array`, all others `string`.
 *
 * Adding a value of the wrong type throws a TypeError. Names and text that no request can carry are refused when a call is made with
 * them: the call rejects with INTERNAL, and nothing is sent.
 */
export class Metadata implements Iterable<[string, string | Uint8Array]> {
  #fields: Field[] | undefined;
  /** What came over the border, until somebody reads it: most metadata is never read. */
  #block = "";

  static {
    metadataOfBlock = (block) => {
      const metadata = new Metadata();
      metadata.#block = block;
      return metadata;
    };
    isEmpty = (metadata) => #fields in metadata && !metadata.#fields?.length && metadata.#block === "";
  }

  constructor(init?: MetadataInit) {
    if (init === undefined) return;
    if (typeof init !== "object" || init === null) {
      throw new TypeError(`metadata must be an object, an iterable of pairs or a Metadata, not ${describe(init)}`);
    }
    if (Symbol.iterator in init) {
      for (const [name, value] of init) this.append(name, value);
      return;
    }
    for (const [name, value] of Object.entries(init)) {
      for (const one of Array.isArray(value) ? value : [value]) this.append(name, one);
    }
  }

  /** The name's first value; undefined if there is none. */
  get(name: `${string}-bin`): Uint8Array | undefined;
  get(name: string): string | undefined;
  get(name: string): Value | undefined {
    const wanted = name.toLowerCase();
    return this.#read().find(([n]) => n === wanted)?.[1];
  }

  /** All values of the name, in order. */
  getAll(name: `${string}-bin`): Uint8Array[];
  getAll(name: string): string[];
  getAll(name: string): Value[] {
    const wanted = name.toLowerCase();
    return this.#read()
      .filter(([n]) => n === wanted)
      .map(([, value]) => value);
  }

  /** Replaces all values of the name by one. */
  set(name: string, value: string | Uint8Array): this {
    const field = checked(name, value);
    const fields = this.#read();
    const at = fields.findIndex(([n]) => n === field[0]);
    const kept = fields.filter(([n]) => n !== field[0]);
    kept.splice(at < 0 ? kept.length : at, 0, field);
    this.#fields = kept;
    return this;
  }

  /** Adds a value after those that the name already has. */
  append(name: string, value: string | Uint8Array): this {
    this.#read().push(checked(name, value));
    return this;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Removes all values of the name. Returns whether there were any. */
  delete(name: string): boolean {
    const unwanted = name.toLowerCase();
    const before = this.#read();
    this.#fields = before.filter(([n]) => n !== unwanted);
    return this.#fields.length < before.length;
  }

  [Symbol.iterator](): IterableIterator<[string, string | Uint8Array]> {
    return this.#read()
      .map(([name, value]): Field => [name, value])
      .values();
  }

  #read(): Field[] {
    this.#fields ??= [];
    if (this.#block !== "") {
      const parts = this.#block.split("\0");
      this.#block = "";
      for (let i = 0; i + 1 < parts.length; i += 2) {
        const name = parts[i] as string;
        const text = parts[i + 1] as string;
        this.#fields.push([name, binary(name) ? bytes(text) : text]);
      }
    }
    return this.#fields;
  }
}

/** Fields as a text block for the border, and their number. */
export interface Block {
  readonly count: number;
  readonly text: string;
}

const NONE: Block = { count: 0, text: "" };

export function blockOfMetadata(metadata: Metadata): Block {
  let count = 0;
  let text = "";
  if (isEmpty(metadata)) return NONE;
  for (const [name, value] of metadata) {
    text += `${name}\0${typeof value === "string" ? value : base64(value)}\0`;
    count++;
  }
  return { count, text };
}

function binary(name: string): boolean {
  return name.endsWith("-bin");
}

function checked(name: string, value: unknown): Field {
  if (typeof name !== "string") throw new TypeError(`a metadata name must be a string, not ${describe(name)}`);
  const lower = name.toLowerCase();
  if (binary(lower) ? isBytes(value) : typeof value === "string") return [lower, value as Value];
  throw new TypeError(
    binary(lower)
      ? `metadata "${lower}" ends in -bin, so its value must be a Uint8Array, not ${describe(value)}`
      : `metadata "${lower}" must be a string, not ${describe(value)}: bytes need a name that ends in -bin`,
  );
}

export function base64(raw: Uint8Array): string {
  let text = "";
  for (let i = 0; i < raw.length; i++) text += String.fromCharCode(raw[i] as number);
  return btoa(text);
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
