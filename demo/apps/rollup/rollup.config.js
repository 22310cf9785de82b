import { copyFile, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";

export default {
  input: "../page/main.js",
  output: { dir: "dist", format: "es" },
  plugins: [nodeResolve(), { name: "copy", writeBundle: copy }],
};

async function copy() {
  // The scripts load the WebAssembly from a URL relative to their own. Rollup does not copy the file, so it is copied here.
  await copyFile(fileURLToPath(import.meta.resolve("hedgerow/hedgerow.wasm")), "dist/hedgerow.wasm");
  const page = await readFile("../page/form.html", "utf8");
  await writeFile("dist/index.html", page.replace("</body>", '  <script type="module" src="main.js"></script>\n  </body>'));
}
