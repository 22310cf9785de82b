// A reporter for node:test that prints the results as the table wants them: node --test --test-reporter=record-node.mjs.

import { digestOfTree } from "./results.mjs";

export default async function* recordNode(events) {
  const tree = digestOfTree();
  const tests = await testsOf(events);
  yield JSON.stringify({ tree, tests });
}

/** A test is told of before those that are parts of it, and its outcome after theirs; the parts are told of in order. */
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
    });
  }
  return tests;
}

function outcomeOf(type, { skip, todo }) {
  if (isSet(skip) || isSet(todo)) return "skip"; // one to do may fail, and promises nothing
  return type === "test:pass" ? "pass" : "fail";
}

/** A test is skipped with a reason, or without one, which is told as true or as no words. */
function isSet(mark) {
  return mark !== undefined && mark !== false;
}

/** The file that was written, for the one that was translated: …/test-dist/node/retry.test.mjs is retry.test.ts. */
function placeOf(file) {
  return file.replace(/^.*[/\\](test-dist[/\\]\w+|test)[/\\]/, "").replace(/\.mjs$/, ".ts");
}
