// Compiles the program ./wasm. TinyGo makes what is packed: it weighs a tenth of what Go's own compiler makes of the same source. Go's serves
// where there is no TinyGo, and for looking inside, since its tracebacks have names.

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

/** The path of a TinyGo that can compile the program; else, in words, why there is none. */
export async function findTinyGo() {
  try {
    const { stdout, stderr } = await run(join(root, ".ci/tinygo.sh"));
    if (stderr) console.warn(stderr.trim());
    return { path: stdout.trim() };
  } catch (error) {
    return { missing: (error.stderr || error.message).trim() };
  }
}

/** Says who compiled a wasm: "TinyGo" or "Go". */
export function compilerOf(wasm) {
  return WebAssembly.Module.imports(new WebAssembly.Module(wasm)).some((one) => one.module === "gojs") ? "Go" : "TinyGo";
}

/**
 * With Go's own compiler, the same bytes on every machine: no paths (-trimpath), no commit (-buildvcs), neither symbol table nor DWARF
 * (-s -w). Go writes the output only if it changed, which it knows by the output that is there.
 */
export async function compileWithGo(output, ...tags) {
  const args = ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", `-tags=${tags}`, "-o", output, "./wasm"];
  await run("go", args, { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
}

/**
 * With TinyGo and Binaryen's optimizer: again the same bytes everywhere. Neither knows what is current, so that a file beside the output
 * keeps a hash of all that went into it.
 */
export async function compileWithTinyGo(tinygo, output, ...tags) {
  const scratch = await mkdtemp(join(tmpdir(), "hedgerow-tinygo-"));
  try {
    const environment = await tinyGoEnvironment();
    const target = await tinyGoTarget(tinygo, environment);
    const args = ["build", "-opt=z", "-no-debug", "-panic=print", `-tags=${tags.join(" ")}`];
    const key = await keyOf(tinygo, environment, JSON.stringify([target, args]), tags);
    if (key === (await readFile(`${output}.key`, "utf8").catch(() => "")) && (await exists(output))) return;
    const [json, linked, next] = ["target.json", "linked.wasm", "hedgerow.wasm"].map((name) => join(scratch, name));
    await writeFile(json, JSON.stringify(target));
    await run(tinygo, [...args, `-target=${json}`, "-o", linked, "./wasm"], { cwd: root, env: environment });
    await run(process.execPath, [wasmOpt, "-Oz", "--converge", "--strip-producers", linked, "-o", next]);
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

/** The Go that this TinyGo reads, and the modfile that asks for no other. TinyGo itself runs wasm-opt once, and finds it in WASMOPT. */
async function tinyGoEnvironment() {
  const pinned = await readFile(join(root, "tools/tinygo/go.mod"), "utf8");
  const { GOOS: _, GOARCH: __, GOFLAGS = "", ...rest } = process.env;
  return {
    ...rest,
    GOTOOLCHAIN: /^toolchain (.*)$/m.exec(pinned)[1],
    GOFLAGS: `${GOFLAGS} -modfile=tools/tinygo/hedgerow.mod`.trim(), // not a whole path, for that may have spaces
    GOWORK: "off",
    WASMOPT: wasmOpt,
  };
}

/**
 * The target. What wasm32 has no instructions for (multiplying to 128 bits, for one) comes from compiler-rt: a TinyGo that was released has its
 * sources, one that tools/tinygo/build.sh built has LLVM's library.
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

/** Puts a copy of a file in another's place, at once: another build or a test may be reading that. */
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
