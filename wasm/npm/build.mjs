// Builds what is published: dist/hedgerow.wasm, dist/*.js with source maps, dist/*.d.ts.
//
//   node build.mjs             dist/, and dist-debug/hedgerow.full.wasm: the same program before slim.mjs, whose tracebacks have names
//   node build.mjs --debug     and dist-debug/hedgerow.wasm, which has exports that panic on purpose; tests load it
//   node build.mjs --no-slim   leaves both programs as Go links them
//
// Nothing of dist-debug/ is packed.
//
// Any failing step fails the build. Running it again is cheap: Go links only what changed, and the rest takes seconds.

import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { bundle, bundleTesting, bundleWasm } from "./bundle.mjs";
import { slim } from "./slim.mjs";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(here, "dist");
const debug = join(here, "dist-debug");

const { values: flags } = parseArgs({
  options: { debug: { type: "boolean", default: false }, "no-slim": { type: "boolean", default: false } },
});

await Promise.all([mkdir(dist, { recursive: true }), mkdir(debug, { recursive: true })]);
await removeStale();
const packed = buildWasm(join(dist, "hedgerow.wasm"), join(debug, "hedgerow.full.wasm"));
const steps = [packed.then(buildFromWasm), buildJavaScript(), bundleTesting("dist"), buildTypes(), copyLicence()];
if (flags.debug) {
  steps.push(buildWasm(join(debug, "hedgerow.wasm"), join(debug, "hedgerow.debug.full.wasm"), "-tags=hedgerow_debug"));
}
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

/**
 * The same bytes on every machine: no paths (-trimpath), no commit (-buildvcs), neither symbol table nor DWARF (-s -w). What Go links
 * lies apart, since Go knows by it what is current. A wasm that cannot be slimmed fails the build, and leaves none that could be packed.
 */
async function buildWasm(output, full, ...more) {
  const next = `${full}.${process.pid}`; // another build may be running
  try {
    const args = ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", ...more, "-o", full, "./wasm"];
    await run("go", args, { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
    const linked = await readFile(full);
    await writeFile(next, flags["no-slim"] ? linked : slim(linked));
    await rename(next, output);
  } catch (error) {
    await Promise.all([output, next].map((file) => rm(file, { force: true })));
    throw error;
  }
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
