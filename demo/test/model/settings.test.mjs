import assert from "node:assert/strict";
import { test } from "node:test";
import { defaults, fromHash, merged, numberOf, toHash } from "../../model/settings.js";

test("a link holds what differs, and gives it back", () => {
  const settings = merged(defaults, {
    config: '{"methodConfig":[]}',
    server: { fails: "share", rate: "70" },
    policy: { policy: "hedging", hedging: { nonFatalStatusCodes: ["ABORTED", "INTERNAL"] }, throttling: { on: true } },
    calls: { seed: "99" },
  });
  const hash = toHash(settings);
  assert.match(hash, /server\.rate=70/);
  assert.doesNotMatch(hash, /maxAttempts/);
  assert.deepEqual(fromHash(`#${hash}`), settings);
  assert.equal(toHash(defaults), "");
});

test("a list that is empty stays empty in a link", () => {
  const settings = merged(defaults, { policy: { retry: { retryableStatusCodes: [] } } });
  assert.deepEqual(fromHash(toHash(settings)), settings);
});

test("a link cannot say what the page does not know", () => {
  assert.deepEqual(fromHash("#server.colour=red&server=x&__proto__.polluted=1&constructor.name=y&calls.toString=z"), defaults);
  assert.equal({}.polluted, undefined);
});

test("what is not a number becomes one that is allowed", () => {
  assert.deepEqual([numberOf("12"), numberOf("x"), numberOf("-3"), numberOf("9", { most: 5 })], [12, 0, 0, 5]);
  assert.equal(merged(defaults, { server: { rate: "1" } }).server.rate, "1");
});
