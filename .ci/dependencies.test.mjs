// docs/dependencies.md lists every direct dependency with its reason and its licence, and nothing else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => readFileSync(root + path, "utf8");
const document = read("docs/dependencies.md");

/** The rows of the table under a heading: the name in their first cell, and the licence in their third. */
function listed(heading) {
  const section = document.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  assert.ok(rows.length > 0, `there is no table under ${heading}`);
  return new Map(
    rows
      .map((row) => row.split(" | "))
      .map(([name, why, licence]) => [name.slice(3, -1), { why, licence: licence.replace(/ \|$/, "") }]),
  );
}

/** What a go.mod requires directly, without its own replacements, and its tools. */
function goModule(folder) {
  const { Require, Replace, Tool } = JSON.parse(
    execFileSync("go", ["mod", "edit", "-json"], {
      cwd: root + folder,
      encoding: "utf8",
      env: { ...process.env, GOTOOLCHAIN: "local" },
    }),
  );
  const replaced = new Set((Replace ?? []).map(({ Old }) => Old.Path));
  const direct = (Require ?? []).filter(({ Path, Indirect }) => !Indirect && !replaced.has(Path)).map(({ Path }) => Path);
  return { direct, tools: (Tool ?? []).map(({ Path }) => Path) };
}

test("the Go module's", () => {
  assert.deepEqual([...listed("The Go module").keys()].sort(), goModule(".").direct.sort());
});

test("those of the other Go modules", () => {
  const own = new Set(listed("The Go module").keys());
  const names = [...listed("Go modules for tests and tools, which users do not inherit").keys()];
  const all = ["interop", "tools", "tools/tinygo"].map(goModule);
  const direct = all.flatMap(({ direct }) => direct).filter((path) => !own.has(path));
  const tools = all.flatMap(({ tools }) => tools);
  const of = (path) => names.find((name) => path === name) ?? names.find((name) => path.startsWith(`${name}/`));
  const unlisted = [...direct, ...tools].filter((path) => !of(path) && ![...own].some((name) => path.startsWith(`${name}/`)));
  assert.deepEqual(unlisted, []);
  const used = new Set([...direct, ...tools].map(of));
  assert.deepEqual(
    names.filter((name) => !used.has(name)),
    [],
  );
});

test("the npm package's, with the licences that they say they have", () => {
  const { devDependencies, peerDependencies } = JSON.parse(read("wasm/npm/package.json"));
  const aliased = ([name, version]) => version.match(/^npm:(.+)@/)?.[1] ?? name;
  const names = [...new Set(Object.entries(devDependencies).map(aliased))].sort();
  const table = listed("The npm package");
  assert.deepEqual([...table.keys()].sort(), names);
  for (const [name, { licence }] of table) {
    assert.equal(licence, JSON.parse(read(`wasm/npm/node_modules/${name}/package.json`)).license, `the licence of ${name}`);
  }
  for (const name of Object.keys(peerDependencies)) assert.ok(document.includes(`\`${name}\``), `${name} is a peer dependency`);
});
