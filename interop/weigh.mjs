// Measures what Go programs weigh in a page: those of weight/, which make the same two calls, each compiled to js/wasm as docs/go.md says.
//
//   node weigh.mjs           prints the table
//   node weigh.mjs --write   also writes it into docs/go.md, between <!-- go-size:begin --> and <!-- go-size:end -->
//   node weigh.mjs --check   fails if a size there differs by more than 2 % from what is measured now; leaves out brotli, which takes minutes

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const TOLERANCE = 0.02;
const interop = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));
const page = fileURLToPath(new URL("../docs/go.md", import.meta.url));
const block = /(<!-- go-size:begin -->\n)[\s\S]*?(<!-- go-size:end -->)/;
const { values: flags } = parseArgs({
  options: { write: { type: "boolean", default: false }, check: { type: "boolean", default: false } },
});

/** What is called in the table, the program, and the tags that it is built with. */
const PROGRAMS = [
  ["the channel alone: bytes in, bytes out", "channel"],
  ["`protocall`, protobuf-go", "protocall"],
  ["`protocall`, vtprotobuf", "vtprotobuf"],
  ["`grpcconn`, `-tags grpcnotrace`", "grpcconn", "grpcnotrace"],
  ["`grpcconn`", "grpcconn"],
  ["for comparison: connect-go over `net/http`", "connect"],
];

const sizes = await measure();
if (flags.check) check();
else {
  const table = tableOf(sizes);
  console.log(table);
  if (flags.write) write(table);
}

/** Builds and slims all programs. Returns [what, { raw, gzip, brotli }] for each row; with --check, without brotli. */
async function measure() {
  const folder = mkdtempSync(join(tmpdir(), "hedgerow-weight-"));
  try {
    const slim = join(folder, "slim");
    execFileSync("go", ["build", "-o", slim, "./jsbridge/slim"], { cwd: root });
    const rows = PROGRAMS.flatMap(([what, program, tags = ""]) => {
      const [full, slimmed] = [join(folder, "full.wasm"), join(folder, "slim.wasm")];
      const args = ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags", tags, "-o", full, `./weight/${program}`];
      execFileSync("go", args, { cwd: interop, env: { ...process.env, GOOS: "js", GOARCH: "wasm" }, stdio: "inherit" });
      execFileSync(slim, ["-o", slimmed, full]);
      return [
        [what, readFileSync(full)],
        [`${what}, slim`, readFileSync(slimmed)],
      ];
    });
    // Compressing is most of the work, so it runs in parallel.
    return await Promise.all(rows.map(async ([what, wasm]) => [what, await weigh(wasm)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function weigh(wasm) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
  };
  const gzipped = await promisify(gzip)(wasm, { level: 9 });
  const brotli = flags.check ? undefined : await promisify(brotliCompress)(wasm, { params });
  return { raw: kb(wasm.length), gzip: kb(gzipped.length), brotli: brotli && kb(brotli.length) };
}

function kb(bytes) {
  return Math.round(bytes / 1000);
}

function tableOf(rows) {
  const lines = rows.map(([what, { raw, gzip, brotli }]) => `| ${[what, ...[raw, gzip, brotli].map(text)].join(" | ")} |`);
  const go = execFileSync("go", ["env", "GOVERSION"]).toString().trim();
  return `| program | raw | gzip -9 | brotli 11 |\n|---|---:|---:|---:|\n${lines.join("\n")}\n\nKB of 1000 bytes, compiled by ${go}.`;
}

function text(number) {
  return number.toLocaleString("en");
}

function write(table) {
  const before = readFileSync(page, "utf8");
  if (!block.test(before)) throw new Error("docs/go.md has no block between <!-- go-size:begin --> and <!-- go-size:end -->");
  writeFileSync(
    page,
    before.replace(block, (_, begin, end) => `${begin}${table}\n${end}`),
  );
}

/** Compares the table of docs/go.md, row by row, with what was measured. */
function check() {
  const table = block.exec(readFileSync(page, "utf8"))?.[0] ?? "";
  const written = new Map(
    [...table.matchAll(/^\| (.+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$/gm)].map(([, what, ...numbers]) => [
      what,
      numbers.map((number) => Number(number.replaceAll(",", ""))),
    ]),
  );
  const wrong = [];
  for (const [what, { raw, gzip }] of sizes) {
    const [oldRaw = 0, oldGzip = 0] = written.get(what) ?? [];
    for (const [kind, is, was] of [
      ["raw", raw, oldRaw],
      ["gzip", gzip, oldGzip],
    ]) {
      if (Math.abs(is - was) > TOLERANCE * is) wrong.push(`${what}: ${text(is)} KB ${kind}, and docs/go.md says ${text(was)}`);
    }
  }
  if (written.size !== sizes.length) wrong.push(`docs/go.md has ${written.size} rows, and there are ${sizes.length} programs`);
  if (wrong.length > 0) {
    console.error(`${wrong.join("\n")}\nIf that is meant to be, run make size-go.`);
    process.exit(1);
  }
  console.log(`docs/go.md says what ${sizes.length} Go programs weigh, within ${TOLERANCE * 100} %`);
}
