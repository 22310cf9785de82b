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

// esbuild leaves the WebAssembly's URL as it is, relative to the script that loads it, and copies nothing.
await copyFile(fileURLToPath(import.meta.resolve("hedgerow/hedgerow.wasm")), "dist/hedgerow.wasm");
await copyFile("src/index.html", "dist/index.html");
