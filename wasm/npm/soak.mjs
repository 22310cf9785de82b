// The soak: very many calls that end in all the ways there are, after which nothing may be left. In a page of Chromium and in Node, with both
// compilers' builds of the WebAssembly, and in Chromium also by a program in Go (interop/cmd/soak-wasm), it makes
//
//   - a million calls over a fetch of its own (soak/fake.mjs),
//   - 20,000 calls to the demo server, and 10,000 streams (soak/real.mjs).
//
// Twenty times in each run it looks at what lives when no call runs: WebAssembly memory, JavaScript's heap, timers, listeners, and calls,
// messages and callbacks; of the program in Go also its heap, goroutines, and what it holds of JavaScript. A line through what it saw must
// not rise (soak/slope.mjs). If one does, or if a call ends as it should not, the exit code is 1.
//
//   .ci/with-server.sh node soak.mjs [--calls 1000000] [--real 20000] [--streams 10000] [--in node,chromium] [--build tinygo,go,api]
//
// --real and --streams are by default a fiftieth and a hundredth of --calls. --leak wasm, heap, timers, listeners or references leaves that
// behind on purpose, to see that it is noticed.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startNode, startPages } from "./soak/hosts.mjs";
import { judge, table } from "./soak/slope.mjs";
import { compilerOf } from "./wasm.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const BUILDS = {
  tinygo: { file: "dist/hedgerow.wasm", says: "TinyGo's build" },
  go: { file: "dist-debug/hedgerow.debug.wasm", says: "Go's own build" },
  api: { file: "soak-go.wasm", says: "the Go API" },
};
const STEPS = 20;
/** Milliseconds that a call takes, with what is to be waited for, on a machine of two cores that has nothing else to do. */
const TAKES = {
  fake: { tinygo: 0.15, go: 0.2, api: 0.3 },
  real: { tinygo: 2, go: 2, api: 2 },
  streams: { tinygo: 3, go: 3, api: 3 },
};
const SAYS = { fake: "calls over a fetch of its own", real: "calls to the server", streams: "streams from and to the server" };

const { values: flags } = parseArgs({
  options: {
    calls: { type: "string", default: "1000000" },
    real: { type: "string" },
    streams: { type: "string" },
    in: { type: "string", default: "node,chromium" },
    build: { type: "string", default: "tinygo,go,api" },
    leak: { type: "string" },
  },
});
const calls = {
  fake: Number(flags.calls),
  real: Number(flags.real ?? Number(flags.calls) / 50),
  streams: Number(flags.streams ?? Number(flags.calls) / 100),
};
const hosts = flags.in.split(",");
const builds = flags.build.split(",").filter(isThere);
const works = Object.keys(calls).filter((work) => calls[work] > 0);

/** The Go API is soaked where programs in Go run: in a page. */
const runs = hosts.flatMap((host) =>
  builds.filter((build) => build !== "api" || host === "chromium").map((build) => [host, build]),
);

announce();
const pages = hosts.includes("chromium") ? await startPages(here, builds.includes("api")) : undefined;
try {
  for (const [host, build] of runs) {
    for (const work of works) await soak(host, build, work);
  }
} finally {
  await pages?.close();
}
console.log(process.exitCode ? "\nsomething grows, or has ended as it should not" : "\nall of it is flat");

function announce() {
  const ms = builds
    .flatMap((build) => works.map((work) => TAKES[work][build] * calls[work]))
    .reduce((sum, each) => sum + each, 0);
  const minutes = Math.ceil((ms * hosts.length) / 60_000);
  const sizes = works.map((work) => `${calls[work].toLocaleString("en")} ${SAYS[work]}`).join(", ");
  console.log(
    `${sizes}, each in ${runs.map((run) => run.join(" ")).join(", ")}: about ${minutes} minutes on two cores that do nothing else`,
  );
}

async function soak(host, build, work) {
  const begun = performance.now();
  const one = host === "node" ? startNode(here) : await pages.open(build === "api" ? "soak-go" : "soak");
  const samples = [];
  const wrong = {};
  try {
    await one.begin({ work, leak: flags.leak }, BUILDS[build].file);
    for (let step = 0; step < STEPS; step++) {
      const [from, to] = [step, step + 1].map((n) => Math.round((n * calls[work]) / STEPS));
      for (const [what, times] of Object.entries(await one.step(from, to))) wrong[what] = Math.max(times, wrong[what] ?? 0);
      samples.push({ calls: to, ...(await one.look()) });
    }
  } finally {
    await one.close();
  }
  const rows = judge(samples, build !== "tinygo");
  const took = ((performance.now() - begun) / 1000).toFixed(0);
  const where = host === "node" ? `Node ${process.version}` : pages.product;
  console.log(`\n${where}, ${BUILDS[build].says}: ${calls[work].toLocaleString("en")} ${SAYS[work]}, in ${took} s`);
  console.log(table(rows));
  for (const [what, times] of Object.entries(wrong)) console.log(`WRONG: ${what}, ${times} times`);
  if (rows.some(({ grows }) => grows) || Object.keys(wrong).length > 0) process.exitCode = 1;
}

function isThere(build) {
  if (build === "api") return true; // It is compiled here.
  const file = join(here, BUILDS[build].file);
  if (!existsSync(file)) throw new Error(`there is no ${BUILDS[build].file}: run make build`);
  if (build !== "tinygo" || compilerOf(readFileSync(file)) !== "Go") return true;
  console.log("not soaked: TinyGo's build, because there is no TinyGo (.ci/tinygo.sh)");
  return false;
}
