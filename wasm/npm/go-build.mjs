// Preloaded by test.mjs (`node --import`): whoever reads the package's hedgerow.wasm gets the one that Go's own compiler makes.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";

const read = fs.readFile;
const own = fileURLToPath(new URL("dist/hedgerow.wasm", import.meta.url));
const byGo = fileURLToPath(new URL("dist-debug/hedgerow.debug.wasm", import.meta.url));
fs.readFile = (file, ...options) => read(file === own ? byGo : file, ...options);
syncBuiltinESMExports();
