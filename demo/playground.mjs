// Builds the demo page as static files whose server is a service worker, into a folder that any static host can serve, under any path.
//
//   node demo/playground.mjs FOLDER      after make build-demo

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const demo = fileURLToPath(new URL(".", import.meta.url));
const npm = new URL("../wasm/npm/", import.meta.url);
const esbuild = createRequire(new URL("package.json", npm))("esbuild");

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: playground.mjs FOLDER");

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
for (const name of ["icon.svg", "page", "model", "run", "draw", "dist"]) {
  await cp(join(demo, name), join(folder, name), { recursive: true, filter: (path) => !path.endsWith(".gitkeep") });
}

/** Static hosts can rarely be told to send a policy, so the page brings its own. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'";

const page = await readFile(join(demo, "index.html"), "utf8");
const [html, charset] = ['<html lang="en">', '<meta charset="utf-8">'];
/** Links to pages that need the real server. */
const elsewhere = /<span class="with-server">.*?<\/span>/;
if (!page.includes(html) || !page.includes(charset) || !elsewhere.test(page))
  throw new Error("index.html does not begin as expected");
await writeFile(
  join(folder, "index.html"),
  page
    .replace(html, '<html lang="en" data-server="service-worker">')
    .replace(elsewhere, "")
    .replace(charset, `${charset}\n<meta http-equiv="Content-Security-Policy" content="${policy}">`),
);

// A classic script, because not every browser has service workers that are modules.
await esbuild.build({
  entryPoints: [join(demo, "playground/server.js")],
  outfile: join(folder, "server.js"),
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: true,
  logLevel: "warning",
  // hedgerow/testing imports the package for its codes and errors. The WebAssembly, whose address it would need import.meta for, is not used.
  logOverride: { "empty-import-meta": "silent" },
  alias: {
    "hedgerow/testing": fileURLToPath(new URL("dist/testing.js", npm)),
    hedgerow: fileURLToPath(new URL("dist/index.js", npm)),
  },
});
