// Mutation testing: changes one operator of the core after the other, and runs the tests that should notice. Gremlins makes the mutants
// (https://gremlins.dev); explained.txt lists those that no test can notice or needs to, with the reasons.
//
//   node .ci/mutate/run.mjs [--workers 2] [./internal/wire ...]
//
// It exits with 1 if fewer than 95 % of all mutants are killed, or if an explanation no longer fits any mutant. When only some packages are
// named, 95 % have to be killed or explained, because in a small package the explained ones may be more than 5 %.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { change, judge, kinds, parseExplained } from "./mutants.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
const module = "github.com/hedgerow-web/hedgerow";
const leastPercent = 95;

// The packages of the core, and the tests that exercise each, as arguments of go test. The quickest come first, because a mutant that they
// kill needs no others.
const packages = {
  "internal/text": ["internal/text", "internal/wire", "grpcweb/metadata", "internal/channel"],
  "internal/agenda": ["internal/agenda"],
  "internal/state": ["internal/state", "internal/channel"],
  "internal/explain": ["grpcweb/status"],
  "internal/wire": ["internal/wire", "internal/exchange"],
  "grpcweb/plan": ["grpcweb/plan", "retry", "hedge", "internal/attempts"],
  "grpcweb/metadata": ["grpcweb/metadata", "internal/wire", "internal/exchange"],
  "grpcweb/status": ["grpcweb/status", "internal/exchange", "internal/attempts"],
  retry: ["retry", "internal/attempts"],
  hedge: ["hedge", "internal/attempts"],
  "internal/channel": ["internal/channel", "internal/call"],
  "internal/exchange": ["internal/exchange", "internal/call"],
  "internal/endpoints": ["internal/endpoints"],
  "internal/attempts": ["internal/attempts", "internal/call"],
  "internal/call": ["internal/call"],
  "grpcweb/serviceconfig": ["grpcweb/serviceconfig -skip=Reference", "internal/channel"],
};

const { values: flags, positionals } = parseArgs({
  options: { workers: { type: "string", default: "2" } },
  allowPositionals: true,
});
const asked = positionals.map((name) => name.replace(/^\.\//, "").replace(/\/$/, ""));
const unknown = asked.filter((name) => !(name in packages));
if (unknown.length > 0) {
  console.error(`not a package of the core: ${unknown.join(" ")}. There are: ${Object.keys(packages).join(" ")}`);
  process.exit(2);
}
const chosen = asked.length > 0 ? asked : Object.keys(packages);
if (asked.length === 0) console.log("all packages of the core: about half an hour on two idle cores");

// Gremlins copies the folder that it works on, so it gets one without what was built or installed.
const tree = join(root, "build", "mutate");
rmSync(tree, { recursive: true, force: true });
const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
for (const name of execFileSync("git", list, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 }).split("\0")) {
  if (name === "" || name.startsWith(".ci/") || !existsSync(join(root, name))) continue;
  mkdirSync(dirname(join(tree, name)), { recursive: true });
  cpSync(join(root, name), join(tree, name), { recursive: true, force: true });
}

/** Runs Gremlins on a package, and returns its mutants. */
async function mutate(name) {
  const output = join(tree, "gremlins.json");
  rmSync(output, { force: true });
  const args = [
    "unleash",
    join(tree, name),
    "--exclude-files=/", // what is in folders of this folder, which are other packages
    ...kinds.map((kind) => `--${kind}`),
    "--invert-negatives=false",
    "--timeout-coefficient=10000", // never to be reached: go.mjs has better limits than this multiple of what the coverage took
    `--workers=${flags.workers}`,
    `--output=${output}`,
  ];
  const gremlins = spawn(join(root, "bin", "tools", "gremlins"), args, {
    cwd: tree,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PATH: `${here}:${process.env.PATH}`,
      MUTATE_GO: join(execFileSync("go", ["env", "GOROOT"], { cwd: root, encoding: "utf8" }).trim(), "bin", "go"),
      MUTATE_PACKAGE: `${module}/${name}`,
      MUTATE_TESTS: packages[name].map((test) => `${module}/${test}`).join(";"),
    },
  });
  const closed = once(gremlins, "close");
  const said = [];
  let seen = 0;
  for await (const line of createInterface({ input: gremlins.stdout })) {
    said.push(line);
    if (/ at \S+:\d+:\d+/.test(line)) progress(`${name}: ${++seen} mutants`);
  }
  progress("");
  const [status] = await closed;
  if (status !== 0 || !existsSync(output)) throw new Error(`Gremlins failed (${status}) on ${name}:\n${said.join("\n")}`);
  const report = JSON.parse(readFileSync(output, "utf8"));
  return report.files.flatMap(({ file_name: file, mutations }) => {
    const source = readFileSync(join(tree, name, file), "utf8");
    return mutations.map((mutation) => ({ ...mutation, file: `${name}/${file}`, ...change(source, mutation) }));
  });
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const explanations = parseExplained(readFileSync(join(here, "explained.txt"), "utf8"));
const percentText = (percent) => `${(Math.floor(percent * 10) / 10).toFixed(1)} %`;
const summary = ({ all, killed, explained, surviving, percent }) =>
  `${all} mutants, ${killed.length} killed (${percentText(percent)}), ${explained.length} explained, ${surviving.length} surviving`;

const mutants = [];
for (const name of chosen) {
  const start = performance.now();
  const own = await mutate(name);
  mutants.push(...own);
  const result = judge(own, explanations, [name]);
  console.log(`${name}: ${summary(result)}; ${Math.round((performance.now() - start) / 1000)} s`);
  for (const { file, line, type, status, before, after } of result.surviving)
    console.log(`\n${file}:${line} ${type}${status === "NOT COVERED" ? ", which no test reaches" : ""}\n- ${before}\n+ ${after}`);
  for (const { file, before, after } of result.stale)
    console.log(`\n${file}: explained in explained.txt, but it is killed or does not exist any more\n- ${before}\n+ ${after}`);
}
const result = judge(mutants, explanations, chosen);
console.log(`\nall: ${summary(result)}`);
const held = result.killed.length + (asked.length > 0 ? result.explained.length : 0);
process.exitCode = held < (leastPercent / 100) * result.all || result.stale.length > 0 ? 1 : 0;
rmSync(tree, { recursive: true, force: true });
