// Runs the Go client under Node: node node.mjs PROGRAM. Node's own fetch neither accepts self-signed certificates nor speaks HTTP/2, so it
// is replaced here by undici's, which can do both.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const { Agent, fetch } = createRequire(new URL("../../wasm/npm/package.json", import.meta.url))("undici");

// The reference servers make their own certificates, and negotiate the version of HTTP by ALPN.
const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false } });
globalThis.fetch = (url, init) => fetch(url, { ...init, dispatcher });

const goroot = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
// Go's loader refuses more than 8 KiB of arguments and environment together.
process.env = {};
createRequire(import.meta.url)(join(goroot, "lib", "wasm", "wasm_exec_node.js"));
