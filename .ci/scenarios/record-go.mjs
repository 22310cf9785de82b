// Reads the output of `go test -json`: prints what go test prints without -json, and keeps the results for `make scenarios`.
//
//   go test -json ./... | node record-go.mjs go|wasm

import { realpathSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { digestOfTree, save } from "./results.mjs";

/** Reads the lines of `go test -json`. print is called with the text that a person wants to see. */
export function goRun(print) {
  const packages = new Map();
  const tests = [];
  return { tests, line };

  function line(text) {
    const event = parse(text);
    if (event === undefined) return print(`${text}\n`);
    // The compiler's messages do not belong to a test.
    if (event.Action === "build-output") return print(event.Output);
    if (event.Package === undefined) return;
    const seen = packages.get(event.Package) ?? { outcomes: new Map(), output: [] };
    packages.set(event.Package, seen);
    if (event.Action === "output") seen.output.push({ test: event.Test, text: event.Output });
    if (event.Action === "run") seen.outcomes.set(event.Test, "fail"); // A test that never ends has failed; the outcome of any other replaces this.
    if (event.Action !== "pass" && event.Action !== "fail" && event.Action !== "skip") return;
    if (event.Test !== undefined) {
      seen.outcomes.set(event.Test, event.Action);
    } else {
      finish(event.Package, event.Action, seen);
    }
  }

  function finish(name, outcome, { outcomes, output }) {
    const where = name.replace(/^github\.com\/hedgerow-web\/hedgerow\//, "");
    tests.push({ where, path: [], outcome });
    for (const [test, outcome] of outcomes) tests.push({ where, path: test.split("/"), outcome });
    print(outcome === "fail" ? failureOf(outcomes, output) : output.filter(isSummary).map(textOf).join(""));
    packages.delete(name);
  }
}

/** The output of each failed test under its heading, then the output that does not belong to a test. */
function failureOf(outcomes, output) {
  const shown = output.filter(({ text }) => !/^=== (RUN|PAUSE|CONT|NAME) /.test(text));
  const failed = [...outcomes].filter(([, outcome]) => outcome === "fail").map(([test]) => test);
  const sorted = failed.flatMap((test) => {
    const lines = shown.filter((entry) => entry.test === test);
    return [...lines.filter(isHeading), ...lines.filter((entry) => !isHeading(entry))];
  });
  return [...sorted, ...shown.filter(({ test }) => test === undefined)].map(textOf).join("");
}

function isHeading({ text }) {
  return /^\s*--- FAIL: /.test(text);
}

function isSummary({ test, text }) {
  return test === undefined && /^(ok {2}|\? {3})\t/.test(text);
}

function textOf({ text }) {
  return text;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const runtime = process.argv[2];
  const tree = digestOfTree();
  const run = goRun((text) => process.stdout.write(text));
  for await (const text of createInterface({ input: process.stdin })) run.line(text);
  save(runtime, { tree, tests: run.tests });
}
