// A reporter for node:test, which prints the results in the form that table.mjs reads: node --test --test-reporter=record-node.mjs.

import { digestOfTree } from "./results.mjs";

export default async function* recordNode(events) {
  const tree = digestOfTree();
  const tests = await testsOf(events);
  yield JSON.stringify({ tree, tests });
}

/** node:test reports the start of a test before those of its subtests, and its outcome after theirs. Subtests come in their order. */
export async function testsOf(events) {
  const tests = [];
  const open = [];
  for await (const { type, data } of events) {
    if (type === "test:start") open[data.nesting] = data.name;
    if (type !== "test:pass" && type !== "test:fail") continue;
    tests.push({
      where: placeOf(data.file ?? ""),
      path: [...open.slice(0, data.nesting), data.name],
      outcome: outcomeOf(type, data),
      ...(typeof data.skip === "string" && data.skip !== "" ? { why: data.skip } : {}),
    });
  }
  return tests;
}

function outcomeOf(type, { skip, todo }) {
  if (isSet(skip) || isSet(todo)) return "skip"; // A test that is marked as todo may fail, so it proves nothing.
  return type === "test:pass" ? "pass" : "fail";
}

/** A test may be skipped with a reason or without one. In the latter case the mark is true or an empty string. */
function isSet(mark) {
  return mark !== undefined && mark !== false;
}

/** The source of a translated test: retry.test.ts for …/test-dist/node/retry.test.mjs. */
function placeOf(file) {
  return file.replace(/^.*[/\\](test-dist[/\\]\w+|test)[/\\]/, "").replace(/\.mjs$/, ".ts");
}
