// What `make try` does before it runs tests: it builds a package from src/ as it is now, in seconds, and finds out which tests need no more.

import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundle, bundleApart, bundleCli, bundleTesting, bundleWasm } from "./bundle.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Builds a package in a folder of its own, as build.mjs does in this one, but faster: the code is not minified, types are neither checked
 * nor written, and the wasm is compiled by Go's own compiler. The folder has a package.json, so tests inside it resolve "hedgerow" to it.
 */
export async function buildScratch(folder) {
  const dist = join(folder, "dist");
  const wasm = join(dist, "hedgerow.wasm");
  await mkdir(dist, { recursive: true });
  const stale = (await readdir(dist)).filter((name) => name !== "hedgerow.wasm");
  await Promise.all(stale.map((name) => rm(join(dist, name))));
  await Promise.all([
    copyFile(join(here, "package.json"), join(folder, "package.json")),
    bundle({ outdir: dist, minify: false }),
    bundleTesting(dist),
    bundleCli(dist),
    bundleApart(dist, false),
    link(wasm).then(async () => bundleWasm(await readFile(wasm), dist)),
    link(join(folder, "dist-debug/hedgerow.wasm"), "-tags=hedgerow_debug"),
  ]);
}

/** Compiles the wasm. Go links it again only if something has changed, which it sees from the file that it linked last time. */
async function link(output, ...more) {
  const args = ["build", "-buildvcs=false", "-ldflags=-s -w", ...more, "-o", output, "./wasm"];
  await promisify(execFile)("go", args, { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
}

const needs = [
  { variable: "HEDGEROW_SERVER", what: "a server" },
  { variable: "HEDGEROW_PACKAGE", what: "the package's folder" },
];

/**
 * Sorts tests by what they need. A test that needs the server or the package's folder reads a variable, itself or in what it imports, so
 * the variable's name is in the translated file. Returns the names of the tests that need neither, and for each need those that have it.
 */
export async function sortByNeed(names, translated) {
  const sorted = { none: [] };
  for (const name of names) {
    const text = await readFile(translated(name), "utf8");
    const what = needs.find(({ variable }) => text.includes(variable))?.what ?? "none";
    sorted[what] ??= [];
    sorted[what].push(name);
  }
  return sorted;
}
