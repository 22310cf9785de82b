// Removes from a linked wasm what the running program never reads: the names, files and lines of functions, which only tracebacks print;
// what is read only on other platforms; the headers of thousands of small data segments. It knows Go 1.26 and refuses everything else.
// What garbage collection, growing stacks, panics and the scheduler read is unchanged, which is checked at the end.

import { isDeepStrictEqual } from "node:util";
import {
  align,
  BUCKET,
  bucketAt,
  FUNC,
  FUNC_ID,
  FUNCDATA,
  findModule,
  INLINED,
  Memory,
  NONE,
  PCDATA,
  PCS,
  pcReferences,
  readFunctions,
  readTable,
} from "./slim/pclntab.mjs";
import {
  check,
  dataSection,
  functionCount,
  producers,
  readMemory,
  readSections,
  writeMemory,
  writeSections,
} from "./slim/wasm.mjs";

const KNOWN = /^go1\.26(\.\d+)?$/;
const ADVICE = `
wasm/npm/slim.mjs knows only what Go 1.26 links. To support another version, compare src/runtime/symtab.go and
src/cmd/link/internal/ld/pcln.go of the two versions, and change it accordingly.`;

/** A slim table of names begins with these. One that Go's linker wrote begins with the name of a function. */
const UNKNOWN = 1;
const RUNTIME = 3;
const FIRST_NAMES = "\0?\0runtime.\0";

/** Returns a slim copy of a linked wasm, and the same bytes for one that is slim already. Throws unless it understands everything in it. */
export function slim(bytes) {
  try {
    const sections = readSections(bytes);
    const version = producers(sections)?.Go;
    check(KNOWN.test(version), `it was linked by ${version ?? "something other than Go"}`);
    const data = dataSection(sections);
    const memory = new Memory(readMemory(data.payload));
    const module = findModule(memory);
    if (memory.text(module.names.start, FIRST_NAMES.length) === FIRST_NAMES) return bytes;
    slimMemory(memory, module, functionCount(sections));
    return writeSections(
      sections.map((section) => (section === data ? { ...data, payload: writeMemory(memory.bytes) } : section)),
    );
  } catch (cause) {
    throw new Error(`This wasm cannot be slimmed: ${cause.message}.${ADVICE}`, { cause });
  }
}

function slimMemory(memory, module, count) {
  const functions = readFunctions(memory, module, count);
  const linked = new Set(functions.flatMap(({ name, inlinedNames }) => [name, ...inlinedNames]));
  const before = new Memory(memory.bytes.slice());
  forgetLines(memory, module, functions);
  forgetInlining(memory, functions, linked);
  forgetOthers(memory, functions, linked);
  forgetBuckets(memory, module, functions);
  packNames(memory, module, functions);
  packTables(memory, module, functions);
  packFuncdata(memory, module, functions);
  checkKept(before, memory, module, functions);
}

/** Removes the files and lines. A traceback shows a function without them at "?", line 0. */
function forgetLines(memory, module, functions) {
  for (const { at, inlined } of functions) {
    for (const field of [FUNC.pcfile, FUNC.pcln, FUNC.cu, FUNC.startLine]) memory.setWord(at + field, 0);
    for (const call of inlined) memory.setWord(call + INLINED.startLine, 0);
  }
  memory.bytes.fill(0, module.cus.start, module.files.end);
}

/**
 * Removes what was inlined where, if nothing counts frames by it. A program that calls runtime.Callers does. Otherwise only recover does:
 * it counts the frames between itself and the panic, of which one, and no more, may be a function that is not a wrapper. A function that
 * was inlined into a wrapper may be that one, so the tables of wrappers stay. One that was inlined into another function would be a second.
 */
function forgetInlining(memory, functions, linked) {
  const counted = linked.has("runtime.Callers") || linked.has("runtime.Caller");
  for (const { id, pcdata, funcdata, inlined } of functions) {
    for (const call of inlined) memory.setWord(call + INLINED.name, 0);
    if (counted || id === FUNC_ID.wrapper) continue;
    if (PCDATA.InlTreeIndex in pcdata) memory.setWord(pcdata[PCDATA.InlTreeIndex], 0);
    if (FUNCDATA.InlTree in funcdata) memory.setWord(funcdata[FUNCDATA.InlTree], NONE);
  }
}

/** Removes where a signal may interrupt (wasm has no signals), how tracebacks print arguments, and how execution traces name a wrapper. */
function forgetOthers(memory, functions, linked) {
  const interrupted = linked.has("runtime.isAsyncSafePoint") || linked.has("runtime.debugCallCheck");
  for (const { pcdata, funcdata } of functions) {
    if (!interrupted && PCDATA.UnsafePoint in pcdata) memory.setWord(pcdata[PCDATA.UnsafePoint], 0);
    for (const kind of [FUNCDATA.ArgInfo, FUNCDATA.ArgLiveInfo, FUNCDATA.WrapInfo]) {
      if (kind in funcdata) memory.setWord(funcdata[kind], NONE);
    }
  }
}

/** Removes unused buckets. Every function has as many as 65536 PCs need, but hardly any has more PCs than one bucket holds. */
function forgetBuckets(memory, module, functions) {
  for (const [index, { extent }] of functions.slice(0, -1).entries()) {
    const used = Math.max(1, Math.ceil(extent / BUCKET));
    memory.bytes.fill(0, bucketAt(module, index, used), bucketAt(module, index, PCS / BUCKET));
  }
}

/**
 * Removes all names but those that the runtime reads. It takes a goroutine for one of its own, which run and are counted differently, if
 * its function's name begins with "runtime."; runtime.panicwrap splits the name of a method's wrapper; the garbage collector looks for two
 * functions of reflect.
 */
function packNames(memory, module, functions) {
  const { start, end } = module.names;
  const stubs = ["reflect.makeFuncStub", "reflect.methodValueCall"];
  let next = start;
  const write = (name) => {
    const bytes = new TextEncoder().encode(`${name}\0`);
    check(next + bytes.length <= end, "the names that remain need more room than all names had");
    memory.bytes.set(bytes, next);
    next += bytes.length;
    return next - bytes.length - start;
  };
  memory.bytes.fill(0, start, end);
  for (const name of FIRST_NAMES.slice(0, -1).split("\0")) write(name);
  for (const { at, id, name } of functions) {
    const read = stubs.includes(name) || (id === FUNC_ID.wrapper && name.includes(".(*"));
    memory.setWord(at + FUNC.name, read ? write(name) : name.startsWith("runtime.") ? RUNTIME : UNKNOWN);
  }
}

/** Moves the tables of PCs that are still in use next to each other. Offset 0 stands for no table. */
function packTables(memory, module, functions) {
  const references = functions.flatMap((fn) => pcReferences(fn)).filter((at) => memory.word(at) !== 0);
  const pieces = references.map((at) => {
    const offset = memory.word(at);
    return { at, offset, length: readTable(memory, module, offset).end - offset };
  });
  pack(memory, module.pctab, pieces, 1, 1);
}

/** Moves the FUNCDATA that is still in use next to each other. It is aligned, because StackObjects begins with a number of 8 bytes. */
function packFuncdata(memory, module, functions) {
  const pieces = functions.flatMap(({ funcdata, lengths }) =>
    funcdata.map((at, i) => ({ at, offset: memory.word(at), length: lengths[i] })),
  );
  const kept = pieces.filter(({ offset }) => offset !== NONE);
  pack(memory, { start: module.funcdata, end: module.buckets }, kept, 0, 8);
}

/** Puts the pieces one after the other, in the order of their first reference, fills the rest with zeros, and updates the references. */
function pack(memory, { start, end }, pieces, first, alignment) {
  const old = memory.bytes.slice(start, end);
  const moved = new Map();
  let next = first;
  memory.bytes.fill(0, start, end);
  for (const { at, offset, length } of pieces) {
    if (!moved.has(offset)) {
      check(start + next + length <= end, "the tables that remain need more room than all tables had");
      memory.bytes.set(old.subarray(offset, offset + length), start + next);
      moved.set(offset, next);
      next = align(next + length, alignment);
    }
    memory.setWord(at, moved.get(offset));
  }
}

/** Checks that what the running program reads is unchanged. It is found in the way in which the runtime finds it. */
function checkKept(before, after, module, functions) {
  const outside = ({ bytes }) => [bytes.subarray(0, module.names.start), bytes.subarray(module.end)];
  const same = outside(before).every((bytes, i) => Buffer.compare(bytes, outside(after)[i]) === 0);
  check(same, "something outside the function tables would change");
  for (const [index, fn] of functions.entries()) {
    const inlined = FUNCDATA.InlTree in fn.funcdata && after.word(fn.funcdata[FUNCDATA.InlTree]) !== NONE;
    const [was, is] = [before, after].map((memory) => essence(memory, module, fn, index, inlined));
    check(isDeepStrictEqual(is, was), `something that the runtime reads of ${fn.name} would change`);
  }
}

function essence(memory, module, fn, index, inlined) {
  const table = (reference) => reference && readTable(memory, module, memory.word(reference)).steps;
  const data = (kind) => {
    const offset = kind in fn.funcdata ? memory.word(fn.funcdata[kind]) : NONE;
    return offset === NONE ? null : memory.bytes.slice(module.funcdata + offset, module.funcdata + offset + fn.lengths[kind]);
  };
  const calls = (tree) =>
    tree && fn.inlined.map((_, i) => [0, INLINED.parentPC].map((field) => new Memory(tree).word(INLINED.size * i + field)));
  return {
    entry: [0, 4].map((half) => memory.word(module.ftab.start + 8 * index + half)),
    bucket: memory.word(bucketAt(module, index, 0)),
    fields: [0, FUNC.args, FUNC.deferReturn, FUNC.npcdata, FUNC.id].map((field) => memory.word(fn.at + field)),
    frame: table(fn.at + FUNC.pcsp),
    stackMaps: table(fn.pcdata[PCDATA.StackMapIndex]),
    data: [FUNCDATA.ArgsPointerMaps, FUNCDATA.LocalsPointerMaps, FUNCDATA.StackObjects, FUNCDATA.OpenCodedDeferInfo].map(data),
    inlined: inlined && [table(fn.pcdata[PCDATA.InlTreeIndex]), calls(data(FUNCDATA.InlTree))],
  };
}
