// What Hedgerow costs in Chromium, beside connect-web, protobuf-ts, raw fetch, and connect-go compiled to WebAssembly, in the same run. Rounds
// of all clients alternate, and a ratio is the median of the rounds' ratios, so that a machine whose speed drifts does no harm. CPU is that
// of the page's main thread, as Chromium counts it.
//
//   node bench/chromium.mjs [--rounds 9] [--only unary,real] [--quick] [--write]
//
// --quick shows that all of it works, and measures nothing; --write puts the tables into BENCHMARKS.md. Chromium is the one that
// .ci/chromium.sh finds.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { compilerOf } from "../wasm.mjs";
import { PAGES } from "./cold.mjs";
import { launch } from "./devtools.mjs";
import { serve } from "./server.mjs";

const npm = fileURLToPath(new URL("..", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    only: { type: "string", default: "unary,deadline,real,stream,large,flight,cold,slow" },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const rounds = flags.quick ? 1 : Number(flags.rounds);
const some = (number) => (flags.quick ? Math.ceil(number / 100) : number);

const NAMES = {
  hedgerow: "hedgerow",
  hedgerowBytes: "hedgerow, without a codec",
  connect: "connect-web",
  protobufTs: "protobuf-ts",
  raw: "raw fetch",
  rawWithAll: "raw fetch with a signal, all headers and a reader",
  connectGo: "connect-go in WebAssembly",
};

const { files, weights } = await filesOf();
const server = await serve(files, bodies());
const browser = await launch(process.env.CHROMIUM ?? shell(join(root, ".ci/chromium.sh")), server.spki);
const report = [];
try {
  await measure();
} finally {
  await browser.close();
  server.close();
}
const [one] = cpus();
const conditions = [
  `${new Date().toISOString().slice(0, 10)}, ${browser.product}, Node ${process.version}, ${shell("go", "version").split(" ")[2]}`,
  `hedgerow.wasm by ${compilerOf(readFileSync(join(npm, "dist/hedgerow.wasm"))) === "Go" ? "Go's own compiler" : "TinyGo"}`,
  `connect-web ${versionOf("@connectrpc/connect-web")}, protobuf-ts ${versionOf("@protobuf-ts/grpcweb-transport")}`,
  `${cpus().length} × ${one?.model.trim()} (${arch()}), load ${loadavg()[0].toFixed(1)}`,
  `${rounds} rounds`,
].join("; ");
const text = [`${conditions}.`, ...report].join("\n\n");
console.log(`\n${text}`);
if (flags.write && !flags.quick) write(text);

async function measure() {
  const wanted = new Set(flags.only.split(","));
  const page = await browser.open(`${server.origin}/bench.html`);
  const all = ["hedgerow", "hedgerowBytes", "connect", "protobufTs", "raw", "connectGo"];
  if (wanted.has("unary"))
    await unary(page, "A unary call of 100 bytes each way, over a fetch that answers at once", "unary", all, some(3000));
  if (wanted.has("deadline")) {
    const clients = ["hedgerow", "hedgerowBytes", "connect", "protobufTs"];
    await unary(page, "The same with a deadline", "unary", clients, some(3000), 60_000);
  }
  if (wanted.has("real")) {
    const clients = ["hedgerow", "connect", "protobufTs", "raw", "rawWithAll", "connectGo"];
    await unary(page, "A unary call to a server, over HTTP/2", "real", clients, some(300), undefined, "raw");
  }
  if (wanted.has("stream")) await streams(page);
  if (wanted.has("large")) await largeMessages(page);
  await page.close();
  if (wanted.has("flight")) await flight();
  if (wanted.has("cold")) await cold("The first call of a page that has nothing in its cache", undefined);
  if (wanted.has("slow"))
    await cold("The same at 10 Mbit/s, 40 ms there and back", {
      downloadThroughput: 1.25e6,
      uploadThroughput: 1.25e6,
      latency: 40,
    });
}

/** CPU of the main thread for each unit of work, in µs. */
async function cpu(page, expression, units) {
  const before = await page.metrics();
  await page.evaluate(`(async () => { await ${expression}; })()`);
  const after = await page.metrics();
  return ((after.cpu - before.cpu) * 1e6) / units;
}

async function unary(page, title, where, clients, calls, timeoutMs, reference = "connect") {
  const work = (client, n) => `bench.unary.${client}(${JSON.stringify(where)}, ${n}, ${timeoutMs})`;
  const measured = await alternate(
    clients,
    (client) => cpu(page, work(client, calls), calls),
    (client) => page.evaluate(work(client, calls)),
  );
  table(title, "µs of main-thread CPU a call", measured, reference);
}

async function streams(page) {
  const count = some(20);
  const work = (client) => `bench.stream.${client}("stream", ${count})`;
  const measure = (client) => cpu(page, work(client), 1000 * count);
  const measured = await alternate(["hedgerow", "connect", "protobufTs"], measure, (client) => page.evaluate(work(client)));
  table(
    "A message of 100 bytes in a server stream of 1,000, over a fetch that answers at once",
    "µs of main-thread CPU a message",
    measured,
    "connect",
  );
}

async function largeMessages(page) {
  const work = (client) => page.evaluate(`bench.large.${client}(${some(10)})`);
  table(
    "Messages of 256 KiB in a server stream, over HTTP/2",
    "MB/s",
    await alternate(["hedgerow", "raw", "connect"], work, work),
    "raw",
  );
}

/** 5,000 calls at once: what the page's memory comes to while they are under way, and what CPU it takes to begin and to end them. */
async function flight() {
  const calls = some(5000);
  const rows = [];
  for (const client of ["hedgerow", "connect", "protobufTs"]) {
    const page = await browser.open(`${server.origin}/bench.html`);
    await page.evaluate(`bench.unary.${client}("unary", 100)`);
    await page.evaluate("gc()");
    const before = await page.metrics();
    const wasm = await page.evaluate(`bench.flight.begin("${client}", ${calls})`);
    const during = await page.metrics();
    await page.evaluate("bench.flight.end()");
    const after = await page.metrics();
    await page.close();
    const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1);
    const us = (((after.cpu - before.cpu) * 1e6) / calls).toFixed(0);
    rows.push(`| ${[NAMES[client], megabytes(during.heap - before.heap), megabytes(wasm), us].join(" | ")} |`);
  }
  report.push(
    `**${calls.toLocaleString("en")} unary calls in flight**\n\n` +
      `| | MiB of JavaScript's heap for them | MiB of WebAssembly memory | µs of main-thread CPU a call |\n|---|---:|---:|---:|\n${rows.join("\n")}`,
  );
}

/** Each round opens the page anew, in a context of its own. */
async function cold(title, network) {
  const rows = [];
  const results = new Map(Object.keys(PAGES).map((name) => [name, []]));
  for (let round = 0; round < Math.min(rounds, 7); round++) {
    for (const name of results.keys()) results.get(name).push(await coldStart(name, network));
  }
  for (const [name, starts] of results) {
    const of = (field) => median(starts.map((start) => start[field]));
    const longest = of("longest");
    rows.push(
      `| ${[name, kb(weights[name]), of("call").toFixed(0), (of("cpu") * 1000).toFixed(0), longest < 50 ? "< 50" : longest.toFixed(0)].join(" | ")} |`,
    );
  }
  report.push(
    `**${title}**\n\n| | KB after brotli | ms to the answer | ms of main-thread CPU | longest task, ms |\n|---|---:|---:|---:|---:|\n${rows.join("\n")}`,
  );
}

async function coldStart(name, network) {
  const page = await browser.open();
  if (network) {
    await page.send("Network.enable");
    await page.send("Network.emulateNetworkConditions", { offline: false, ...network });
  }
  const { call, longest } = await page.goto(`${server.origin}/cold/${name}.html`);
  const { cpu } = await page.metrics();
  await page.close();
  return { call, longest, cpu };
}

/** One round warms up, and is not counted. */
async function alternate(clients, measure, warm) {
  const measured = new Map(clients.map((client) => [client, []]));
  if (!flags.quick) for (const client of clients) await warm(client);
  for (let round = 0; round < rounds; round++) {
    for (const client of clients) measured.get(client).push(await measure(client));
  }
  return measured;
}

function table(title, unit, measured, reference) {
  const rows = [...measured].map(([client, values]) => {
    const ratio = median(values.map((value, round) => value / measured.get(reference)[round]));
    return `| ${NAMES[client]} | ${figure(median(values))} | ${ratio.toFixed(2)} |`;
  });
  report.push(`**${title}**\n\n| | ${unit} | of ${NAMES[reference]} |\n|---|---:|---:|\n${rows.join("\n")}`);
}

function figure(value) {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function kb(bytes) {
  return (bytes / 1000).toFixed(1);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function shell(...command) {
  return execFileSync(command[0], command.slice(1)).toString().trim();
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(npm, "node_modules", name, "package.json"), "utf8")).version;
}

function write(text) {
  const file = join(root, "BENCHMARKS.md");
  const before = readFileSync(file, "utf8");
  const block = /(<!-- bench:begin -->\n)[\s\S]*?(<!-- bench:end -->)/;
  if (!block.test(before)) throw new Error("BENCHMARKS.md has no block between <!-- bench:begin --> and <!-- bench:end -->");
  writeFileSync(
    file,
    before.replace(block, (_, begin, end) => `${begin}${text}\n${end}`),
  );
}

/** What the server serves, and what of it each of the pages for the cold start loads, in bytes after brotli. */
async function filesOf() {
  const connectGo = join(root, "build/connect-go.wasm");
  mkdirSync(join(root, "build"), { recursive: true });
  execFileSync("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", connectGo, "./cmd/connect-wasm"], {
    cwd: join(root, "interop"),
    env: { ...process.env, GOOS: "js", GOARCH: "wasm" },
    stdio: "inherit",
  });
  const wasmExec = join(shell("go", "env", "GOROOT"), "lib/wasm/wasm_exec.js");
  const files = {
    "/bench.html": html("/bench.js"),
    "/bench.js": script(await bundle({ entryPoints: [join(npm, "bench/page.mjs")] })),
    "/connect-go.wasm": { type: "application/wasm", body: brotli(readFileSync(connectGo)) },
    "/wasm_exec.js": script(readFileSync(wasmExec)),
  };
  for (const name of readdirSync(join(npm, "dist"))) {
    if (name.endsWith(".js")) files[`/package/${name}`] = script(readFileSync(join(npm, "dist", name)));
  }
  files["/package/hedgerow.wasm"] = { type: "application/wasm", body: brotli(readFileSync(join(npm, "dist/hedgerow.wasm"))) };
  const weights = {};
  for (const [name, code] of Object.entries(PAGES)) {
    const own = await bundle({ stdin: { contents: code, resolveDir: npm, sourcefile: `${name}.js` } });
    files[`/cold/${name}.js`] = script(own);
    files[`/cold/${name}.html`] = html(`/cold/${name}.js`);
    weights[name] = files[`/cold/${name}.js`].body.length;
  }
  const packaged = (...names) => names.reduce((sum, name) => sum + files[`/package/${name}`].body.length, 0);
  weights.hedgerow += packaged("hedgerow.wasm", ...imported("index.js"));
  weights["hedgerow.min.js"] += packaged("hedgerow.min.js");
  weights["connect-go"] += files["/connect-go.wasm"].body.length + files["/wasm_exec.js"].body.length;
  return { files, weights };
}

/** The files of the package that one of them imports, itself among them. */
function imported(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const code = readFileSync(join(npm, "dist", name), "utf8");
  for (const [, next] of code.matchAll(/(?:from|import)\s?"\.\/([\w-]+\.js)"/g)) imported(next, seen);
  return seen;
}

/** The package stays as it was built: imports of it lead to /package/. */
async function bundle(entry) {
  const { outputFiles } = await build({
    ...entry,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    write: false,
    plugins: [
      {
        name: "as-built",
        setup(build) {
          build.onResolve({ filter: /^hedgerow$/ }, () => ({ path: "/package/index.js", external: true }));
          build.onResolve({ filter: /^\// }, ({ path, kind }) => (kind === "entry-point" ? undefined : { path, external: true }));
        },
      },
    ],
  });
  return Buffer.from(outputFiles[0].contents);
}

function script(body) {
  return { type: "text/javascript", body: brotli(body) };
}

/** As a good host packs what it serves. Where nothing is measured, less good, for connect-go's 15 MB take a minute of CPU. */
function brotli(body) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: flags.quick ? 4 : 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
  };
  return brotliCompressSync(body, { params });
}

/**
 * A page that runs a script, and watches from its beginning what is instantiated, how long tasks are, and when the script has come to its end:
 * the script of a page for the cold start has made its call then.
 */
function html(src) {
  const body = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script>
  globalThis.instances = [];
  let longest = 0;
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) longest = Math.max(longest, duration); }).observe({ type: "longtask", buffered: true });
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(Real, args) { const made = new Real(...args); instances.push(made); return made; },
  });
  globalThis.ready = new Promise((resolve, reject) => {
    globalThis.done = () => { const call = performance.now(); setTimeout(() => resolve({ call, longest }), 100); };
    addEventListener("error", ({ message }) => reject(new Error(message)));
    addEventListener("unhandledrejection", ({ reason }) => reject(reason));
  });
</script>
<script type="module">
  import ${JSON.stringify(src)};
  done();
</script>`;
  return { type: "text/html", body: brotli(Buffer.from(body)) };
}

/** What the server answers, by the first part of a call's path. */
function bodies() {
  const text = (size) => {
    const length = [];
    for (let n = size; ; n >>>= 7) {
      length.push(n > 127 ? (n & 127) | 128 : n);
      if (n <= 127) break;
    }
    return Buffer.concat([Buffer.from([10, ...length]), Buffer.alloc(size, "x")]); // HelloReply.message
  };
  const frame = (flags, payload) => {
    const prefix = Buffer.alloc(5);
    prefix[0] = flags;
    prefix.writeUInt32BE(payload.length, 1);
    return Buffer.concat([prefix, payload]);
  };
  const trailers = frame(0x80, Buffer.from("grpc-status: 0\r\n"));
  const unary = Buffer.concat([frame(0, text(100)), trailers]);
  return {
    unary,
    real: unary,
    large: Buffer.concat([...Array.from({ length: 64 }, () => frame(0, text(256 << 10))), trailers]),
  };
}
