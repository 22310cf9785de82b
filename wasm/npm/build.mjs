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
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { slim } from "./slim.mjs";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(here, "dist");
const debug = join(here, "dist-debug");

const { version, peerDependencies } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));

const { values: flags } = parseArgs({
  options: { debug: { type: "boolean", default: false }, "no-slim": { type: "boolean", default: false } },
});

await Promise.all([mkdir(dist, { recursive: true }), mkdir(debug, { recursive: true })]);
await removeStale();
const packed = buildWasm(join(dist, "hedgerow.wasm"), join(debug, "hedgerow.full.wasm"));
const steps = [packed.then(buildFromWasm), buildJavaScript(), buildTesting(), buildTypes(), copyLicence()];
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
  const { metafile } = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [
      "index",
      "node",
      "inline",
      "inline-node",
      "cors",
      "fetch",
      "otel",
      "service-worker",
      "worker",
      "connect",
      "protobuf-ts",
      "grpc-web",
    ].map((name) => `src/${name}.ts`),
    outdir: "dist",
    bundle: true,
    // What both entries share is one chunk, so that a program that meets both still has one StatusError class.
    splitting: true,
    // Beside hedgerow.wasm, not in a folder: `new URL("./hedgerow.wasm", import.meta.url)` may end up in any of these files.
    chunkNames: "chunk-[hash]",
    format: "esm",
    target: "es2022",
    // Neither of Node nor of the browser: only the entry for Node may name a node: module, and that is checked below.
    platform: "neutral",
    // The user's own copy of a peer is the one that counts. None may be met by who imports "hedgerow" alone: checked below too.
    external: ["node:*", ...Object.keys(peerDependencies)],
    define: { HEDGEROW_VERSION: JSON.stringify(version) },
    minify: true,
    sourcemap: true,
    plugins: [{ name: "apart", setup: (build) => build.onResolve({ filter: /^\.\/embedded\.js$/ }, keepApart) }],
    metafile: true,
    logLevel: "warning",
  });
  await checkBrowserEntry(metafile);
}

/**
 * hedgerow/testing takes what it needs of the package by its name, as a user's test does. As one more entry beside the others it would
 * have pages load more files, so that it could share them.
 */
async function buildTesting() {
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: ["src/testing.ts"],
    outdir: "dist",
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    // Not minified: whoever tests steps into it, and no page loads it.
    sourcemap: true,
    plugins: [{ name: "by-name", setup: (build) => build.onResolve({ filter: /^\.\.?\/index\.js$/ }, byName) }],
    logLevel: "warning",
  });
}

function byName() {
  return { path: "hedgerow", external: true };
}

/** buildFromWasm makes the file, once there is a wasm; it lies where the import says. */
function keepApart({ path }) {
  return { path, external: true, sideEffects: false };
}

/** The two modules that hold something of the wasm. Without source maps: there is nothing to see. */
async function buildFromWasm() {
  const wasm = await readFile(join(dist, "hedgerow.wasm"));
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: { embedded: "src/channel/embedded.ts", integrity: "src/integrity.ts" },
    outdir: "dist",
    format: "esm",
    target: "es2022",
    define: {
      HEDGEROW_WASM: JSON.stringify(gzipSync(wasm, { level: 9 }).toString("base64")),
      HEDGEROW_INTEGRITY: JSON.stringify(`sha384-${createHash("sha384").update(wasm).digest("base64")}`),
    },
    minify: true,
    logLevel: "warning",
  });
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
