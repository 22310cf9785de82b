// Bundles src/ into the JavaScript of the package. build.mjs does so for the published package; try.mjs does for `make try`, which keeps
// the code readable and leaves out all slow steps.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { embed } from "./embed.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const { version, peerDependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));

const common = { absWorkingDir: here, format: "esm", target: "es2022", logLevel: "warning" };

/** Bundles all entries but hedgerow/testing, and the chunks that they share. Returns esbuild's metafile. */
export async function bundle({ outdir, minify }) {
  const { metafile } = await esbuild.build({
    ...common,
    entryPoints: [
      "index",
      "node",
      "inline",
      "inline-node",
      "workerd",
      "edge-light",
      "cors",
      "fetch",
      "otel",
      "service-worker",
      "worker",
      "connect",
      "protobuf-ts",
      "grpc-web",
    ].map((name) => `src/${name}.ts`),
    outdir,
    bundle: true,
    // What entries share is in a chunk of its own, so that a program that loads two of them still has only one StatusError class. There is
    // a chunk for each set of entries that share a source. So that what "hedgerow" loads is in one chunk, whoever imports a part of it
    // imports all, if need be with an import that names nothing: from that, no code is taken, and it is blanked afterwards.
    splitting: true,
    logOverride: { "ignored-bare-import": "silent" },
    // The chunks must be beside hedgerow.wasm, because `new URL("./hedgerow.wasm", import.meta.url)` may end up in any of them.
    chunkNames: "chunk-[hash]",
    // The code is for Node and browsers alike. Only the entry for Node may import a node: module, which build.mjs checks.
    platform: "neutral",
    // A peer dependency is the user's own copy. A program that imports only "hedgerow" must not need any, which build.mjs checks too.
    external: ["node:*", ...Object.keys(peerDependencies)],
    define: { HEDGEROW_VERSION: JSON.stringify(version) },
    minify,
    sourcemap: true,
    plugins: [{ name: "apart", setup: apart }],
    metafile: true,
  });
  await blankBareImports(Object.keys(metafile.outputs).filter((name) => name.endsWith(".js")));
  return metafile;
}

/**
 * Blanks the imports that name nothing. esbuild writes them to keep the order in which chunks are run, which does not matter to these; and
 * it would warn users that it ignores them, because package.json says that nothing here has side effects. Blanks keep the source maps true.
 */
async function blankBareImports(files) {
  const bare = /(?<=^|[;\n])import ?"\.\/chunk-\w+\.js";/g;
  for (const file of files) {
    const path = join(here, file);
    const text = await readFile(path, "utf8");
    const blanked = text.replace(bare, (found) => " ".repeat(found.length));
    if (blanked !== text) await writeFile(path, blanked);
  }
}

/**
 * Bundles hedgerow/testing, which imports the rest of the package by its name, as a user's test does. As one more entry beside the others,
 * it would share chunks with them, and pages would have to load more files.
 */
export async function bundleTesting(outdir) {
  await esbuild.build({
    ...common,
    entryPoints: ["src/testing.ts"],
    outdir,
    bundle: true,
    platform: "neutral",
    // It is not minified, because people who test step into it, and no page loads it.
    sourcemap: true,
    plugins: [{ name: "by-name", setup: (build) => build.onResolve({ filter: /^\.\.?\/index\.js$/ }, byName) }],
  });
}

/** Bundles the command line, which npx runs, into one file. It is not minified, so that people can read what they run. */
export async function bundleCli(outdir) {
  await esbuild.build({
    ...common,
    entryPoints: ["src/cli.ts"],
    outdir,
    bundle: true,
    platform: "node",
    target: "node20",
    define: { HEDGEROW_VERSION: JSON.stringify(version) },
  });
}

/**
 * Bundles hedgerow/inspector and hedgerow/dynamic, each on its own too: they share only types, tables and a few lines with the rest, and none
 * of their code is to become a chunk that every page loads.
 */
export async function bundleApart(outdir, minify) {
  await esbuild.build({
    ...common,
    entryPoints: ["src/inspector.ts", "src/dynamic.ts"],
    outdir,
    bundle: true,
    platform: "neutral",
    external: Object.keys(peerDependencies),
    minify,
    sourcemap: true,
  });
}

/**
 * Bundles the modules that are made from the wasm: the two that hold something of it, and hedgerow.min.js, which is hedgerow/inline as one
 * file, for pages without a bundler. They have no source maps, because they are mostly data.
 */
export async function bundleWasm(wasm, outdir) {
  await esbuild.build({
    ...common,
    entryPoints: { embedded: "src/channel/embedded.ts", integrity: "src/integrity.ts", "hedgerow.min": "src/inline.ts" },
    outdir,
    bundle: true,
    platform: "neutral",
    define: {
      HEDGEROW_VERSION: JSON.stringify(version),
      HEDGEROW_WASM: JSON.stringify(embed(wasm)),
      HEDGEROW_INTEGRITY: JSON.stringify(`sha384-${createHash("sha384").update(wasm).digest("base64")}`),
    },
    minify: true,
  });
}

function byName() {
  return { path: "hedgerow", external: true };
}

/**
 * Leaves three imports alone, of files that lie beside the importing one. The tools of edge platforms compile hedgerow.wasm. bundleWasm makes embedded.js later, when there is a wasm. And
 * index.js is an entry: if the service worker's entry shared it as a chunk, every page would load one file more.
 */
function apart(build) {
  build.onResolve({ filter: /\/embedded\.js$/ }, () => ({ path: "./embedded.js", external: true, sideEffects: false }));
  build.onResolve({ filter: /^\.\/hedgerow\.wasm/ }, ({ path }) => ({ path, external: true }));
  build.onResolve({ filter: /^\.\/index\.js$/ }, ({ path }) => ({ path, external: true }));
}
