// What `make try` does before it runs tests: the package of src/ as it is now, in seconds, and which tests that is enough for.

import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundle, bundleTesting, bundleWasm } from "./bundle.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Builds a package in a folder of its own, as build.mjs does in this one: the code is not minified, types are neither checked nor written,
 * and the wasm is as Go links it. With package.json in the folder, tests below it resolve "hedgerow" to it.
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
    link(wasm).then(async () => bundleWasm(await readFile(wasm), dist)),
    link(join(folder, "dist-debug/hedgerow.wasm"), "-tags=hedgerow_debug"),
  ]);
}

/** Go links again only what has changed, which it knows by the file that it linked last time. */
async function link(output, ...more) {
  const args = ["build", "-buildvcs=false", "-ldflags=-s -w", ...more, "-o", output, "./wasm"];
  await promisify(execFile)("go", args, { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
}

const needs = [
  { variable: "HEDGEROW_SERVER", what: "a server" },
  { variable: "HEDGEROW_PACKAGE", what: "the package's folder" },
];

/**
 * A test says what it needs by what it reads, itself or in what it imports: the address of the server, or the package's folder. Returns
 * the names of the translated tests that need neither, and for each need the names of those that have it.
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
