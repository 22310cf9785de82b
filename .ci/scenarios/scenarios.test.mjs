import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { goRun } from "./record-go.mjs";
import { testsOf } from "./record-node.mjs";
import { carriersOf, numbersOf, scenariosOf } from "./scenarios.mjs";

test("a test's name begins with the numbers of its scenarios", () => {
  for (const [name, numbers] of [
    ["34_exact_delay", [34]],
    ["34 pushback is waited for exactly", [34]],
    ["2 maxAttempts 10 is clamped", [2]],
    ["104_message_of_no_length", [104]],
    ["02_03_above_any_cap", [2, 3]],
    ["91 92 the table of HTTP statuses", [91, 92]],
    ["27_28_30_one_channel", [27, 28, 30]],
    ["34_exact_delay#01", [34]],
    // The words after the scenario's number begin with a number too.
    ["03_3_capped_at_10", [3]],
    ["72_10_s_and_more", [72]],
    ["34_200_ms", [34]],
    ["24_100ms_at_first", [24]],
    // These names stand for no scenario.
    ["makes 2 attempts", []],
    ["TestRetry", []],
    ["1.1", []],
    ["1.3_names", []],
    ["19", []],
    ["19-23_all", []],
    ["105_one_too_many", []],
    ["0_nothing", []],
    ["1000_calls", []],
    ["", []],
  ]) {
    assert.deepEqual(numbersOf(name, 104), numbers, name);
  }
});

test("scenarios are the numbered lines, and count from 1 without a gap", () => {
  const text = (lines) => ["# The scenarios", "", "## Config", "", ...lines].join("\n");
  const one = "1. Given a, then b (DR X; src).";
  assert.deepEqual(
    [...scenariosOf(text([one, "   - a part of it", "", "## More", "", "2. Given c (d), then e."]))],
    [
      [1, "a, then b"],
      [2, "c (d), then e"],
    ],
  );
  assert.equal(scenariosOf(text([`1. Given ${"long ".repeat(20)}(src).`])).get(1), `${"long ".repeat(16)}…`);
  assert.throws(() => scenariosOf(text([one, "3. Given f."])), /3 does not follow 1/);
  assert.throws(() => scenariosOf("# Moved"), /no scenarios/);
});

test("the exceptions are about scenarios that exist", () => {
  const scenarios = scenariosOf(readFileSync(new URL("scenarios.md", import.meta.url), "utf8"));
  assert.ok(scenarios.size >= 104, "numbers are permanent");
  const { impossible, open } = JSON.parse(readFileSync(new URL("exceptions.json", import.meta.url), "utf8"));
  for (const number of [...Object.keys(open), ...impossible.flatMap(({ scenarios }) => scenarios)]) {
    assert.ok(scenarios.has(Number(number)), number);
  }
});

test("parts of a numbered test belong to it, and its outcome is theirs", () => {
  const found = (tests) => [
    ["go", { tests: tests.map(([path, outcome]) => ({ where: "retry", path: path.split("/"), outcome })) }],
  ];
  const told = (tests) =>
    carriersOf(found(tests), 104).map(({ path, numbers, outcomes }) => [path.join("/"), numbers, outcomes.go]);
  const around = ["TestA", "pass"];
  assert.deepEqual(told([["TestA/34_b/72_c", "pass"], ["TestA/34_b", "pass"], around]), [["TestA/34_b", [34], "pass"]]);
  assert.deepEqual(
    told([
      ["TestA/34_b/c", "fail"],
      ["TestA/34_b/d", "pass"],
      ["TestA/34_b", "fail"],
    ]),
    [["TestA/34_b", [34], "fail"]],
  );
  assert.deepEqual(
    told([
      ["TestA/34_b/c", "pass"],
      ["TestA/34_b", "fail"],
    ]),
    [["TestA/34_b", [34], "fail"]],
  );
  assert.deepEqual(told([["TestA/34_b/c", "skip"], ["TestA/34_b", "pass"], around]), [["TestA/34_b", [34], "skip"]]);
  assert.deepEqual(
    told([
      ["TestA/34_b/c", "skip"],
      ["TestA/34_b/d", "pass"],
      ["TestA/34_b", "pass"],
    ]),
    [["TestA/34_b", [34], "pass"]],
  );
});

test("a test that ran in two runtimes carries its number once, with both outcomes", () => {
  const run = (outcome) => ({ tests: [{ where: "retry", path: ["TestA", "34_b"], outcome }] });
  const carriers = carriersOf(
    [
      ["go", run("pass")],
      ["wasm", run("fail")],
    ],
    104,
  );
  assert.deepEqual(carriers, [
    { where: "retry", path: ["TestA", "34_b"], numbers: [34], outcomes: { go: "pass", wasm: "fail" } },
  ]);
});

const PACKAGE = "github.com/hedgerow-web/hedgerow/retry";

function read(...events) {
  let printed = "";
  const run = goRun((text) => {
    printed += text;
  });
  for (const event of events) run.line(typeof event === "string" ? event : JSON.stringify({ Package: PACKAGE, ...event }));
  return { printed, tests: run.tests };
}

function said(Test, Output) {
  return { Action: "output", Test, Output };
}

test("of a Go package that passes only its own line is printed", () => {
  const { printed, tests } = read(
    { Action: "start" },
    { Action: "run", Test: "TestA" },
    said("TestA", "=== RUN   TestA\n"),
    said("TestA", "    a_test.go:1: a word\n"),
    said("TestA", "--- PASS: TestA (0.00s)\n"),
    { Action: "pass", Test: "TestA" },
    said(undefined, "PASS\n"),
    said(undefined, `ok  \t${PACKAGE}\t(cached)\n`),
    { Action: "pass" },
  );
  assert.equal(printed, `ok  \t${PACKAGE}\t(cached)\n`);
  assert.deepEqual(tests, [
    { where: "retry", path: [], outcome: "pass" },
    { where: "retry", path: ["TestA"], outcome: "pass" },
  ]);
});

test("of a Go package that fails the failed tests are printed, heading first", () => {
  const { printed, tests } = read(
    { Action: "run", Test: "TestA" },
    said("TestA", "=== RUN   TestA\n"),
    { Action: "run", Test: "TestA/34_b" },
    said("TestA/34_b", "=== RUN   TestA/34_b\n"),
    said("TestA/34_b", "    a_test.go:2: got 199\n"),
    said("TestA/34_b", "    --- FAIL: TestA/34_b (0.00s)\n"),
    { Action: "fail", Test: "TestA/34_b" },
    { Action: "run", Test: "TestA/35_c" },
    said("TestA/35_c", "    a_test.go:3: all is well\n"),
    { Action: "pass", Test: "TestA/35_c" },
    said("TestA", "--- FAIL: TestA (0.00s)\n"),
    { Action: "fail", Test: "TestA" },
    said(undefined, `FAIL\t${PACKAGE}\t0.1s\n`),
    { Action: "fail" },
  );
  assert.equal(
    printed,
    `--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/34_b (0.00s)\n    a_test.go:2: got 199\nFAIL\t${PACKAGE}\t0.1s\n`,
  );
  assert.deepEqual(
    tests.map(({ path, outcome }) => [path.join("/"), outcome]),
    [
      ["", "fail"],
      ["TestA", "fail"],
      ["TestA/34_b", "fail"],
      ["TestA/35_c", "pass"],
    ],
  );
});

test("a Go test that is not heard of again has failed, and what the compiler says is printed", () => {
  const { printed, tests } = read(
    { Action: "run", Test: "TestA" },
    said("TestA", "panic: no\n"),
    { Action: "fail" },
    { Package: undefined, ImportPath: PACKAGE, Action: "build-output", Output: "a.go:1: no\n" },
    "no JSON",
  );
  assert.equal(printed, "panic: no\na.go:1: no\nno JSON\n");
  assert.deepEqual(tests[1], { where: "retry", path: ["TestA"], outcome: "fail" });
});

test("node:test's events give paths, outcomes and the file that was written", async () => {
  const event = (type, nesting, name, more) => ({
    type,
    data: { nesting, name, file: "/x/test-dist/node/retry.test.mjs", ...more },
  });
  const tests = await testsOf([
    event("test:start", 0, "pushback"),
    event("test:start", 1, "34 exact"),
    event("test:pass", 1, "34 exact"),
    event("test:start", 1, "35 stop"),
    event("test:fail", 1, "35 stop"),
    event("test:fail", 0, "pushback"),
    event("test:start", 0, "19 retry"),
    event("test:pass", 0, "19 retry", { skip: "later" }),
    event("test:start", 0, "20 echo"),
    event("test:fail", 0, "20 echo", { todo: true }),
  ]);
  assert.deepEqual(
    tests.map(({ where, path, outcome }) => [where, ...path, outcome]),
    [
      ["retry.test.ts", "pushback", "34 exact", "pass"],
      ["retry.test.ts", "pushback", "35 stop", "fail"],
      ["retry.test.ts", "pushback", "fail"],
      ["retry.test.ts", "19 retry", "skip"],
      ["retry.test.ts", "20 echo", "skip"],
    ],
  );
});
