// Says what the built package weighs for a page: dist/hedgerow.wasm and the JavaScript that `import "hedgerow"` loads in a browser.
// What is imported only once an option asks for it stands in rows of its own, and in no sum.
//
//   node size.mjs           prints the table
//   node size.mjs --write   and puts it into README.md, here and at the root, between <!-- size:begin --> and <!-- size:end -->
//   node size.mjs --check   and fails if a part is more than 1 % over its budget
//
// TinyGo's build is what is published: where Go's own compiler served instead, nothing is written or checked.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { compilerOf } from "./wasm.mjs";

// What was measured last, in bytes. A change that weighs more raises it, by what --check prints, with a line in CHANGELOG.md.
const budget = {
  wasm: { raw: 112_069, gzip: 52_191, brotli: 44_908 },
  javascript: { raw: 43_610, gzip: 17_296, brotli: 15_488 },
};

const here = fileURLToPath(new URL(".", import.meta.url));
const readmes = ["../../README.md", "README.md"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
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
].join("\n");
const compiler = compilerOf(readFileSync(join(here, "dist/hedgerow.wasm")));
const report = `${table}\n\nKB of 1000 bytes, compiled by ${compiler === "Go" ? "Go's own compiler" : "TinyGo"}.`;

console.log(report);
if (compiler === "Go" && (flags.write || flags.check)) console.log("skipped: built by Go");
else {
  if (flags.write) for (const readme of readmes) write(readme, report);
  if (flags.check) check();
}

/**
 * The files a browser fetches before the importing module runs: the entry and what it imports statically, each counted once. And for
 * each import() among them the files that it adds.
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
    ignoreAnnotations: true, // or an import for its effects alone, which a browser fetches all the same, would be left out
  });
  const importedBy = (files, kind) =>
    files.flatMap((file) => metafile.inputs[file].imports.filter((one) => one.kind === kind).map(({ path }) => path));
  const closure = (file) => {
    const files = new Set([file]);
    for (const one of files) for (const path of importedBy([one], "import-statement")) files.add(path); // it grows as it is walked
    return [...files];
  };
  const scripts = closure(entry);
  const later = [...new Set(importedBy(scripts, "dynamic-import"))].map((file) => ({
    name: nameOf(closure(file)),
    files: closure(file).filter((one) => !scripts.includes(one)),
  }));
  return { scripts, later: later.sort((a, b) => a.name.localeCompare(b.name)) };
}

/** A chunk's own name is a hash: what it was made of says more. One that only passes on others' exports was made of nothing. */
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
    // The largest window that browsers accept, and what the brotli command takes by itself.
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
    throw new Error(`${readme} has no block between <!-- size:begin --> and <!-- size:end --> for the sizes to go into`);
  }
  const after = before.replace(block, (_, begin, end) => `${begin}${text}\n${end}`);
  if (after !== before) writeFileSync(readme, after);
}

function check() {
  for (const [part, weight] of Object.entries({ wasm, javascript })) {
    const over = Object.keys(weight).filter((form) => weight[form] > 1.01 * budget[part][form]);
    if (over.length === 0) continue;
    console.error(
      `${part} is over its budget (${over.join(", ")}): ${JSON.stringify(budget[part])}; it weighs ${JSON.stringify(weight)}`,
    );
    process.exitCode = 1;
  }
}
