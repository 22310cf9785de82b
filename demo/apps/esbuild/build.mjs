import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const options = {
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  define: { API_URL: JSON.stringify(process.env.API_URL ?? "http://localhost:8080") },
};

// The scripts load the WebAssembly from a URL relative to their own. esbuild does not copy the file, so it is copied here.
await mkdir("dist", { recursive: true });
await copyFile(fileURLToPath(import.meta.resolve("hedgerow/hedgerow.wasm")), "dist/hedgerow.wasm");
await copyFile("src/index.html", "dist/index.html");

if (process.argv.includes("--serve")) {
  // The development server builds the scripts anew for each request, and reads the other files from dist.
  const context = await esbuild.context(options);
  const { port } = await context.serve({ servedir: "dist", port: Number(process.env.PORT ?? 8000) });
  console.log(`listening on http://localhost:${port}`);
} else await esbuild.build(options);
