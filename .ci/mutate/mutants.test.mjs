// Tests what a run of make mutate makes of mutants, without running any.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { change, fillProfile, judge, parseExplained } from "./mutants.mjs";

test("a mutant is named by its line before and after", () => {
  const source = "\tif é <= n && x >= 1 {\n\t\tsum += n &^ m - 1 // +\n";
  const changed = (type, line, column) => change(source, { type, line, column }).after;
  // é takes two bytes, and columns count bytes.
  assert.deepEqual(change(source, { type: "CONDITIONALS_BOUNDARY", line: 1, column: 8 }), {
    before: "if é <= n && x >= 1 {",
    after: "if é < n && x >= 1 {",
  });
  assert.equal(changed("CONDITIONALS_NEGATION", 1, 18), "if é <= n && x < 1 {");
  assert.equal(changed("INVERT_LOGICAL", 1, 13), "if é <= n || x >= 1 {");
  assert.equal(changed("INVERT_ASSIGNMENTS", 2, 7), "sum -= n &^ m - 1 // +");
  assert.equal(changed("REMOVE_SELF_ASSIGNMENTS", 2, 7), "sum = n &^ m - 1 // +");
  assert.equal(changed("INVERT_BITWISE", 2, 12), "sum += n & m - 1 // +");
  assert.equal(changed("ARITHMETIC_BASE", 2, 17), "sum += n &^ m + 1 // +");
  assert.throws(() => changed("ARITHMETIC_BASE", 2, 1), /nothing for ARITHMETIC_BASE in line 2, column 1/);
});

const written = `# A comment.
a/b.go
- if n < 1 {
+ if n <= 1 {
n is never 1:
it is even.

a/c.go
- n++
+ n--
Nobody reads it.
`;

test("explanations are read", () => {
  assert.deepEqual(parseExplained(written), [
    { file: "a/b.go", before: "if n < 1 {", after: "if n <= 1 {", reason: "n is never 1: it is even." },
    { file: "a/c.go", before: "n++", after: "n--", reason: "Nobody reads it." },
  ]);
  assert.throws(() => parseExplained("a/b.go\n- x\n+ y\n"), /a reason/);
  assert.throws(() => parseExplained("a/b.go\n+ x\n- y\nBecause.\n"), /a reason/);
});

test("the explanations of the core are of files that exist", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const explanations = parseExplained(readFileSync(new URL("explained.txt", import.meta.url), "utf8"));
  assert.deepEqual(
    explanations.filter(({ file }) => !existsSync(root + file)),
    [],
  );
});

test("a run is judged", () => {
  const mutant = (status, before, after, file = "a/b.go") => ({ status, file, before, after });
  const mutants = [
    mutant("KILLED", "x", "y"),
    mutant("TIMED OUT", "x", "z"),
    mutant("NOT VIABLE", "x", "w"),
    mutant("LIVED", "if n < 1 {", "if n <= 1 {"),
    mutant("NOT COVERED", "x", "v"),
    mutant("KILLED", "n++", "n--", "a/c.go"),
  ];
  const { killed, explained, surviving, stale, all, percent } = judge(mutants, parseExplained(written), ["a"]);
  assert.deepEqual([killed.length, explained.length, surviving.length, all, percent], [3, 1, 1, 5, 60]);
  assert.deepEqual(
    stale.map(({ file }) => file),
    ["a/c.go"],
  );
  assert.deepEqual(judge([], parseExplained(written), ["a/b", "b"]).stale, [], "explanations of packages that did not run");
});

test("what lies between the blocks of a profile is tested too", () => {
  const profile = `mode: set
m/a.go:5.10,7.2 1 0
m/a.go:3.10,4.2 2 0
m/a.go:7.2,9.3 1 1
m/a.go:3.10,4.2 2 1
`;
  assert.equal(
    fillProfile(profile),
    `mode: set
m/a.go:1.1,3.10 0 1
m/a.go:3.10,4.2 2 1
m/a.go:4.2,5.10 0 1
m/a.go:5.10,7.2 1 0
m/a.go:7.2,9.3 1 1
m/a.go:9.3,1000000.1 0 1
`,
  );
});
