// What a call from Go costs in Chromium over grpcweb/protocall, beside connect-go, both compiled to WebAssembly, in the same run and page. The
// rounds of the two alternate, and a ratio is the median of the rounds' ratios, so that a machine whose speed drifts does no harm.
//
//   node bench/go.mjs [--rounds 15] [--quick] [--only unary,stream,large,real,real-large] [--write]
//
// --quick shows that all of it works, and measures nothing; --only measures some of the rows, and writes nothing; --write puts the table into
// docs/go.md. Chromium is the one that .ci/chromium.sh finds.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { launch } from "./devtools.mjs";
import { serve } from "./server.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const rounds = flags.quick ? 1 : Number(flags.rounds);
const some = (number) => (flags.quick ? Math.ceil(number / 50) : number);
const PROGRAMS = ["protocall", "connect"];

/** `run` calls a function of a program, which calls the server for one of its bodies, or a fetch that answers with that body at once. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script src="/wasm_exec.js"></script>
<script>
  const own = globalThis.fetch;
  const headers = { "content-type": "application/grpc-web+proto" };
  // The chunks are made once, because the clients are what is measured. They are as long as those in which Chromium hands out a body that
  // comes over HTTP/2 faster than it is read: 64 KiB, then the rest.
  const chunks = {};
  async function prepare(which) {
    const body = new Uint8Array(await (await own("/" + which + "/", { method: "POST" })).arrayBuffer());
    chunks[which] = [];
    for (let at = 0; at < body.length; at += 65536) chunks[which].push(body.slice(at, at + 65536));
  }
  const streamOf = (chunks) => new ReadableStream({ start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  } });
  async function run(name, which, times, atOnce) {
    if (atOnce) globalThis.fetch = async () => new Response(streamOf(chunks[which]), { headers });
    try {
      return await globalThis[name](location.origin + "/" + which, "x".repeat(100), times);
    } finally {
      globalThis.fetch = own;
    }
  }
  globalThis.ready = Promise.all(["protocall", "connect"].map(async (program) => {
    const go = new Go();
    const { instance } = await WebAssembly.instantiateStreaming(own("/" + program + ".wasm"), go.importObject);
    void go.run(instance);
  })).then(() => Promise.all(["one", "small", "large"].map(prepare))).then(() => {});
</script>`;

const server = await serve(files(), bodies());
const browser = await launch(process.env.CHROMIUM ?? shell(join(root, ".ci/chromium.sh")), server.spki);
const rows = [];
try {
  const page = await browser.open(`${server.origin}/go.html`);
  // Where the fetch answers at once, because the browser's own costs more than either program and would hide the difference.
  await compare(page, "unary", "a unary call of 100 bytes each way", "µs of CPU", cpu("Go", "one", some(1000), 1, true));
  await compare(
    page,
    "stream",
    "a message of 100 bytes in a stream of 1,000",
    "µs of CPU",
    cpu("GoStream", "small", some(50), 1000, true),
  );
  await compare(page, "large", "messages of 256 KiB in a stream", "MB in a second of CPU", rate(some(3), true));
  await compare(page, "real", "a unary call to a server, over HTTP/2", "µs of CPU", cpu("Go", "one", some(200), 1));
  await compare(page, "real-large", "messages of 256 KiB in a stream, over HTTP/2", "MB in a second", rate(some(4)));
} finally {
  await browser.close();
  server.close();
}
const table = `| | | protocall | connect-go | ratio |\n|---|---|---:|---:|---:|\n${rows.join("\n")}`;
const text = `${table}\n\n${browser.product}, ${shell("go", "env", "GOVERSION")}, ${rounds} rounds; CPU is that of the page's main thread.`;
console.log(text);
if (flags.write && !flags.quick && !flags.only) write(text);

/** The CPU of the main thread, in microseconds, for each of so many units. */
function cpu(kind, which, times, units, atOnce = false) {
  return async (page, program) => (await spend(page, program + kind, which, times, atOnce)).cpu / (times * units);
}

/** Megabytes in a second of the main thread's CPU, where the fetch answers at once, and else in a second. */
function rate(streams, atOnce = false) {
  return async (page, program) => {
    const { cpu, time, result } = await spend(page, `${program}GoStream`, "large", streams, atOnce);
    return result / (atOnce ? cpu : time);
  };
}

/** What a function costs, in microseconds, and what it returns. */
async function spend(page, name, which, times, atOnce) {
  const before = await page.metrics();
  const begun = performance.now();
  const result = await page.evaluate(`run("${name}", "${which}", ${times}, ${atOnce})`);
  const time = (performance.now() - begun) * 1000;
  return { cpu: ((await page.metrics()).cpu - before.cpu) * 1e6, time, result };
}

/** One round warms up, and is not counted. */
async function compare(page, name, what, unit, measure) {
  if (flags.only && !flags.only.split(",").includes(name)) return;
  const measured = new Map(PROGRAMS.map((program) => [program, []]));
  for (const program of PROGRAMS) await measure(page, program);
  for (let round = 0; round < rounds; round++) {
    for (const program of PROGRAMS) measured.get(program).push(await measure(page, program));
  }
  const [own, other] = PROGRAMS.map((program) => measured.get(program));
  const ratio = median(own.map((value, round) => value / other[round]));
  rows.push(`| ${[what, unit, figure(median(own)), figure(median(other)), ratio.toFixed(2)].join(" | ")} |`);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function figure(value) {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function shell(...command) {
  return execFileSync(command[0], command.slice(1)).toString().trim();
}

function write(text) {
  const file = join(root, "docs/go.md");
  const before = readFileSync(file, "utf8");
  const block = /(<!-- go-cost:begin -->\n)[\s\S]*?(<!-- go-cost:end -->)/;
  if (!block.test(before)) throw new Error("docs/go.md has no block between <!-- go-cost:begin --> and <!-- go-cost:end -->");
  writeFileSync(
    file,
    before.replace(block, (_, begin, end) => `${begin}${text}\n${end}`),
  );
}

function files() {
  mkdirSync(join(root, "build"), { recursive: true });
  const served = {
    "/wasm_exec.js": packed("text/javascript", readFileSync(join(shell("go", "env", "GOROOT"), "lib/wasm/wasm_exec.js"))),
    "/go.html": packed("text/html", Buffer.from(PAGE)),
  };
  for (const program of PROGRAMS) {
    const output = join(root, `build/${program}-go.wasm`);
    execFileSync("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", output, `./cmd/${program}-wasm`], {
      cwd: join(root, "interop"),
      env: { ...process.env, GOOS: "js", GOARCH: "wasm" },
      stdio: "inherit",
    });
    served[`/${program}.wasm`] = packed("application/wasm", readFileSync(output));
  }
  return served;
}

function packed(type, body) {
  return { type, body: brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }) };
}

function frame(flags, payload) {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
}

/** What the server answers, by the first part of a call's path: a StringValue, 1,000 of them, or 64 large ones. */
function bodies() {
  const text = (length, size) => Buffer.concat([Buffer.from([10, ...length]), Buffer.alloc(size, "x")]);
  const trailers = frame(0x80, Buffer.from("grpc-status: 0\r\n"));
  const small = frame(0, text([100], 100));
  const large = frame(0, text([0x80, 0x80, 0x10], 256 << 10));
  return {
    one: Buffer.concat([small, trailers]),
    small: Buffer.concat([...Array(1000).fill(small), trailers]),
    large: Buffer.concat([...Array(64).fill(large), trailers]),
  };
}
