// Reads and writes the sections of a wasm file, and the memory that its data section fills.

const CUSTOM = 0;
const FUNCTION = 3;
const DATA = 11;

/**
 * From this many zeros in a row on, a new segment takes less room than the zeros. Go's linker begins a new segment after 8 zeros, and each
 * segment adds to the compressed size.
 */
const GAP = 256;

/** Throws unless something holds. All checks of the slim step use this, so that it stops at everything that it does not understand. */
export function check(holds, what) {
  if (!holds) throw new Error(what);
}

/** Reads bytes in order, and throws at their end. */
export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done() {
    return this.at === this.bytes.length;
  }

  byte() {
    check(this.at < this.bytes.length, "it ends too early");
    return this.bytes[this.at++];
  }

  take(length) {
    check(length <= this.bytes.length - this.at, "it ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  unsigned() {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("it has a number of more than 32 bits");
  }

  text() {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }
}

/** Returns the sections in their order: { id, payload }. */
export function readSections(bytes) {
  const reader = new Reader(bytes);
  check(new TextDecoder().decode(reader.take(Math.min(8, bytes.length))) === "\0asm\x01\0\0\0", "it is not a WebAssembly module");
  const sections = [];
  while (!reader.done) sections.push({ id: reader.byte(), payload: reader.take(reader.unsigned()) });
  return sections;
}

export function writeSections(sections) {
  const parts = sections.flatMap(({ id, payload }) => [Uint8Array.of(id, ...unsigned(payload.length)), payload]);
  return concat([Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), ...parts]);
}

export function dataSection(sections) {
  const found = sections.filter(({ id }) => id === DATA);
  check(found.length === 1, "it has no data section");
  return found[0];
}

/** Returns how many functions the module defines. */
export function functionCount(sections) {
  const found = sections.filter(({ id }) => id === FUNCTION);
  check(found.length === 1, "it has no function section");
  return new Reader(found[0].payload).unsigned();
}

/** Returns the values of the section "producers", such as { Go: "go1.26.8", … }; undefined if there is none. */
export function producers(sections) {
  for (const { id, payload } of sections) {
    if (id !== CUSTOM) continue;
    const reader = new Reader(payload);
    if (reader.text() !== "producers") continue;
    const values = {};
    for (let fields = reader.unsigned(); fields > 0; fields--) {
      reader.text();
      for (let count = reader.unsigned(); count > 0; count--) values[reader.text()] = reader.text();
    }
    return values;
  }
}

/** Returns the memory from address 0 to the last byte that the segments set. */
export function readMemory(payload) {
  const reader = new Reader(payload);
  const segments = [];
  for (let count = reader.unsigned(); count > 0; count--) {
    check(reader.unsigned() === 0 && reader.byte() === 0x41, "a data segment does not say where it goes");
    const address = reader.unsigned(); // It is written as a signed number; a negative one would be read as one that is too large.
    check(reader.byte() === 0x0b, "the address of a data segment is not a constant");
    segments.push({ address, bytes: reader.take(reader.unsigned()) });
  }
  check(reader.done, "its data section goes on after its segments");
  segments.sort((a, b) => a.address - b.address);
  let end = 0;
  for (const { address, bytes } of segments) {
    check(address >= end && address < 2 ** 30, "its data segments overlap");
    end = address + bytes.length;
  }
  const memory = new Uint8Array(end);
  for (const { address, bytes } of segments) memory.set(bytes, address);
  return memory;
}

/** Returns the data section that fills a memory of zeros with these bytes. */
export function writeMemory(memory) {
  const parts = [];
  for (let start = afterZeros(memory, 0); start < memory.length; ) {
    let end = start;
    let next = start;
    do {
      end = memory.indexOf(0, next);
      if (end < 0) end = memory.length;
      next = afterZeros(memory, end);
    } while (next < memory.length && next - end < GAP);
    parts.push(Uint8Array.of(0, 0x41, ...signed(start), 0x0b, ...unsigned(end - start)), memory.subarray(start, end));
    start = next;
  }
  return concat([Uint8Array.from(unsigned(parts.length / 2)), ...parts]);
}

function afterZeros(memory, at) {
  while (at < memory.length && memory[at] === 0) at++;
  return at;
}

function unsigned(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** Encodes a number that is not negative as signed LEB128, where bit 6 of the last byte is the sign. */
function signed(value) {
  const bytes = unsigned(value);
  const last = bytes.pop();
  return last & 0x40 ? [...bytes, last | 0x80, 0] : [...bytes, last];
}

function concat(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
