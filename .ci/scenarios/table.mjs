// Prints every scenario with the tests that carry its number and how they ended, from the results in build/results. Fails if a scenario
// has no test and is not listed as open, if a test failed, or if the tests were not run in one of the runtimes.
//
//   node table.mjs           prints the table
//   node table.mjs --stale   prints the targets of the Makefile whose results are missing, have failures, or are of another tree

import { readFileSync } from "node:fs";
import { digestOfTree, load, runtimes } from "./results.mjs";
import { carriersOf, scenariosOf, worst } from "./scenarios.mjs";

const results = new Map(runtimes.map(({ name }) => [name, load(name)]).filter(([, found]) => found !== undefined));
const tree = digestOfTree();

if (process.argv[2] === "--stale") {
  const stale = ({ name }) => results.get(name)?.tree !== tree || results.get(name).tests.some(failed);
  const targets = runtimes.filter(stale).map(({ target }) => target);
  console.log(targets.join(" "));
} else {
  const scenarios = scenariosOf(readFileSync(new URL("scenarios.md", import.meta.url), "utf8"));
  const exceptions = JSON.parse(readFileSync(new URL("exceptions.json", import.meta.url), "utf8"));
  const carriers = carriersOf(results, scenarios.size);
  const rows = [...scenarios].map(([number, text]) => rowOf(number, text, carriers, exceptions));
  printLine("no", ({ title }) => title, "scenario, and below it its tests");
  for (const row of rows) printRow(row);
  printNotes(exceptions);
  const problems = problemsOf(rows);
  for (const problem of problems) console.log(problem);
  const count = rows.filter(hasRun).length;
  console.log(`${count} of ${rows.length} scenarios have tests, ${rows.filter(({ open }) => open).length} are open.`);
  if (problems.length > 0) process.exitCode = 1;
}

/** One scenario: its tests, and for each runtime how they ended there, or a word for the reason why the scenario cannot happen there. */
function rowOf(number, text, carriers, { impossible, open }) {
  const tests = carriers.filter(({ numbers }) => numbers.includes(number));
  const words = {};
  for (const { word, scenarios, runtimes } of impossible) {
    if (scenarios.includes(number)) for (const runtime of runtimes) words[runtime] = word;
  }
  const outcomes = {};
  for (const test of tests) {
    for (const [runtime, outcome] of Object.entries(test.outcomes)) outcomes[runtime] = worst(outcomes[runtime], outcome);
  }
  return { number, text, tests, words, outcomes, open: open[number] };
}

function printRow({ number, text, tests, words, outcomes, open }) {
  const none = open && !hasRun({ outcomes }) ? "open" : "–";
  const cell = ({ name }) => cellOf(outcomes[name]) ?? words[name] ?? none;
  printLine(String(number), cell, open ? `${text} [open: ${open}]` : text);
  for (const test of tests) printLine("", ({ name }) => cellOf(test.outcomes[name]) ?? "", `    ${nameOf(test)}`);
}

/** Prints a line of the table. cell returns the text for the column of a runtime. */
function printLine(number, cell, text) {
  const cells = runtimes.map((runtime) => cell(runtime).padEnd(9));
  console.log(`${number.padStart(3)}  ${cells.join("")} ${text}`.trimEnd());
}

function printNotes({ impossible }) {
  console.log("");
  for (const { word, why } of impossible) console.log(`${word}: ${why}`);
  console.log("–: the scenario has no test in this runtime");
  for (const { title } of runtimes.filter(({ name }) => results.has(name) && results.get(name).tree !== tree)) {
    console.log(`${title}: a file has changed since these tests began`);
  }
}

function problemsOf(rows) {
  const problems = [];
  for (const { name, title, target } of runtimes) {
    if (!results.has(name)) problems.push(`the tests were not run in ${title}: run make ${target}`);
    for (const test of failuresOf(results.get(name)?.tests ?? [])) problems.push(`failed in ${title}: ${nameOf(test)}`);
  }
  for (const { number, words, outcomes } of rows) {
    for (const { name, title } of runtimes.filter(({ name }) => words[name] && isRun(outcomes[name]))) {
      problems.push(
        `scenario ${number} has a test in ${title}, where it cannot happen according to exceptions.json: ${words[name]}`,
      );
    }
  }
  const bare = rows.filter((row) => !row.open && !hasRun(row));
  if (bare.length > 0) problems.push(`scenarios without a test: ${bare.map(({ number }) => number).join(", ")}`);
  return problems;
}

/** The tests that failed, without those that failed only because one of their subtests did. */
function failuresOf(tests) {
  const all = tests.filter(failed);
  const within = (part, { where, path }) =>
    part.where === where && part.path.length > path.length && path.every((name, i) => name === part.path[i]);
  return all.filter((test) => !all.some((part) => within(part, test)));
}

function hasRun({ outcomes }) {
  return Object.values(outcomes).some(isRun);
}

function isRun(outcome) {
  return outcome === "pass" || outcome === "fail";
}

function failed({ outcome }) {
  return outcome === "fail";
}

function cellOf(outcome) {
  return outcome === "fail" ? "FAIL" : outcome;
}

function nameOf({ where, path }) {
  return `${where} ${path.join(where.endsWith(".ts") ? " > " : "/")}`.trim();
}
