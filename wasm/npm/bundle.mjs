// Turns src/ into the JavaScript of the package. build.mjs does it for what is published, and test.mjs for `make try`, which keeps the
// code readable and leaves out everything that takes long.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const { version, peerDependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));

const common = { absWorkingDir: here, format: "esm", target: "es2022", logLevel: "warning" };

/** All entries but the one for tests, and the chunks that they share. Returns esbuild's metafile. */
export async function bundle({ outdir, minify }) {
  const { metafile } = await esbuild.build({
    ...common,
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
    outdir,
    bundle: true,
    // What both entries share is one chunk, so that a program that meets both still has one StatusError class.
    splitting: true,
    // Beside hedgerow.wasm, not in a folder: `new URL("./hedgerow.wasm", import.meta.url)` may end up in any of these files.
    chunkNames: "chunk-[hash]",
    // Neither of Node nor of the browser: only the entry for Node may name a node: module, which build.mjs checks.
    platform: "neutral",
    // The user's own copy of a peer is the one that counts. None may be met by who imports "hedgerow" alone: checked there too.
    external: ["node:*", ...Object.keys(peerDependencies)],
    define: { HEDGEROW_VERSION: JSON.stringify(version) },
    minify,
    sourcemap: true,
    plugins: [{ name: "apart", setup: (build) => build.onResolve({ filter: /^\.\/embedded\.js$/ }, keepApart) }],
    metafile: true,
  });
  return metafile;
}

/**
 * hedgerow/testing takes what it needs of the package by its name, as a user's test does. As one more entry beside the others it would
 * have pages load more files, so that it could share them.
 */
export async function bundleTesting(outdir) {
  await esbuild.build({
    ...common,
    entryPoints: ["src/testing.ts"],
    outdir,
    bundle: true,
    platform: "neutral",
    // Not minified: whoever tests steps into it, and no page loads it.
    sourcemap: true,
    plugins: [{ name: "by-name", setup: (build) => build.onResolve({ filter: /^\.\.?\/index\.js$/ }, byName) }],
  });
}

/** The two modules that hold something of the wasm. Without source maps: there is nothing to see. */
export async function bundleWasm(wasm, outdir) {
  await esbuild.build({
    ...common,
    entryPoints: { embedded: "src/channel/embedded.ts", integrity: "src/integrity.ts" },
    outdir,
    define: {
      HEDGEROW_WASM: JSON.stringify(gzipSync(wasm, { level: 9 }).toString("base64")),
      HEDGEROW_INTEGRITY: JSON.stringify(`sha384-${createHash("sha384").update(wasm).digest("base64")}`),
    },
    minify: true,
  });
}

function byName() {
  return { path: "hedgerow", external: true };
}

/** bundleWasm makes the file, once there is a wasm; it lies where the import says. */
function keepApart({ path }) {
  return { path, external: true, sideEffects: false };
}
