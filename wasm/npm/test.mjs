// Runs the package's tests against the built package: `import … from "hedgerow"` in a test resolves, by the package's own name, to dist/.
//
//   node test.mjs node [WORD…]      test/**/*.test.ts but for the folders below
//   node test.mjs browser [WORD…]   test/browser/**/*.test.ts, which drive Chromium (its path in CHROMIUM)
//   node test.mjs apps [WORD…]      test/apps/**/*.test.ts, the apps of demo/apps, which demo/apps/install.mjs has installed
//   node test.mjs interop [WORD…]   test/interop/**/*.test.ts, which drive it too, and run servers and proxies of their own
//
// A WORD keeps only the files whose path contains it. Node 20 runs no TypeScript, so esbuild translates the tests into test-dist/, one
// file each; packages stay imports. Tests find this folder in HEDGEROW_PACKAGE and the server (.ci/with-server.sh) in HEDGEROW_SERVER.
// A run of all files keeps its results for `make scenarios`; apps and interop stand for none.

import { spawnSync } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { fileOf } from "../../.ci/scenarios/results.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const [suite, ...words] = process.argv.slice(2);
const folders = ["browser", "apps", "interop"]; // suites of their own
if (suite !== "node" && !folders.includes(suite)) fail("usage: node test.mjs node|browser|apps|interop [WORD…]");
if (!process.env.HEDGEROW_SERVER) fail("no server to test against: run this through .ci/with-server.sh, or make test-node");
if (suite !== "node" && !process.env.CHROMIUM) fail(`CHROMIUM names no browser: make test-${suite} finds one`);

const names = (await readdir(join(here, "test"), { recursive: true }))
  .filter((name) => name.endsWith(".test.ts") && (folders.find((folder) => name.startsWith(folder + sep)) ?? "node") === suite)
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();
if (names.length === 0) fail(`no ${suite} test matches`);

const out = join(here, "test-dist", suite);
await rm(out, { recursive: true, force: true });
await esbuild.build({
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

const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
if (words.length === 0 && ["node", "browser"].includes(suite)) {
  const results = fileOf(suite === "node" ? "npm" : "chromium");
  await mkdir(dirname(results), { recursive: true });
  const record = new URL("../../.ci/scenarios/record-node.mjs", import.meta.url).href;
  reporters.push(`--test-reporter=${record}`, `--test-reporter-destination=${results}`);
}

const { status } = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", ...reporters, ...names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")))],
  { cwd: here, stdio: "inherit", env: { ...process.env, HEDGEROW_PACKAGE: here } },
);
process.exitCode = status ?? 1;

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
