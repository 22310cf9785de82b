// Runs connectconformance (connectrpc.com/conformance, pinned in tools/go.mod) against the clients in runs.json. For each run, runs.json
// names a file with the features that the client claims.
//
//   node run.mjs [CLIENT [CASE]]    CLIENT is node, connect, chromium (its path in CHROMIUM), firefox (its path in FIREFOX) or go; CASE is a
//                                   pattern of names, and shows for the cases that fail what was sent and received
//
// Every case that the features select must run and pass; no case is listed as known to fail. runs.json has their number, so that none can
// be lost unnoticed.

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startFirefox } from "../wasm/npm/firefox.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..");
const npm = join(root, "wasm", "npm");
const programs = join(npm, "test-dist", "conformance");
const goProgram = join(root, "build", "conformance", "client.wasm");

/** How each client is built, and what connectconformance starts. */
const clients = {
  node: { build: buildNode, command: ["node", "--enable-source-maps", join(programs, "node.mjs")] },
  connect: { build: buildNode, command: ["node", "--enable-source-maps", join(programs, "node.mjs"), "--connect"] },
  chromium: { build: buildBrowser, command: ["node", "--enable-source-maps", join(programs, "browser.mjs")] },
  firefox: { build: buildBrowser, command: ["node", "--enable-source-maps", join(programs, "browser.mjs")], start: startFirefox },
  go: { build: buildGo, command: ["node", join(here, "client", "node.mjs"), goProgram] },
};

const [client = "", pattern = ""] = process.argv.slice(2);
const runs = JSON.parse(await readFile(join(here, "runs.json"), "utf8")).filter((run) => !client || run.client === client);
if (runs.length === 0) fail(`unknown client ${client}: the clients are ${Object.keys(clients).join(", ")}`);
if (pattern && !client) fail("CASE needs a CLIENT too, as in make conformance CLIENT=node CASE='**/unary/**'");

for (const name of new Set(runs.map((run) => run.client))) {
  if (name === "firefox" && !process.env.FIREFOX) {
    console.log("firefox: not run, because there is no Firefox (.ci/firefox.sh)");
    continue;
  }
  await clients[name].build();
  // A client must answer within 20 seconds of its start, and Firefox alone may take as long on a busy machine.
  const browser = await clients[name].start?.();
  const env = { ...process.env, ...(browser ? { ENGINE: name, FIREFOX_ENDPOINT: browser.endpoint } : {}) };
  for (const run of runs.filter((run) => run.client === name)) await conform(run, env);
  await browser?.stop();
}

async function conform(run, env) {
  const begun = performance.now();
  const args = ["--mode", "client", "--conf", join(here, run.features), ...(pattern ? ["--trace", "--run", pattern] : [])];
  const command = [...clients[run.client].command, ...(run.arguments ?? [])];
  const { code, output } = await start(join(root, "bin", "tools", "connectconformance"), [...args, "--", ...command], { env });
  const [, total, passed] = /^Total cases: (\d+)\n(\d+) passed, /m.exec(output)?.map(Number) ?? [];
  const wanted = pattern ? total : run.cases;
  const ended = `${run.client}, ${run.features}: ${passed ?? 0} of ${wanted ?? 0} passed`;
  if (code === 0 && passed === wanted && total === wanted) {
    console.log(`${ended} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
    return;
  }
  console.error(output);
  if (total !== wanted) console.error(`${run.features} selected ${total ?? "no"} cases, but runs.json says ${wanted}`);
  console.error(`${ended}. To trace a case: make conformance CLIENT=${run.client} CASE='…'`);
  process.exitCode = 1;
}

async function buildNode() {
  await bundle("node.ts", { packages: "external", platform: "node", target: "node20" });
}

async function buildBrowser() {
  await bundle("browser.ts", { packages: "external", platform: "node", target: "node20" });
  await bundle("page.ts", { external: ["hedgerow"], target: "es2022" });
}

async function bundle(name, options) {
  // esbuild is installed for the npm package only.
  const esbuild = createRequire(join(npm, "package.json"))("esbuild");
  await esbuild.build({
    absWorkingDir: npm,
    entryPoints: [join("test", "conformance", name)],
    outdir: programs,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    sourcemap: "inline",
    logLevel: "warning",
    ...options,
  });
}

async function buildGo() {
  const env = { ...process.env, GOOS: "js", GOARCH: "wasm" };
  const { code, output } = await start("go", ["build", "-trimpath", "-o", goProgram, "./conformance/client"], { cwd: root, env });
  if (code !== 0) fail(output);
}

/** Runs a program to its end. */
function start(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
