// Writes into docs/install.md how the tests of the apps ended, tool by tool: from the results that make test-apps-all keeps, and the versions
// in the lock files.
//
//   node tables.mjs           writes the tables
//   node tables.mjs --check   fails if they are not what the results say

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load } from "../../.ci/scenarios/results.mjs";

const document = fileURLToPath(new URL("../../docs/install.md", import.meta.url));

/** The tools, with the package whose version counts and the word with which their tests begin. */
const tools = [
  ["Vite", "vite", "vite"],
  ["React, with Vite", "react", "react"],
  ["SvelteKit", "@sveltejs/kit", "sveltekit"],
  ["Next.js", "next", "Next.js", "next"],
  ["Angular", "@angular/build", "angular"],
  ["webpack", "webpack", "webpack"],
  ["Rspack, by Rsbuild", "@rsbuild/core", "rspack"],
  ["esbuild", "esbuild", "esbuild"],
  ["Rollup", "rollup", "rollup"],
  ["Parcel", "parcel", "parcel"],
  ["no bundler", undefined, "page"],
];

/** The runtimes and the test runners. */
const runtimes = [
  ["Node 20", undefined, "Node 20"], // the one that runs the tests themselves
  ["Node 22", "node-22", "Node 22"],
  ["Node 24", "node-24", "Node 24"],
  ["Deno", "deno", "Deno"],
  ["Bun", "@oven/bun-linux-x64", "Bun"],
  ["Cloudflare Workers, by Wrangler", "wrangler", "Cloudflare"],
  ["Vercel's edge runtime", "edge-runtime", "Vercel"],
  ["Vitest", "vitest", "Vitest"],
  ["Jest", "jest", "Jest"],
];

const tests = ["apps", "apps-more"].flatMap((suite) => {
  const results = load(suite);
  if (!results) fail(`there are no results of ${suite}: run make test-apps-all`);
  return results.tests.filter(({ path }) => path.length === 1).map(({ path: [name], outcome }) => ({ name, outcome }));
});
const locks = [".", "more"].map((folder) =>
  JSON.parse(readFileSync(new URL(`${folder}/package-lock.json`, import.meta.url), "utf8")),
);

function versionOf(name) {
  if (!name) return "";
  const found = locks.map(({ packages }) => packages[`node_modules/${name}`]?.version).find(Boolean);
  return found ?? fail(`no lock file has ${name}`);
}

/** The tests whose names begin with one of the words; what they are about, and whether all of them passed. */
function outcomes(words) {
  return tests
    .filter(({ name }) => words.some((word) => name.startsWith(`${word}: `)))
    .map(({ name, outcome }) => ({ about: name.slice(name.indexOf(": ") + 2), passed: outcome === "pass" }));
}

function cell(found) {
  if (found.length === 0) return "–";
  return found.every(({ passed }) => passed) ? "works" : "**fails**";
}

const toolRows = tools.map(([title, from, ...words]) => {
  const found = outcomes(words);
  const development = found.filter(({ about }) => /development server|hot reload/.test(about));
  const production = found.filter((one) => !development.includes(one));
  return `| ${title} | ${versionOf(from)} | ${development.length > 0 ? cell(development) : "has none"} | ${cell(production)} |`;
});
const runtimeRows = runtimes.map(([title, from, ...words]) => {
  const found = outcomes(words);
  const done = [...new Set(found.filter(({ passed }) => passed).map(({ about }) => about))];
  const failed = found.filter(({ passed }) => !passed).map(({ about }) => `**fails:** ${about}`);
  return `| ${title} | ${versionOf(from)} | ${[...done, ...failed].join("; ") || "–"} |`;
});

const text = readFileSync(document, "utf8");
const made = text
  .replace(/(?<=^\| tool \| version \|.*\n\|.*\n)(\|.*\n)*/m, () => `${toolRows.join("\n")}\n`)
  .replace(/(?<=^\| runtime \| version \|.*\n\|.*\n)(\|.*\n)*/m, () => `${runtimeRows.join("\n")}\n`);
if (process.argv.includes("--check")) {
  if (made !== text)
    fail("the tables of docs/install.md are not what the tests of the apps gave (with Node 20): run node demo/apps/tables.mjs");
} else writeFileSync(document, made);

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
