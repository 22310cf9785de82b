// What a call from Go costs in Chromium over grpcweb/protocall, beside connect-go, both compiled to WebAssembly, in the same run and page. The
// rounds of the two alternate, and a ratio is the median of the rounds' ratios, so that a machine whose speed drifts does no harm.
//
//   node bench/go.mjs [--rounds 15] [--quick] [--only unary,stream,real,large] [--write]
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

/** `run` calls a function of a program, with a fetch that answers at once where there is one of that name, else over the server. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script src="/wasm_exec.js"></script>
<script>
  const reply = new Uint8Array([0, 0, 0, 0, 102, 10, 100, ...new Array(100).fill(120)]);
  const trailers = new Uint8Array([128, 0, 0, 0, 16, ...new TextEncoder().encode("grpc-status: 0\\r\\n")]);
  const bodyOf = (count) => {
    const body = new Uint8Array(count * reply.length + trailers.length);
    for (let i = 0; i < count; i++) body.set(reply, i * reply.length);
    body.set(trailers, count * reply.length);
    return body;
  };
  // The chunks are made once, because the clients are what is measured. They are as long as those in which Chromium hands out a body of this
  // length that comes over HTTP/2: 64 KiB, then the rest.
  const split = (body) => {
    const chunks = [];
    for (let at = 0; at < body.length; at += 65536) chunks.push(body.slice(at, at + 65536));
    return chunks;
  };
  const chunks = { unary: split(bodyOf(1)), stream: split(bodyOf(1000)) };
  const streamOf = (chunks) => new ReadableStream({ start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  } });
  const headers = { "content-type": "application/grpc-web+proto" };
  const own = globalThis.fetch;
  async function run(name, where, times) {
    const made = chunks[where];
    if (made) globalThis.fetch = async () => new Response(streamOf(made), { headers });
    try {
      return await globalThis[name](made ? "https://bench.test" : location.origin + "/" + where, "x".repeat(100), times);
    } finally {
      globalThis.fetch = own;
    }
  }
  globalThis.ready = Promise.all(["protocall", "connect"].map(async (program) => {
    const go = new Go();
    const { instance } = await WebAssembly.instantiateStreaming(own("/" + program + ".wasm"), go.importObject);
    void go.run(instance);
  })).then(() => {});
</script>`;

const server = await serve(files(), bodies());
const browser = await launch(process.env.CHROMIUM ?? shell(join(root, ".ci/chromium.sh")), server.spki);
const rows = [];
try {
  const page = await browser.open(`${server.origin}/go.html`);
  // The fetch of these answers at once, because the browser's own costs more than either program, and would hide the difference.
  await compare(page, "unary", "a unary call of 100 bytes each way", "µs of CPU", cpu("", "unary", some(1000), 1));
  await compare(
    page,
    "stream",
    "a message of 100 bytes in a stream of 1,000",
    "µs of CPU",
    cpu("Stream", "stream", some(50), 1000),
  );
  await compare(page, "real", "a unary call to a server, over HTTP/2", "µs of CPU", cpu("", "real", some(200), 1));
  await compare(page, "large", "messages of 256 KiB in a stream, over HTTP/2", "MB/s", rate(some(4)));
} finally {
  await browser.close();
  server.close();
}
const table = `| | | protocall | connect-go | ratio |\n|---|---|---:|---:|---:|\n${rows.join("\n")}`;
const text = `${table}\n\n${browser.product}, ${shell("go", "env", "GOVERSION")}, ${rounds} rounds; CPU is that of the page's main thread.`;
console.log(text);
if (flags.write && !flags.quick && !flags.only) write(text);

/** Measures the CPU of the main thread for each of so many units. */
function cpu(kind, where, times, units) {
  return async (page, program) => {
    const before = await page.metrics();
    await page.evaluate(`run("${program}Go${kind}", "${where}", ${times})`);
    const after = await page.metrics();
    return ((after.cpu - before.cpu) * 1e6) / (times * units);
  };
}

function rate(streams) {
  return (page, program) =>
    page.evaluate(`(async () => {
      const begun = performance.now();
      const bytes = await run("${program}GoStream", "large", ${streams});
      return bytes / 1000 / (performance.now() - begun);
    })()`);
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

/** What the server answers, by the first part of a call's path: a StringValue, or 64 large ones. */
function bodies() {
  const text = (length, size) => Buffer.concat([Buffer.from([10, ...length]), Buffer.alloc(size, "x")]);
  const trailers = frame(0x80, Buffer.from("grpc-status: 0\r\n"));
  const large = frame(0, text([0x80, 0x80, 0x10], 256 << 10));
  return {
    real: Buffer.concat([frame(0, text([100], 100)), trailers]),
    large: Buffer.concat([...Array(64).fill(large), trailers]),
  };
}
