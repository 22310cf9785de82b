import assert from "node:assert/strict";
import { test } from "node:test";
import { marked, panned, zoomed } from "../../src/inspector/zoom.js";

test("a zoom keeps its instant where it is, and stays within the run", () => {
  const all = { from: 0, to: 1000 };
  assert.deepEqual(zoomed(all, 2, 500, 1000), { from: 250, to: 750 });
  assert.deepEqual(zoomed(all, 2, 0, 1000), { from: 0, to: 500 });
  assert.equal(zoomed({ from: 250, to: 750 }, 0.5, 500, 1000), undefined, "all of it is no zoom");
  assert.deepEqual(panned({ from: 0, to: 500 }, 2, 1000), { from: 500, to: 1000 });
  assert.deepEqual(marked(700, 300, 1000), { from: 300, to: 700 });
  assert.deepEqual(marked(300, 300, 1000), { from: 300, to: 305 });
});
