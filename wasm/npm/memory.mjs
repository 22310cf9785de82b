// Prints what the WebAssembly's memory comes to over very many calls, for both compilers' builds: a unary call over a fetch that answers by
// itself, one in ten of them retried once, with messages from 0 bytes to 4 MiB each way; and over thousands of channels that do nothing.
// A finished call gives everything back, so that the curve must be flat from its first tenth on. If it is not, the exit code is 1.
//
//   node memory.mjs [--calls 1000000] [--in-flight 100,5000] [--channels 10000] [--build tinygo,go]

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createChannel } from "hedgerow";
import { compilerOf } from "./wasm.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const files = { tinygo: join(here, "dist/hedgerow.wasm"), go: join(here, "dist-debug/hedgerow.debug.wasm") };
const METHOD = "/helloworld.Greeter/SayHello";
const STEPS = 10;

const POLICY = {
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.001s",
        maxBackoff: "0.002s",
        backoffMultiplier: 1,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

const SIZES = [0, 10, 100, 1000, 10_000, 100_000, 1 << 20, 4 << 20];
const MESSAGES = SIZES.map((size) => new Uint8Array(size));
const BODIES = MESSAGES.map(bodyOf);
const EMPTY = new Uint8Array();

const { values: flags } = parseArgs({
  options: {
    calls: { type: "string", default: "1000000" },
    "in-flight": { type: "string", default: "100,5000" },
    channels: { type: "string", default: "10000" },
    build: { type: "string", default: "tinygo,go" },
    // What a run in a process of its own does: "calls 100" or "channels 10000".
    run: { type: "string" },
  },
});

if (flags.run) await run(flags.build, flags.run);
else startAll();

/** Each run has a process of its own, and so an instance of its own. */
function startAll() {
  for (const build of flags.build.split(",")) {
    if (build === "tinygo" && compilerOf(readFileSync(files.tinygo)) === "Go") {
      console.log("not measured: TinyGo's build, because there is no TinyGo (.ci/tinygo.sh)");
      continue;
    }
    if (!existsSync(files[build]))
      throw new Error(`there is no build "${build}": it is tinygo or go, and node build.mjs makes both`);
    const runs = [...flags["in-flight"].split(",").map((n) => `calls ${n}`), `channels ${flags.channels}`];
    for (const one of runs) {
      const args = ["--expose-gc", fileURLToPath(import.meta.url), "--build", build, "--run", one, "--calls", flags.calls];
      const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
      process.exitCode ||= status ?? 1;
    }
  }
}

async function run(build, what) {
  const [kind, number] = what.split(" ");
  const memory = watchMemory();
  const wasmBinary = new Uint8Array(readFileSync(files[build]));
  if (kind === "calls") await calls(build, wasmBinary, memory, Number(number));
  else await channels(build, wasmBinary, memory, Number(number));
}

/** The linear memory of the one instance: it cannot be seen otherwise. */
function watchMemory() {
  const instances = [];
  const Real = WebAssembly.Instance;
  WebAssembly.Instance = class extends Real {
    constructor(...args) {
      super(...args);
      instances.push(this);
    }
  };
  return () => {
    if (instances.length !== 1) throw new Error(`there are ${instances.length} instances: one has died`);
    const { mem, memory } = instances[0].exports;
    return (mem ?? memory).buffer.byteLength;
  };
}

async function calls(build, wasmBinary, memory, inFlight) {
  const channel = await createChannel({ baseUrl: "https://memory.test", wasmBinary, fetch: answering(), serviceConfig: POLICY });
  console.log(`\n${build}: ${flags.calls} calls, ${inFlight} in flight; ${MiB(memory())} at rest`);
  console.log("    calls   wasm memory   JavaScript's heap   µs of CPU a call   retried");
  const total = Number(flags.calls);
  const curve = [];
  let begun = 0;
  let retried = 0;
  const one = async () => {
    const n = begun++;
    const { attempts } = await channel.unary(METHOD, MESSAGES[sizeOf(n)], {
      metadata: { "x-call": String(n) },
      timeoutMs: 600_000,
    });
    if (attempts.length > 1) retried++;
  };
  for (let step = 1; step <= STEPS; step++) {
    const end = Math.floor((total * step) / STEPS);
    const from = begun;
    const before = process.cpuUsage();
    const worker = async () => {
      while (begun < end) await one();
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    const { user, system } = process.cpuUsage(before);
    globalThis.gc();
    const bytes = memory();
    curve.push(bytes);
    const row = [
      String(begun).padStart(9),
      MiB(bytes).padStart(13),
      MiB(process.memoryUsage().heapUsed).padStart(19),
      ((user + system) / (begun - from)).toFixed(1).padStart(18),
      String(retried).padStart(9),
    ];
    console.log(row.join(" "));
  }
  channel.close();
  judge(curve);
}

async function channels(build, wasmBinary, memory, count) {
  const rest = [];
  for (let round = 0; round < STEPS; round++) {
    const open = [];
    for (let n = 0; n < count; n++) {
      const options = { baseUrl: `https://memory-${n % 100}.test`, wasmBinary, fetch: answering(), serviceConfig: POLICY };
      open.push(await createChannel(options));
    }
    rest.push(memory());
    for (const channel of open) channel.close();
  }
  console.log(`\n${build}: ${count} channels that do nothing, opened and closed ${STEPS} times: ${rest.map(MiB).join(", ")}`);
  judge(rest);
}

/** What a collector takes beside what lives is its own affair, as long as it does not grow with the calls. */
function judge(curve) {
  const [first] = curve;
  const last = curve.at(-1);
  if (last <= 1.5 * first) return console.log("flat from the first tenth on");
  console.log(`not flat: ${MiB(first)} after the first tenth, ${MiB(last)} at the end`);
  process.exitCode = 1;
}

function MiB(bytes) {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

/** The place of a call's message in SIZES: one in a hundred is of 100 kB, one in two thousand of 4 MiB. */
function sizeOf(n) {
  if (n % 2000 === 1999) return 7;
  if (n % 1000 === 999) return 6;
  if (n % 100 === 99) return 5;
  return n % 5;
}

function bodyOf(message) {
  const trailer = new TextEncoder().encode("grpc-status: 0\r\nx-trailer: 1\r\n");
  return Buffer.concat([prefix(0, message.length), message, prefix(0x80, trailer.length), trailer]);
}

function prefix(flags, length) {
  const bytes = Buffer.alloc(5);
  bytes[0] = flags;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/**
 * A fetch that answers all requests of a turn of the event loop in the next one, in chunks as networks have them. What it answers is as
 * little of a Response as is asked for: Node's own weighs more than all that is measured here.
 */
function answering() {
  const ok = new Headers({ "content-type": "application/grpc-web+proto", "x-header": "1" });
  const busy = new Headers({ "content-type": "application/grpc-web+proto", "grpc-status": "14" });
  const waiting = [];
  const answer = () => {
    for (const go of waiting.splice(0)) go();
  };
  return (_url, { headers }) => {
    const fields = new Map(headers);
    const n = Number(fields.get("x-call"));
    const fails = n % 10 === 3 && !fields.has("grpc-previous-rpc-attempts");
    if (waiting.length === 0) setImmediate(answer);
    return new Promise((resolve) => waiting.push(() => resolve(fails ? response(busy, EMPTY) : response(ok, BODIES[sizeOf(n)]))));
  };
}

function response(headers, body) {
  let at = 0;
  const read = async () => {
    if (at >= body.length) return { done: true, value: undefined };
    const value = body.subarray(at, at + 65_536);
    at += value.length;
    return { done: false, value };
  };
  return { ok: true, status: 200, headers, body: { getReader: () => ({ read, cancel: async () => {}, releaseLock() {} }) } };
}
