// Reads the pclntab, which is what Go's runtime knows of the functions of a program, and checks that it has exactly the layout of Go 1.26.
// The layout is in Go's src/runtime/symtab.go, runtime2.go (_func), symtabinl.go (inlinedCall) and internal/abi/symtab.go;
// cmd/link/internal/ld/pcln.go writes it.

import { check } from "./wasm.mjs";

/** Offsets in runtime._func, which is the part of fixed length of a function's record. */
export const FUNC = {
  name: 4,
  args: 8,
  deferReturn: 12,
  pcsp: 16,
  pcfile: 20,
  pcln: 24,
  npcdata: 28,
  cu: 32,
  startLine: 36,
  id: 40,
  nfuncdata: 43,
  size: 44,
};
/** Offsets in runtime.inlinedCall. */
export const INLINED = { name: 4, parentPC: 8, startLine: 12, size: 16 };
export const PCDATA = { UnsafePoint: 0, StackMapIndex: 1, InlTreeIndex: 2, ArgLiveIndex: 3 };
export const FUNCDATA = {
  ArgsPointerMaps: 0,
  LocalsPointerMaps: 1,
  StackObjects: 2,
  InlTree: 3,
  OpenCodedDeferInfo: 4,
  ArgInfo: 5,
  ArgLiveInfo: 6,
  WrapInfo: 7,
};
/** The identities by which the runtime knows some functions. The names of these are checked below, to see that the identities are the same. */
export const FUNC_ID = { goexit: 8, gopanic: 10, mstart: 14, main: 17, wrapper: 23 };
/** The reference to a FUNCDATA that a function does not have. The reference to a missing table of PCs is 0. */
export const NONE = 0xffffffff;
/** The PCs of a function begin at its index times PCS. The runtime looks a PC up in buckets of BUCKET PCs. */
export const PCS = 2 ** 16;
export const BUCKET = 4096;
export const BUCKET_SIZE = 20;

const HEADER_SIZE = 72;

/** Reads and writes numbers in a program's memory. They are little-endian, like everything in wasm. */
export class Memory {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte = (at) => this.view.getUint8(at);
  word = (at) => this.view.getUint32(at, true);
  pointer = (at) => Number(this.view.getBigUint64(at, true));
  setWord = (at, value) => this.view.setUint32(at, value, true);

  text = (at, length) => new TextDecoder().decode(this.bytes.subarray(at, at + length));
}

/** Finds the module by its header and by the moduledata that points at it. */
export function findModule(memory) {
  const found = headers(memory).flatMap((header) => moduleDatas(memory, header));
  check(found.length === 1, `it has ${found.length} tables of functions, where one is expected`);
  return found[0];
}

/**
 * Reads all functions of the module and what belongs to them. The linker leaves no gaps, so if this code misunderstood the layout, a check
 * would fail.
 */
export function readFunctions(memory, module, count) {
  check(
    module.ftab.length === count + 1 && memory.pointer(module.header + 8) === count,
    "its table of functions does not list each function",
  );
  const functions = [];
  let end = module.ftab.end - 4; // The last entry has no second half.
  for (let index = 0; index < count; index++) {
    const fn = readFunction(memory, module, index, align(end, 8));
    functions.push(fn);
    end = fn.at + FUNC.size + 4 * (fn.pcdata.length + fn.funcdata.length);
  }
  check(align(end, 8) === align(module.funcs.end, 8), "its functions do not end where their table does");
  checkIdentities(functions);
  checkTables(memory, module, functions);
  checkBuckets(memory, module, functions);
  readInlined(memory, module, functions);
  return functions;
}

/** The addresses of what looks like a runtime.pcHeader: the magic number of Go 1.20 and later, a PC quantum of 1, pointers of 8 bytes. */
function headers(memory) {
  const found = [];
  for (let at = 0; at + HEADER_SIZE <= memory.bytes.length; at += 8) {
    if (memory.word(at) === 0xfffffff1 && memory.word(at + 4) === 0x08010000) found.push(at);
  }
  return found;
}

/** Finds every runtime.moduledata that has the header's address, followed by slices of the tables that the header lists. */
function moduleDatas(memory, header) {
  const starts = [32, 40, 48, 56, 64].map((at) => header + memory.pointer(header + at));
  const slices = [8, 32, 56, 80, 104];
  const found = [];
  for (let at = 0; at + 336 <= memory.bytes.length; at += 8) {
    if (memory.pointer(at) !== header || slices.some((slice, i) => memory.pointer(at + slice) !== starts[i])) continue;
    found.push(readModuleData(memory, at));
  }
  return found;
}

function readModuleData(memory, at) {
  const slice = (offset, size) => {
    const [start, length, capacity] = [0, 8, 16].map((i) => memory.pointer(at + offset + i));
    check(length === capacity && length > 0, "a slice in its moduledata is not one");
    return { start, length, end: start + length * size };
  };
  const module = {
    header: memory.pointer(at),
    names: slice(8, 1),
    cus: slice(32, 4),
    files: slice(56, 1),
    pctab: slice(80, 1),
    funcs: slice(104, 1),
    ftab: slice(128, 8),
    buckets: memory.pointer(at + 152),
    funcdata: memory.pointer(at + 320),
    end: memory.pointer(at + 328),
  };
  const { header, names, cus, files, pctab, funcs, ftab, funcdata, buckets, end } = module;
  const order = [header + HEADER_SIZE, names.start, names.end, cus.start, cus.end, files.start, files.end, pctab.start];
  order.push(pctab.end, funcs.start, funcs.end, funcdata, buckets, end, memory.bytes.length);
  check(
    order.every((address, i) => i === 0 || address >= order[i - 1]),
    "the parts of its function tables are not in the expected order",
  );
  check(ftab.start === funcs.start, "its function table does not begin where it should");
  check(memory.pointer(at + 176) === 0, "its code does not begin at PC 0");
  check(memory.pointer(at + 160) === memory.word(ftab.start) * PCS, "its first PC is not that of its first function");
  return module;
}

/** Reads the record of one function. pcdata and funcdata are the addresses of its references, by kind. */
function readFunction(memory, module, index, at) {
  const entry = module.ftab.start + 8 * index;
  check(module.funcs.start + memory.word(entry + 4) === at, "its functions do not directly follow each other");
  check(
    memory.word(at) === memory.word(entry) && memory.word(entry + 8) === memory.word(entry) + 1,
    "its functions are not numbered in order",
  );
  const npcdata = memory.word(at + FUNC.npcdata);
  const nfuncdata = memory.byte(at + FUNC.nfuncdata);
  check(npcdata <= 3 && nfuncdata <= 8, "a function has kinds of tables that Go 1.26 does not have");
  const references = at + FUNC.size;
  check(references + 4 * (npcdata + nfuncdata) <= module.funcs.end, "a function's record ends after the table of functions");
  const fn = {
    at,
    id: memory.byte(at + FUNC.id),
    name: nameAt(memory, module, memory.word(at + FUNC.name)),
    pcdata: Array.from({ length: npcdata }, (_, kind) => references + 4 * kind),
    funcdata: Array.from({ length: nfuncdata }, (_, kind) => references + 4 * (npcdata + kind)),
  };
  /** How many PCs the function has. */
  fn.extent = Math.max(...pcReferences(fn).map((reference) => readTable(memory, module, memory.word(reference)).extent));
  return fn;
}

/** The addresses of a function's references to tables of PCs. */
export function pcReferences({ at, pcdata }) {
  return [at + FUNC.pcsp, at + FUNC.pcfile, at + FUNC.pcln, ...pcdata];
}

export function nameAt(memory, { names }, offset) {
  const at = names.start + offset;
  check(at < names.end && (offset === 0 || memory.byte(at - 1) === 0), "a function's name is not in the table of names");
  return memory.text(at, memory.bytes.indexOf(0, at) - at);
}

/**
 * Reads a table of PCs. It is a list of pairs: how much the value changes, and for how many PCs the new value holds. A change of 0 ends the
 * list. Offset 0 stands for no table.
 */
export function readTable(memory, { pctab }, offset) {
  const table = { steps: [], extent: 0, max: -1, end: 0 };
  if (offset === 0) return table;
  let at = pctab.start + offset;
  const number = () => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      check(at < pctab.end, "a table of PCs does not end");
      const byte = memory.byte(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("a table of PCs has a number that is too large");
  };
  let value = -1;
  for (let change = number(); change !== 0 || table.steps.length === 0; change = number()) {
    value += change % 2 === 1 ? -(change + 1) / 2 : change / 2;
    const length = number();
    table.extent += length;
    table.max = Math.max(table.max, value);
    table.steps.push([value, length]);
  }
  check(table.extent <= PCS, "a table of PCs covers more than a function");
  table.end = at - pctab.start;
  return table;
}

/** Checks the identities by the functions' names. If Go had changed the identities, or the layout, other names would be found. */
function checkIdentities(functions) {
  for (const [name, id] of Object.entries(FUNC_ID)) {
    if (id === FUNC_ID.wrapper) continue;
    const found = functions.filter((fn) => fn.id === id).map((fn) => fn.name);
    check(found.length === 1 && found[0] === `runtime.${name}`, `runtime.${name} does not have its identity of Go 1.26`);
  }
  check(
    functions.every(({ id }) => id <= FUNC_ID.wrapper),
    "a function has an identity that Go 1.26 does not have",
  );
}

function checkTables(memory, module, functions) {
  const offsets = functions.flatMap((fn) => pcReferences(fn).map(memory.word)).filter((offset) => offset !== 0);
  let end = 1;
  for (const offset of [...new Set(offsets)].sort((a, b) => a - b)) {
    check(offset === end, "its tables of PCs do not directly follow each other");
    end = readTable(memory, module, offset).end;
  }
  check(align(end, 8) === module.pctab.length, "its tables of PCs do not end where they should");
}

/** Checks that all buckets of a function lead to that function. */
function checkBuckets(memory, module, functions) {
  for (let index = 0; index < functions.length - 1; index++) {
    for (let bucket = 0; bucket < PCS / BUCKET; bucket++) {
      const at = bucketAt(module, index, bucket);
      const steps = memory.bytes.subarray(at + 4, at + BUCKET_SIZE);
      check(memory.word(at) === index && steps.every((step) => step === 0), "its table of buckets is not that of Go 1.26");
    }
  }
}

export function bucketAt(module, index, bucket) {
  return module.buckets + BUCKET_SIZE * ((index * PCS) / BUCKET + bucket);
}

/** Returns where each FUNCDATA ends, by its offset. It ends where the next one begins. */
function funcdataEnds(memory, module, functions) {
  const offsets = functions.flatMap((fn) => fn.funcdata.map(memory.word)).filter((offset) => offset !== NONE);
  const sorted = [...new Set(offsets), module.buckets - module.funcdata].sort((a, b) => a - b);
  check(offsets.length === 0 || sorted[0] === 0, "its FUNCDATA does not begin where it should");
  return new Map(sorted.slice(0, -1).map((offset, i) => [offset, sorted[i + 1]]));
}

/** Gives each function the lengths of its FUNCDATA by kind, and the addresses and the names of the calls that were inlined into it. */
function readInlined(memory, module, functions) {
  const ends = funcdataEnds(memory, module, functions);
  for (const fn of functions) {
    fn.lengths = fn.funcdata.map(memory.word).map((offset) => (offset === NONE ? 0 : ends.get(offset) - offset));
    const count = Math.floor((fn.lengths[FUNCDATA.InlTree] ?? 0) / INLINED.size);
    const tree = count > 0 ? module.funcdata + memory.word(fn.funcdata[FUNCDATA.InlTree]) : 0;
    fn.inlined = Array.from({ length: count }, (_, i) => tree + INLINED.size * i);
    for (const at of fn.inlined) {
      check(
        memory.word(at) <= FUNC_ID.wrapper && memory.word(at + INLINED.parentPC) < fn.extent,
        "an inlined call does not have the layout of Go 1.26",
      );
    }
    fn.inlinedNames = fn.inlined.map((at) => nameAt(memory, module, memory.word(at + INLINED.name)));
    const index = fn.pcdata.length > PCDATA.InlTreeIndex ? memory.word(fn.pcdata[PCDATA.InlTreeIndex]) : 0;
    check(readTable(memory, module, index).max < count, "a table refers to an inlined call that is not listed");
  }
}

export function align(at, to) {
  return Math.ceil(at / to) * to;
}
