// Builds what is published: dist/hedgerow.wasm, dist/*.js with source maps, dist/*.d.ts.
//
//   node build.mjs           dist/, and dist-debug/hedgerow.debug.wasm: the same program by Go's own compiler, whose tracebacks have names
//   node build.mjs --debug   and, for tests, dist-debug/hedgerow.wasm and hedgerow.go.wasm, which die on purpose: by the compiler of
//                            what is packed, and by Go's own
//   node build.mjs --light   fails where there is no TinyGo to compile what is packed, instead of taking Go's own compiler, and so it does
//                            where CI is "true"
//
// Nothing of dist-debug/ is packed.
//
// Any failing step fails the build. Running it again is cheap: only what changed is compiled, and the rest takes seconds.

import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { bundle, bundleTesting, bundleWasm } from "./bundle.mjs";
import { compileWithGo, compileWithTinyGo, FAULTS, findTinyGo, replace } from "./wasm.mjs";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(here, "dist");
const debug = join(here, "dist-debug");

const { values: flags } = parseArgs({
  options: { debug: { type: "boolean", default: false }, light: { type: "boolean", default: process.env.CI === "true" } },
});

const tinygo = await findTinyGo();
if (flags.light && !tinygo.path) {
  console.error(`What is packed must be compiled by TinyGo (--light, or CI=true), but ${tinygo.missing}`);
  process.exit(1);
}
await Promise.all([mkdir(dist, { recursive: true }), mkdir(debug, { recursive: true })]);
await removeStale();
const steps = [buildWasm().then(buildFromWasm), buildJavaScript(), bundleTesting("dist"), buildTypes(), copyLicence()];
for (const step of await Promise.allSettled(steps)) {
  if (step.status === "rejected") {
    console.error(describe(step.reason));
    process.exitCode = 1;
  }
}

/** Leaves only the wasm, which is replaced as a whole. A chunk of an earlier build must not be packed. */
async function removeStale() {
  const names = await readdir(dist);
  await Promise.all(names.filter((name) => name !== "hedgerow.wasm").map((name) => rm(join(dist, name), { recursive: true })));
}

/** One after the other: each compiler takes all processors that there are. Go's own is quick, and finds mistakes in better words. */
async function buildWasm() {
  await compile(join(dist, "hedgerow.wasm"), "hedgerow.debug.wasm", "hedgerow.light.wasm");
  if (flags.debug) await compile(join(debug, "hedgerow.wasm"), "hedgerow.go.wasm", "hedgerow.tinygo.wasm", FAULTS);
  if (tinygo.path) return;
  const weight = gzipSync(await readFile(join(dist, "hedgerow.wasm")), { level: 9 }).length;
  console.warn(
    `hedgerow.wasm was compiled by Go's own compiler and weighs ${Math.round(weight / 1000)} KB (gzip); TinyGo's weighs 56: ${tinygo.missing}`,
  );
}

/** Compiles with both, as far as both are there, into files in dist-debug, and copies the better one to where it is wanted. */
async function compile(wanted, byGo, byTinyGo, ...tags) {
  await compileWithGo(join(debug, byGo), ...tags);
  if (tinygo.path) await compileWithTinyGo(tinygo.path, join(debug, byTinyGo), ...tags);
  await replace(join(debug, tinygo.path ? byTinyGo : byGo), wanted);
}

async function buildJavaScript() {
  await checkBrowserEntry(await bundle({ outdir: "dist", minify: true }));
}

async function buildFromWasm() {
  await bundleWasm(await readFile(join(dist, "hedgerow.wasm")), "dist");
}

/** Two promises that a bundler would find broken long after us. */
async function checkBrowserEntry({ outputs }) {
  const files = new Set();
  (function visit(file) {
    if (files.has(file)) return;
    files.add(file);
    for (const { path, external } of outputs[file].imports) {
      if (external) throw new Error(`${file}, which browsers load, imports ${path}`);
      visit(path);
    }
  })("dist/index.js");
  const texts = await Promise.all([...files].map((file) => readFile(join(here, file), "utf8")));
  if (!texts.some((text) => text.includes('new URL("./hedgerow.wasm",import.meta.url)'))) {
    throw new Error(
      'no file that browsers load holds new URL("./hedgerow.wasm",import.meta.url): bundlers look for exactly this',
    );
  }
}

/** The public types, and a check of every source file. The Node entry adds no types of its own: "." has one declaration file. */
async function buildTypes() {
  await Promise.all([
    tsc("-p", "tsconfig.json", "--noEmit", "false", "--emitDeclarationOnly", "--outDir", "dist"),
    tsc("-p", "tsconfig.node.json"),
  ]);
}

async function tsc(...args) {
  await run(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), ...args], { cwd: here });
}

/** npm packs the licence that lies beside package.json; it is written once, at the root. The README here is the package's own. */
async function copyLicence() {
  await copyFile(join(root, "LICENSE"), join(here, "LICENSE"));
}

/** A compiler's complaint is on its output; the exception around it only says that it exited. */
function describe(error) {
  const output = [error.stdout, error.stderr].filter(Boolean).join("\n").trim();
  return output ? `${error.cmd}\n${output}` : (error.stack ?? String(error));
}
