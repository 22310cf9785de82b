import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../../model/json-place.js";

const text = `{
  "methodConfig": [
    { "name": [{}],
      "retryPolicy": { "maxAttempts": 1, "retryableStatusCodes": ["A", "B"] } }
  ]
}`;

test("a problem's path finds its place in the JSON", () => {
  const found = (path) => {
    const { from, to, line } = placeOf(text, path);
    return [text.slice(from, to), line];
  };
  assert.deepEqual(found("methodConfig[0].retryPolicy.maxAttempts"), ['"maxAttempts": 1', 4]);
  assert.deepEqual(found("methodConfig[0].retryPolicy.retryableStatusCodes[1]"), ['"B"', 4]);
  assert.match(found("methodConfig[0].retryPolicy.maxBackoff")[0], /^"retryPolicy"/, "what is missing: where it is missing");
  assert.equal(found("retryThrottling.maxTokens")[1], 1);
});

test("text that is not JSON has places as far as it can be read", () => {
  for (const broken of ["", "{", "[", '{"a":', '{"a" 1}', "[,,]", "{,}", '"abc', '{"a":[{'])
    assert.ok(placeOf(broken, "a.b[0]").line === 1, broken);
});
