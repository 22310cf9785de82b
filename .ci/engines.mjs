// Writes the table of docs/engines.md: which part of the package was tested in which browser engine, and how that ended. It is made of
// the results that the runs of the tests keep in build/results: of make test-browser in each engine, and of make test-webkit.
//
//   node .ci/engines.mjs --write    writes the table
//   node .ci/engines.mjs --check    fails if a test failed, or if the table says anything else but for the numbers of tests

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load, root } from "./scenarios/results.mjs";

const page = join(root, "docs", "engines.md");
const [BEGIN, END] = ["<!-- written by node .ci/engines.mjs --write -->", "<!-- end -->"];

/** The parts: the files of test/browser that test them, and how the names of their tests in test/webkit begin. */
const features = [
  [
    "Unary calls, streams, retries, hedges, deadlines and aborts",
    ["package"],
    ["unary", "stream", "retry", "hedge", "deadline", "abort"],
  ],
  ["Loading, Content-Security-Policy, `hedgerow/inline`", ["load"], ["inline", "strict CSP", "CSP without"]],
  ["What a page's policy forbids, redirects, iframes", ["faults"], ["CSP whose"]],
  ["The errors of a first hour", ["first-hour"], []],
  ["Answers of broken servers", ["broken"], []],
  ["Leaving the page", ["leaving"], ["leaving"]],
  ["Pages that sleep, or are in the back/forward cache", ["page-life"], []],
  ["CORS and the attempts header", ["cors"], ["CORS"]],
  ["Text format, compression, headers", ["formats"], []],
  ["Client and bidirectional streams over fetch, being offline", ["streaming"], ["requestStreaming"]],
  ["WebSockets", ["web-socket"], ["WebSocket"]],
  ["`worker: true`", ["worker", "worker-life", "worker-page", "worker-parity"], ["worker"]],
  ["`hedgerow/service-worker`", ["service-worker", "service-worker-life"], ["service worker"]],
  ["`hedgerow/fetch`, and the adapters for other clients", ["fetch", "adapters"], []],
  ["`<hedgerow-inspector>` and `userTiming`", ["inspector"], []],
  ["Go: `jsbridge`, `grpcweb`, `grpcconn`, the app to copy", ["go", "go-app", "go-program.ts"], []],
  ["The demo page and the playground", ["console", "demo", "demo-access", "demo-stories", "playground"], []],
];

const [how] = process.argv.slice(2);
const before = readFileSync(page, "utf8");
const { table, failed, untold } = drawn();
const [head, rest] = before.split(BEGIN);
const [, foot] = rest.split(END);
const after = `${head}${BEGIN}\n\n${table}\n${END}${foot}`;
if (untold.length > 0) fail(`these files of test/browser belong to no part: name them in .ci/engines.mjs: ${untold.join(" ")}`);
if (failed.length > 0) fail(`these tests failed:\n${failed.join("\n")}`);
if (how === "--write") writeFileSync(page, after);
else if (words(after) !== words(before))
  fail("the table of docs/engines.md is not that of the last runs: node .ci/engines.mjs --write");

function words(text) {
  return text.replace(/\d+/g, "");
}

function drawn() {
  const [chromium, firefox, webkit] = ["chromium", "firefox", "webkit"].map((name) => leaves(name));
  const fileOf = ({ where }) => where.replace(/^(browser|webkit)\//, "").replace(/\.test\.ts$/, "");
  const rows = features.map(([title, files, names]) => {
    const ofFiles = (tests) => tests.filter((one) => files.includes(fileOf(one)));
    const ofNames = webkit.filter(({ path }) => names.some((name) => new RegExp(`^${name}\\b`).test(path[0])));
    return `| ${[title, cell(ofFiles(chromium)), cell(ofFiles(firefox)), cell(ofNames)].join(" | ")} |`;
  });
  const all = [...chromium, ...firefox, ...webkit];
  const known = features.flatMap(([, files]) => files);
  return {
    table: [
      'A number counts tests; behind "not" is why the others cannot run there.',
      "",
      "| part | Chromium | Firefox | WebKitGTK |",
      "|---|---|---|---|",
      ...rows,
      "",
    ].join("\n"),
    failed: all.filter(({ outcome }) => outcome === "fail").map(({ where, path }) => `${where}: ${path.join(" > ")}`),
    untold: [...new Set([...chromium, ...firefox].map(fileOf))].filter((file) => !known.includes(file)),
  };
}

/** The tests that have no parts. A file that is itself a test of node:test's is none. */
function leaves(engine) {
  const results = load(engine);
  if (!results && process.env.CI !== "true") {
    console.log(`docs/engines.md: not compared, because there are no results of ${engine} (make test-all makes them)`);
    process.exit(0);
  }
  if (!results) fail(`there are no results of ${engine}`);
  const { tests } = results;
  const keyOf = (where, path) => JSON.stringify([where, ...path]);
  const parents = new Set(tests.map(({ where, path }) => keyOf(where, path.slice(0, -1))));
  return tests.filter(({ where, path }) => !parents.has(keyOf(where, path)));
}

/** "12 tests", or "9 tests; 3 not: why". */
function cell(tests) {
  const passed = tests.filter(({ outcome }) => outcome === "pass").length;
  const skipped = tests.filter(({ outcome }) => outcome === "skip");
  if (tests.length === 0) return "not tested";
  const reasons = [...new Set(skipped.map(({ why = "" }) => why.replace(/^\S+_test\.go:\d+: /, "")))].filter(Boolean).sort();
  const left = skipped.length > 0 ? `${skipped.length} not: ${reasons.join("; ")}` : "";
  return [passed > 0 ? `${passed} ok` : "", left].filter(Boolean).join("; ");
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
