import assert from "node:assert/strict";
import { test } from "node:test";
import { reasonText } from "../../model/reasons.js";

test("without a policy a failure is final because there is none, not because of its code", () => {
  assert.equal(reasonText("fatalStatus", "none"), "no policy: the first failure is final");
  assert.match(reasonText("fatalStatus", "retry"), /a code that the policy does not list/);
});
