// Measures what a page downloads of the built package: dist/hedgerow.wasm, and the JavaScript that `import "hedgerow"` loads in a browser.
// What is imported only when an option asks for it has rows of its own, and is not in the sum.
//
//   node size.mjs           prints the table
//   node size.mjs --write   also writes it into README.md, and its sums into the README.md at the root, between <!-- size:begin --> and
//                           <!-- size:end -->
//   node size.mjs --check   also fails if a part is more than 1 % over its budget
//
// The published package is compiled by TinyGo. If Go's own compiler was used instead, nothing is written or checked.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { compilerOf } from "./wasm.mjs";

// The sizes in bytes, as they were measured last. A change that needs more raises them to what --check prints, with a line in
// CHANGELOG.md.
const budget = {
  wasm: { raw: 115_207, gzip: 56_050, brotli: 47_586 },
  javascript: { raw: 52_852, gzip: 19_650, brotli: 17_676 },
};

const here = fileURLToPath(new URL(".", import.meta.url));
const [frontPage, readme] = ["../../README.md", "README.md"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const { values: flags } = parseArgs({
  options: { write: { type: "boolean", default: false }, check: { type: "boolean", default: false } },
});

const { scripts, later } = await imports("dist/index.js");
const wasm = weigh(["dist/hedgerow.wasm"]);
const javascript = weigh(scripts);
const table = [
  "| what a page loads | raw | gzip -9 | brotli 11 |",
  "|---|---:|---:|---:|",
  row("`hedgerow.wasm`", wasm),
  row(`JavaScript (${scripts.length === 1 ? "one file" : `${scripts.length} files`})`, javascript),
  row("together", add(wasm, javascript)),
  ...later.map((part) => row(`only where it is used: ${part.name}`, weigh(part.files))),
  row("only where it is imported: `hedgerow/inspector`", weigh(["dist/inspector.js"])),
].join("\n");
const compiler = compilerOf(readFileSync(join(here, "dist/hedgerow.wasm")));
const report = `${table}\n\nKB of 1000 bytes, compiled by ${compiler === "Go" ? "Go's own compiler" : "TinyGo"}.`;

console.log(report);
if (compiler === "Go" && (flags.write || flags.check))
  console.log("skipped, because hedgerow.wasm was compiled by Go's own compiler, not by TinyGo");
else {
  if (flags.write) {
    write(readme, report);
    write(
      frontPage,
      `A page loads ${kb(add(wasm, javascript).brotli)} after brotli: ${kb(wasm.brotli)} of WebAssembly and ${kb(javascript.brotli)} of JavaScript.`,
    );
  }
  if (flags.check) check();
}

/**
 * Returns the files that a browser fetches before the importing module runs: the entry and its static imports, each counted once. Also
 * returns, for each import() in them, the files that it adds.
 */
async function imports(entry) {
  const { metafile } = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    outdir: "unused",
    // Without this, esbuild would leave out imports that only have side effects, which a browser fetches all the same.
    ignoreAnnotations: true,
  });
  const importedBy = (files, kind) =>
    files.flatMap((file) => metafile.inputs[file].imports.filter((one) => one.kind === kind).map(({ path }) => path));
  const closure = (file) => {
    const files = new Set([file]);
    for (const one of files) for (const path of importedBy([one], "import-statement")) files.add(path); // The loop reaches what it adds.
    return [...files];
  };
  const scripts = closure(entry);
  const later = [...new Set(importedBy(scripts, "dynamic-import"))].map((file) => ({
    name: nameOf(closure(file)),
    files: closure(file).filter((one) => !scripts.includes(one)),
  }));
  return { scripts, later: later.sort((a, b) => a.name.localeCompare(b.name)) };
}

/** Names a chunk, whose file name is only a hash, after its last source. A chunk that only re-exports has no sources, and is passed over. */
function nameOf(files) {
  const sources = files.map((file) => JSON.parse(readFileSync(join(here, `${file}.map`), "utf8")).sources.at(-1));
  return basename(
    sources.find((source) => source),
    ".ts",
  );
}

function weigh(files) {
  return files.map((file) => weighOne(readFileSync(join(here, file)))).reduce(add);
}

function weighOne(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    // This is the largest window that browsers accept, and the brotli command's default.
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes, { params }).length };
}

function add(a, b) {
  return { raw: a.raw + b.raw, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli };
}

function row(name, { raw, gzip, brotli }) {
  return `| ${[name, kb(raw), kb(gzip), kb(brotli)].join(" | ")} |`;
}

function kb(bytes) {
  return `${(bytes / 1000).toFixed(bytes < 100_000 ? 1 : 0)} KB`;
}

function write(readme, text) {
  const before = readFileSync(readme, "utf8");
  const block = /(<!-- size:begin -->\n)[\s\S]*?(<!-- size:end -->)/;
  if (!block.test(before)) {
    throw new Error(
      `${readme} lacks the comments <!-- size:begin --> and <!-- size:end -->, between which the sizes are written`,
    );
  }
  const after = before.replace(block, (_, begin, end) => `${begin}${text}\n${end}`);
  if (after !== before) writeFileSync(readme, after);
}

function check() {
  for (const [part, weight] of Object.entries({ wasm, javascript })) {
    const over = Object.keys(weight).filter((form) => weight[form] > 1.01 * budget[part][form]);
    if (over.length === 0) continue;
    console.error(
      `${part} is over its budget (${over.join(", ")}): the budget is ${JSON.stringify(budget[part])}, the size ${JSON.stringify(weight)}`,
    );
    process.exitCode = 1;
  }
}
