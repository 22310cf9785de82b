// Lists the files of the package and the demo page that have grown long, and their long functions: a report to read, not a check that fails.
//
//   node .ci/report.mjs
//
// Long is a file of more than 300 lines, and a function of more than 50. Generated files are left out, and so are tests.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const ts = createRequire(new URL("../wasm/npm/package.json", import.meta.url))("typescript");
const LONG_FILE = 300;
const LONG_FUNCTION = 50;

const tracked = execFileSync("git", ["ls-files", "wasm/npm/src", "demo"], { cwd: root, encoding: "utf8" }).trim().split("\n");
const sources = tracked.filter((path) => /\.(ts|js|mjs)$/.test(path) && !/^demo\/(apps|dist|test)\/|\/abi\/table/.test(path));

const found = [];
for (const path of sources) {
  const text = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  const lines = text.split("\n").length - 1;
  if (lines > LONG_FILE) found.push({ lines, what: path });
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position) => file.getLineAndCharacterOfPosition(position).line + 1;
  (function visit(node) {
    if (ts.isFunctionLike(node) && node.body) {
      const from = lineOf(node.getStart());
      const length = lineOf(node.end) - from + 1;
      if (length > LONG_FUNCTION) found.push({ lines: length, what: `${path}:${from} ${nameOf(node)}` });
    }
    ts.forEachChild(node, visit);
  })(file);
}

console.log(`files of more than ${LONG_FILE} lines, and functions of more than ${LONG_FUNCTION}, in ${sources.length} files:`);
if (found.length === 0) console.log("  none");
for (const { lines, what } of found.sort((a, b) => b.lines - a.lines)) console.log(`  ${String(lines).padStart(4)}  ${what}`);

function nameOf(node) {
  if (ts.isConstructorDeclaration(node)) return `${node.parent.name?.text ?? "class"}.constructor`;
  const name = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return name?.getText() ?? "(an anonymous function)";
}
