// Runs the fuzz targets of the Go packages, one after the other, on one core: make fuzz FUZZTIME=10s, or FUZZTIME=100000x for a number of
// executions. ONLY=word selects the targets whose package or name contains the word. It prints how often each target was executed, in this run
// and in all runs of this checkout (build/fuzz.json), and exits with 1 if an input made one fail. Go writes that input into the package's
// testdata/fuzz: commit it with the correction, and every run of the tests tries it again.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values: flags } = parseArgs({
  options: {
    time: { type: "string", default: "10s" },
    only: { type: "string", default: "" },
    record: { type: "string", default: "build/fuzz.json" },
  },
});
const record = join(root, flags.record);

const targets = findTargets().filter(({ folder, name }) => `${folder} ${name}`.includes(flags.only));
if (targets.length === 0) {
  console.error(`no fuzz target's package or name contains "${flags.only}"`);
  process.exit(1);
}
announce();
const before = readRecord();
let failed = 0;
let ran = 0;
console.log("\n   executions        in all   a second   target");
for (const target of targets) {
  const key = `${target.folder} ${target.name}`;
  const { executions, seconds, output } = await fuzz(target);
  before[key] = (before[key] ?? 0) + executions;
  ran += executions;
  const columns = [
    grouped(executions).padStart(13),
    grouped(before[key]).padStart(13),
    grouped(executions / seconds).padStart(10),
  ];
  console.log(`${columns.join(" ")}   ${key}${output ? ": FAILED" : ""}`);
  if (output) {
    failed++;
    console.log(output);
  }
  writeRecord(before);
}
const all = Object.values(before).reduce((sum, n) => sum + n, 0);
console.log(`${grouped(ran).padStart(13)} ${grouped(all).padStart(13)}              ${targets.length} targets, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** The targets of all packages: every function of a test whose name begins with Fuzz. */
function findTargets() {
  const named = execFileSync("git", ["grep", "-l", "--untracked", "-E", "^func Fuzz", "--", "*_test.go"], {
    cwd: root,
    encoding: "utf8",
  });
  return named.trim().split("\n").flatMap(targetsOf);
}

function targetsOf(file) {
  const text = readFileSync(join(root, file), "utf8");
  const folder = file.slice(0, file.lastIndexOf("/"));
  return [...text.matchAll(/^func (Fuzz\w+)\(/gm)].map(([, name]) => ({ folder, name }));
}

function announce() {
  const seconds = /^\d+(\.\d+)?s$/.test(flags.time) ? Number.parseFloat(flags.time) : undefined;
  const each = `${targets.length} targets, ${flags.time} each`;
  // Starting a target takes some seconds: its test is linked, and the inputs that earlier runs found are tried.
  console.log(seconds ? `${each}: about ${Math.ceil((targets.length * (seconds + 8)) / 60)} minutes` : `${each} (x: executions)`);
}

/** Fuzzes one target; output is what Go said if it failed. */
async function fuzz({ folder, name }) {
  const args = ["test", `./${folder}`, "-run=^$", `-fuzz=^${name}$`, `-fuzztime=${flags.time}`, "-parallel=1"];
  const go = spawn("go", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  let executions = 0;
  let seconds = 0;
  const read = async (stream) => {
    for await (const line of createInterface({ input: stream })) {
      const progress = /^fuzz: elapsed: (.+), execs: (\d+)/.exec(line);
      if (!progress) {
        said.push(line);
        continue;
      }
      executions = Number(progress[2]);
      seconds = secondsOf(progress[1]);
    }
  };
  const [status] = await Promise.all([new Promise((resolve) => go.once("close", resolve)), read(go.stdout), read(go.stderr)]);
  return { executions, seconds: seconds || 1, output: status === 0 ? "" : said.join("\n") };
}

/** Go's durations: "1m30s", "3s". */
function secondsOf(duration) {
  const unit = { h: 3600, m: 60, s: 1 };
  return [...duration.matchAll(/([\d.]+)([hms])/g)].reduce((sum, [, n, of]) => sum + Number(n) * unit[of], 0);
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(record, "utf8"));
  } catch {
    return {};
  }
}

function writeRecord(counts) {
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(record, `${JSON.stringify(counts, null, 2)}\n`);
}

function grouped(n) {
  return Math.round(n).toLocaleString("en");
}
