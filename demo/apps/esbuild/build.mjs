import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

await esbuild.build({
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  define: { API_URL: JSON.stringify(process.env.API_URL ?? "http://localhost:8080") },
});

// The scripts load the WebAssembly from a URL relative to their own. esbuild does not copy the file, so it is copied here.
await copyFile(fileURLToPath(import.meta.resolve("hedgerow/hedgerow.wasm")), "dist/hedgerow.wasm");
await copyFile("src/index.html", "dist/index.html");
