// Builds what is published: dist/hedgerow.wasm, dist/*.js with source maps, dist/*.d.ts.
//
//   node build.mjs           makes dist/, and dist-debug/hedgerow.debug.wasm: the same program from Go's own compiler, whose tracebacks
//                            have names
//   node build.mjs --debug   also makes, for tests, two programs that die when they are asked to: dist-debug/hedgerow.wasm, from the
//                            compiler that the package uses, and hedgerow.go.wasm, from Go's own
//   node build.mjs --light   fails if there is no TinyGo, instead of using Go's own compiler for the package; so does every build where
//                            CI is "true"
//
// Nothing in dist-debug/ is published.
//
// If any step fails, the build fails. Building again is cheap: only what has changed is compiled, and the rest takes seconds.

import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { bundle, bundleApart, bundleCli, bundleTesting, bundleWasm } from "./bundle.mjs";
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
  console.error(`The package must be compiled by TinyGo (because of --light or CI=true), but: ${tinygo.missing}`);
  process.exit(1);
}
await Promise.all([mkdir(dist, { recursive: true }), mkdir(debug, { recursive: true })]);
await removeStale();
const steps = [
  buildWasm().then(buildFromWasm),
  buildJavaScript(),
  bundleTesting("dist"),
  bundleCli("dist"),
  bundleApart("dist", true),
  buildTypes(),
  copyLicence(),
];
for (const step of await Promise.allSettled(steps)) {
  if (step.status === "rejected") {
    console.error(describe(step.reason));
    process.exitCode = 1;
  }
}

/** Removes everything but the wasm, which is replaced as a whole. A chunk of an earlier build must not be published. */
async function removeStale() {
  const names = await readdir(dist);
  await Promise.all(names.filter((name) => name !== "hedgerow.wasm").map((name) => rm(join(dist, name), { recursive: true })));
}

/** Compiles the programs one after the other, because each compiler uses all processors. */
async function buildWasm() {
  await compile(join(dist, "hedgerow.wasm"), "hedgerow.debug.wasm", "hedgerow.light.wasm");
  if (flags.debug) await compile(join(debug, "hedgerow.wasm"), "hedgerow.go.wasm", "hedgerow.tinygo.wasm", FAULTS);
  if (tinygo.path) return;
  const weight = gzipSync(await readFile(join(dist, "hedgerow.wasm")), { level: 9 }).length;
  console.warn(
    `hedgerow.wasm was compiled by Go's own compiler and has ${Math.round(weight / 1000)} KB (gzip). TinyGo would make it about 53 KB, but: ${tinygo.missing}`,
  );
}

/**
 * Compiles with Go's own compiler and then with TinyGo, if it is there, into files in dist-debug, and copies the last one to where it is
 * wanted. Go's compiler goes first because it is quick, and its messages about mistakes are better.
 */
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

/**
 * Checks promises of the package that a user's bundler or network would find broken: what browsers load imports no other package, names the
 * wasm in the form that bundlers recognize, and is one chunk beside the entry until an option asks for more.
 */
async function checkBrowserEntry({ outputs }) {
  const files = new Set();
  (function visit(file) {
    if (files.has(file)) return;
    files.add(file);
    for (const { path, external } of outputs[file].imports) {
      if (external) throw new Error(`${file} is loaded by browsers, so it must not import ${path}`);
      visit(path);
    }
  })("dist/index.js");
  const first = new Set(["dist/index.js"]);
  for (const file of first) {
    for (const { path, kind } of outputs[file].imports) if (kind === "import-statement") first.add(path); // The loop reaches what it adds.
  }
  if (first.size > 2) {
    throw new Error(
      `dist/index.js loads more than one chunk: ${[...first].join(", ")}. bundle.mjs says at splitting how to prevent this`,
    );
  }
  const texts = await Promise.all([...files].map((file) => readFile(join(here, file), "utf8")));
  if (!texts.some((text) => text.includes('new URL("./hedgerow.wasm",import.meta.url)'))) {
    throw new Error(
      'no file that browsers load has new URL("./hedgerow.wasm",import.meta.url), which bundlers look for in exactly this form',
    );
  }
}

/** Writes the public types and checks every source file. The entry for Node has no types of its own: "." has one declaration file. */
async function buildTypes() {
  await Promise.all([
    tsc("-p", "tsconfig.json", "--noEmit", "false", "--emitDeclarationOnly", "--outDir", "dist"),
    tsc("-p", "tsconfig.node.json"),
  ]);
}

async function tsc(...args) {
  await run(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), ...args], { cwd: here });
}

/** Copies the licence from the root of the repository to where npm publishes it, beside package.json. The package's README is its own. */
async function copyLicence() {
  await copyFile(join(root, "LICENSE"), join(here, "LICENSE"));
}

/** Describes why a step failed. What a compiler complains of is in its output; the exception says only that it exited. */
function describe(error) {
  const output = [error.stdout, error.stderr].filter(Boolean).join("\n").trim();
  return output ? `${error.cmd}\n${output}` : (error.stack ?? String(error));
}
