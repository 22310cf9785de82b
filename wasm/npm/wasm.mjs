// Compiles the program ./wasm. The package has TinyGo's build, which is a tenth of the size of what Go's own compiler makes of the same
// source. Go's build is used where there is no TinyGo, and for debugging, because its tracebacks have names.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const wasmOpt = join(here, "node_modules/binaryen/bin/wasm-opt");

/** The build tag of a program that dies where tests ask it to. */
export const FAULTS = "hedgerow_debug";

/**
 * What Binaryen does: it makes code small. That addresses below 1,024 are never reached by adding to an address lets it put more offsets
 * into instructions: at the beginning of memory is the end of the stack.
 */
const OPTIMIZE = ["-Oz", "--converge", "--low-memory-unused", "--strip-producers", "--strip-target-features"];

/** Returns { path } of a TinyGo that can compile the program, else { missing }, which says why there is none. */
export async function findTinyGo() {
  try {
    const { stdout, stderr } = await run(join(root, ".ci/tinygo.sh"));
    if (stderr) console.warn(stderr.trim());
    return { path: stdout.trim() };
  } catch (error) {
    return { missing: (error.stderr || error.message).trim() };
  }
}

/** Returns which compiler made a wasm: "TinyGo" or "Go". */
export function compilerOf(wasm) {
  return WebAssembly.Module.imports(new WebAssembly.Module(wasm)).some((one) => one.module === "gojs") ? "Go" : "TinyGo";
}

/**
 * Compiles with Go's own compiler. The result has the same bytes on every machine, because it has no paths (-trimpath), no commit
 * (-buildvcs), and neither symbol table nor DWARF (-s -w). Go writes the output only if it differs from the file that is there.
 */
export async function compileWithGo(output, ...tags) {
  const args = ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", `-tags=${tags}`, "-o", output, "./wasm"];
  await run("go", args, { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
}

/**
 * Compiles with TinyGo and Binaryen's optimizer. Here too the result has the same bytes on every machine. Neither of them can tell whether
 * the output is up to date, so a file beside it keeps a hash of everything that it was made from.
 */
export async function compileWithTinyGo(tinygo, output, ...tags) {
  const scratch = await mkdtemp(join(tmpdir(), "hedgerow-tinygo-"));
  try {
    const environment = await tinyGoEnvironment();
    const target = await tinyGoTarget(tinygo, environment);
    const args = ["build", "-opt=z", "-no-debug", "-panic=print", `-tags=${tags.join(" ")}`];
    const key = await keyOf(tinygo, environment, JSON.stringify([target, args, OPTIMIZE]), tags);
    if (key === (await readFile(`${output}.key`, "utf8").catch(() => "")) && (await exists(output))) return;
    const [json, linked, next] = ["target.json", "linked.wasm", "hedgerow.wasm"].map((name) => join(scratch, name));
    await writeFile(json, JSON.stringify(target));
    await run(tinygo, [...args, `-target=${json}`, "-o", linked, "./wasm"], { cwd: root, env: environment });
    await run(process.execPath, [wasmOpt, ...OPTIMIZE, linked, "-o", next]);
    await rm(`${output}.key`, { force: true });
    await replace(next, output);
    await writeFile(`${output}.key`, key);
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * The environment for TinyGo: the version of Go that this TinyGo can read, and a modfile that requires no newer one. TinyGo itself runs
 * wasm-opt once, and finds it in WASMOPT.
 */
async function tinyGoEnvironment() {
  const pinned = await readFile(join(root, "tools/tinygo/go.mod"), "utf8");
  const { GOOS: _, GOARCH: __, GOFLAGS = "", ...rest } = process.env;
  return {
    ...rest,
    GOTOOLCHAIN: /^toolchain (.*)$/m.exec(pinned)[1],
    GOFLAGS: `${GOFLAGS} -modfile=tools/tinygo/hedgerow.mod`.trim(), // The path is relative, because an absolute one might have spaces.
    GOWORK: "off",
    WASMOPT: wasmOpt,
  };
}

/**
 * The target. Its tag custommalloc leaves out what programs in C would allocate with, which keeps addresses in a map. Functions for which
 * wasm32 has no instructions, such as multiplication to 128 bits, come from compiler-rt. A released TinyGo has its sources; one that was
 * built by tools/tinygo/build.sh has LLVM's compiled library instead.
 */
async function tinyGoTarget(tinygo, env) {
  const target = JSON.parse(await readFile(join(root, "tools/tinygo/wasm32.json"), "utf8"));
  const { stdout } = await run(tinygo, ["env", "TINYGOROOT"], { cwd: root, env });
  const library = join(stdout.trim(), "lib/libclang_rt.builtins-wasm32.a");
  if (!(await exists(library))) return { ...target, rtlib: "compiler-rt" };
  return { ...target, ldflags: [...target.ldflags, "{root}/lib/libclang_rt.builtins-wasm32.a"] };
}

async function keyOf(tinygo, env, how, tags) {
  const format = "{{if not .Standard}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}\n{{end}}{{end}}";
  const args = ["list", "-deps", `-tags=${["tinygo", ...tags]}`, `-f=${format}`, "./wasm"];
  const [{ stdout: files }, { stdout: version }, { stdout: optimizer }] = await Promise.all([
    run("go", args, { cwd: root, env: { ...env, GOOS: "js", GOARCH: "wasm" } }),
    run(tinygo, ["version"], { env }),
    readFile(join(dirname(dirname(wasmOpt)), "package.json"), "utf8").then((text) => ({ stdout: JSON.parse(text).version })),
  ]);
  const hash = createHash("sha256").update(JSON.stringify([how, version, optimizer]));
  for (const file of files.split("\n").filter(Boolean))
    hash.update(`\0${file.slice(root.length)}\0`).update(await readFile(file));
  return hash.digest("hex");
}

/** Replaces a file by a copy of another one, in one step, because a test or another build may be reading it. */
export async function replace(from, to) {
  const next = `${to}.${process.pid}`;
  await copyFile(from, next);
  await rename(next, to);
}

async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
