// Passes the same random events to both builds of the program, TinyGo's and Go's own, and compares their answers byte by byte: actions, text,
// fragments and results, none of which contain addresses. The events are those of busy pages and, between them, events that no page should
// ever pass (internal/abi/tape records them). At the end it prints what they have reached.
//
//   node differential.mjs [--seed 1] [--events 100000] [--against hedgerow.wasm]
//
// On a difference it prints the seed, the event with its place, and what both builds answered.

import { spawn, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { compilerOf } from "./wasm.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const recorder = join(root, "bin/tape");

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    events: { type: "string", default: "100000" },
    against: { type: "string", default: join(here, "dist/hedgerow.wasm") },
  },
});

const { Instance, readEvent } = await player();
const names = ["dist-debug/hedgerow.debug.wasm", flags.against];
const [reference, subject] = await Promise.all(
  names.map(async (name) => readFile(join(name.startsWith("/") ? "/" : here, name))),
);
if (compilerOf(subject) === "Go") console.log("TinyGo's build is not compared, because there is no TinyGo (see .ci/tinygo.sh).");
const modules = await Promise.all([reference, subject].map((bytes) => WebAssembly.compile(bytes)));
go("build", "-o", recorder, "./internal/abi/tape");

let instances = fresh();
let events = 0;
let rest = Buffer.alloc(0);
const began = performance.now();
const recording = spawn(recorder, ["record", "-seed", flags.seed, "-events", flags.events], {
  stdio: ["ignore", "pipe", "inherit"],
});
const over = new Promise((resolve) => recording.once("close", resolve));
for await (const part of recording.stdout) {
  rest = play(rest.length > 0 ? Buffer.concat([rest, part]) : part);
}
if ((await over) !== 0 || rest.length > 0) fail("the recording broke off");
console.log(
  `both gave the same answers to ${events} events of seed ${flags.seed}, in ${((performance.now() - began) / 1000).toFixed(0)} s`,
);

/** Plays what has come of the tape, and returns the beginning of an event of which the rest has not come. */
function play(tape) {
  for (let at = 0; at < tape.length; ) {
    if (tape[at] === 0) {
      instances = fresh();
      at++;
      continue;
    }
    const event = whole(tape, at);
    if (!event) return tape.subarray(at);
    const [expected, got] = instances.map((instance) => (instance.alive ? instance.tell(event) : undefined));
    if (expected && !(got && expected.equals(got))) differ(tape.subarray(at, event.end), expected, got);
    events++;
    at = event.end;
  }
  return Buffer.alloc(0);
}

/** Reads an event; undefined if not all of it has come. */
function whole(tape, at) {
  try {
    const event = readEvent(tape, at);
    return event.end <= tape.length ? event : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function fresh() {
  return modules.map((module) => new Instance(module));
}

function differ(event, expected, got) {
  const say = (mode, input) => spawnSync(recorder, [mode], { input }).stdout.toString().trim();
  fail(
    `the builds differ at event ${events} of seed ${flags.seed}: ${say("events", event)}\n\n` +
      `Go's build answers:\n${say("show", expected)}\n\nTinyGo's build answers:\n${got ? say("show", got) : "none, because it has died"}`,
  );
}

function fail(why) {
  console.error(why);
  recording.kill();
  process.exit(1);
}

function go(...args) {
  const { status } = spawnSync("go", args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

/** Imports the player of tapes, which is TypeScript and must be translated because Node 20 cannot run it. */
async function player() {
  const { outputFiles } = await build({
    entryPoints: [join(here, "test/support/play-tape.ts")],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
