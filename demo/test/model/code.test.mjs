import assert from "node:assert/strict";
import { test } from "node:test";
import { programsOf } from "../../model/code.js";
import { defaults, merged } from "../../model/settings.js";

test("settings become programs that name only what is not usual", () => {
  const settings = merged(defaults, { channel: { jitter: "plusMinus20", maxRetryAttempts: "7" } });
  const [[, ts], [, go], [, json]] = programsOf({ ...settings, config: '{\n  "methodConfig": []\n}' }, "http://localhost");
  assert.match(ts, /serviceConfig: {\n {4}"methodConfig": \[\]\n {2}},\n {2}jitter: "plusMinus20",\n {2}maxRetryAttempts: 7,/);
  assert.doesNotMatch(ts, /attemptHeader/);
  assert.match(ts, /"\/hedgerow\.chaos\.v1\.Chaos\/Do"/, "a method that the config's name matches");
  assert.match(go, /grpcweb\.WithJitter\(grpcweb\.PlusMinus20\)/);
  assert.match(go, /grpcweb\.WithMaxRetryAttempts\(7\)/);
  assert.equal(json, '{\n  "methodConfig": []\n}');
});
