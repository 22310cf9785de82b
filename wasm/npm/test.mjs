// Runs the package's tests against the built package: in a test, `import … from "hedgerow"` resolves to dist/, because it is in the package.
//
//   node test.mjs node [WORD…]      test/**/*.test.ts, without the folders below
//   node test.mjs try [WORD…]       those of them that need only src/ as it is now: no server, and nothing built before (see try.mjs)
//   node test.mjs browser [WORD…]   test/browser/**/*.test.ts, which drive Chromium (its path in CHROMIUM) or, if ENGINE is firefox,
//                                   Firefox (its path in FIREFOX)
//   node test.mjs webkit [WORD…]    test/webkit/**/*.test.ts, which drive WebKitGTK (its driver's path in WEBKIT_DRIVER)
//   node test.mjs apps [WORD…]      test/apps/**/*.test.ts, which run the apps of demo/apps that demo/apps/install.mjs has installed
//   node test.mjs apps-more […]     test/apps-more/**/*.test.ts, which run those that demo/apps/install.mjs more has installed
//   node test.mjs interop [WORD…]   test/interop/**/*.test.ts, which drive Chromium too, and run servers and proxies of their own
//
// A WORD selects the files whose path contains it. Node 20 cannot run TypeScript, so esbuild translates the tests into test-dist/, one file
// each; imports of packages stay imports. Tests find this folder in HEDGEROW_PACKAGE and the server (.ci/with-server.sh) in
// HEDGEROW_SERVER. A run of all files keeps its results, those of node and browser for `make scenarios`, those of
// apps and apps-more for the tables of docs/install.md.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { fileOf } from "../../.ci/scenarios/results.mjs";
import { startFirefox } from "./firefox.mjs";
import { buildScratch, sortByNeed } from "./try.mjs";
import { compilerOf } from "./wasm.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const [suite, ...words] = process.argv.slice(2);
const folders = ["browser", "webkit", "apps", "apps-more", "interop"]; // Each of these is a suite of its own.
// How a program starts, dies, reads damaged bytes and bears what is odd depends on its compiler, so these files are run with the builds of
// both.
const bothBuilds = new Set([
  "abi/fatal.test.ts",
  "channel/load.test.ts",
  "abi/stack.test.ts",
  "broken/http.test.ts",
  "broken/web-socket.test.ts",
  "call/answers.test.ts",
  "call/foreign-code.test.ts",
  "call/grpc-dotnet.test.ts",
  "call/long-texts.test.ts",
  "carry/not-sent.test.ts",
  "carry/odd-responses.test.ts",
  "carry/redirects.test.ts",
  "channel/options.test.ts",
]);
// connect-es is a peer that moves: the adapter's tests are run with the version in node_modules/@connectrpc, and again with connect-2.3.
const ofConnect = /^adapters\/connect.*\.test\.ts$/;
const trying = suite === "try";
const own = folders.includes(suite);
if (suite !== "node" && !trying && !own) fail("usage: node test.mjs node|try|browser|webkit|apps|apps-more|interop [WORD…]");
if (!trying && !process.env.HEDGEROW_SERVER)
  fail("there is no server to test against: run this with .ci/with-server.sh, or run make test-node");
const inFirefox = suite === "browser" && process.env.ENGINE === "firefox";
const browser = suite === "webkit" ? "WEBKIT_DRIVER" : inFirefox ? "FIREFOX" : "CHROMIUM";
if (own && !process.env[browser]) fail(`${browser} is not set: run make test-${suite}, which finds a browser`);

let names = (await readdir(join(here, "test"), { recursive: true }))
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => folders.find((folder) => name.startsWith(folder + sep)) === (own ? suite : undefined))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();
if (names.length === 0) fail(`no ${suite} test matches`);

const scratch = join(here, "test-dist", "try"); // This is a package of its own: for the tests in it, "hedgerow" is that package.
const out = trying ? join(scratch, "test") : join(here, "test-dist", inFirefox ? "firefox" : suite);
const translated = (name) => join(out, name.replace(/\.ts$/, ".mjs"));
await rm(out, { recursive: true, force: true });
const building = trying ? buildScratch(scratch) : undefined;
const translating = esbuild.build({
  absWorkingDir: here,
  entryPoints: names.map((name) => join("test", name)),
  outbase: "test",
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
});
await Promise.all([translating, building]).catch((error) => fail(error.stderr || error.message));
if (trying) {
  const { none, ...needy } = await sortByNeed(names, translated);
  for (const [what, left] of Object.entries(needy))
    console.log(`not run here, only by make test-node, because they need ${what}: ${left.join(" ")}`);
  if (none.length === 0) fail("none of the selected tests can be run here");
  names = none;
}

const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
const browserResults = inFirefox ? "firefox" : "chromium";
const kept = { node: "npm", browser: browserResults, webkit: "webkit", apps: "apps", "apps-more": "apps-more" };
if (words.length === 0 && suite in kept) {
  const results = fileOf(kept[suite]);
  await mkdir(dirname(results), { recursive: true });
  const record = new URL("../../.ci/scenarios/record-node.mjs", import.meta.url).href;
  reporters.push(`--test-reporter=${record}`, `--test-reporter-destination=${results}`);
}

const firefox = inFirefox ? await startFirefox() : undefined;
const environment = trying ? process.env : { ...process.env, HEDGEROW_PACKAGE: here, FIREFOX_ENDPOINT: firefox?.endpoint ?? "" };
process.exitCode = await run(names, reporters, environment);
const twice = suite === "node" ? names.filter((name) => bothBuilds.has(name.replaceAll(sep, "/"))) : [];
if (twice.length > 0 && compilerOf(await readFile(join(here, "dist/hedgerow.wasm"))) === "TinyGo") {
  console.log(`\nThese tests are now run again, with the WebAssembly that Go's own compiler makes: ${twice.join(" ")}`);
  const preload = ["--import", new URL("go-build.mjs", import.meta.url).href];
  const again = await run(twice, reporters.slice(0, 2), { ...environment, HEDGEROW_WASM: "go" }, preload);
  process.exitCode ||= again;
} else if (twice.length > 0)
  console.log("\nThe WebAssembly that TinyGo makes was not tested, because there is no TinyGo (see .ci/tinygo.sh).");
const again = suite === "node" ? names.filter((name) => ofConnect.test(name.replaceAll(sep, "/"))) : [];
if (again.length > 0) {
  console.log(`\nThese tests are now run again, with connect-es 2.3: ${again.join(" ")}`);
  const preload = ["--import", new URL("connect-next.mjs", import.meta.url).href];
  const newest = await run(again, reporters.slice(0, 2), { ...environment, HEDGEROW_CONNECT: "2.3" }, preload);
  process.exitCode ||= newest;
}
await firefox?.stop();

async function run(names, reporters, env, preload = []) {
  const args = ["--enable-source-maps", ...preload, "--test", ...reporters, ...names.map(translated)];
  const [status] = await once(spawn(process.execPath, args, { cwd: here, stdio: "inherit", env }), "exit");
  return status ?? 1;
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
