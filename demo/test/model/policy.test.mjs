import assert from "node:assert/strict";
import { test } from "node:test";
import { configOf, defaults, fieldOf, textOf, valuesOf } from "../../model/policy.js";

const name = [{ service: "hedgerow.chaos.v1.Chaos" }];

test("the form's values become a service config", () => {
  assert.deepEqual(configOf(defaults), {
    methodConfig: [
      {
        name,
        retryPolicy: {
          maxAttempts: 4,
          initialBackoff: "0.2s",
          maxBackoff: "2s",
          backoffMultiplier: 2,
          retryableStatusCodes: ["UNAVAILABLE"],
        },
      },
    ],
  });
  assert.deepEqual(configOf({ ...defaults, policy: "none", timeout: "1.5" }), { methodConfig: [{ name, timeout: "1.5s" }] });
});

test("what is wrong or missing is left for the package to refuse", () => {
  const retry = { ...defaults.retry, maxAttempts: "many", initialBackoff: "5m", maxBackoff: " ", retryableStatusCodes: [] };
  assert.deepEqual(configOf({ ...defaults, retry }).methodConfig[0].retryPolicy, {
    maxAttempts: "many",
    initialBackoff: "5m",
    backoffMultiplier: 2,
    retryableStatusCodes: [],
  });
});

test("a config goes back into the form", () => {
  for (const policy of ["none", "retry", "hedging"]) {
    const values = { ...defaults, policy, timeout: "3", throttling: { on: true, maxTokens: "20", tokenRatio: "0.5" } };
    assert.deepEqual(valuesOf(configOf(values), defaults), values);
  }
});

test("a config that says more than the form can show is not taken for less", () => {
  const config = configOf(defaults);
  const [method] = config.methodConfig;
  const more = [
    { ...config, loadBalancingConfig: [] },
    { methodConfig: [method, { name: [{}] }] },
    { methodConfig: [{ ...method, name: [{}] }] },
    { methodConfig: [{ ...method, waitForReady: "yes" }] },
    { methodConfig: [{ ...method, retryPolicy: { ...method.retryPolicy, retryableStatusCodes: [14] } }] },
    { methodConfig: [{ ...method, retryPolicy: { ...method.retryPolicy, maxAttempts: "4" } }] },
    { methodConfig: null },
    undefined,
    null,
    7,
  ];
  for (const one of more) assert.equal(valuesOf(one, defaults), undefined, JSON.stringify(one));
});

test("the text keeps lists of plain values on one line", () => {
  const values = {
    ...defaults,
    policy: "hedging",
    hedging: { ...defaults.hedging, nonFatalStatusCodes: ["UNAVAILABLE", "ABORTED"] },
  };
  assert.match(textOf(configOf(values)), /\n {8}"nonFatalStatusCodes": \["UNAVAILABLE", "ABORTED"\]\n/);
  assert.deepEqual(JSON.parse(textOf(configOf(values))), configOf(values));
});

test("a problem's path finds its field", () => {
  assert.equal(fieldOf("methodConfig[0].retryPolicy.maxAttempts"), "retry.maxAttempts");
  assert.equal(fieldOf("methodConfig[0].hedgingPolicy.nonFatalStatusCodes[2]"), "hedging.nonFatalStatusCodes");
  assert.equal(fieldOf("methodConfig[0].timeout"), "timeout");
  assert.equal(fieldOf("retryThrottling.tokenRatio"), "throttling.tokenRatio");
  assert.equal(fieldOf("methodConfig[1].retryPolicy.maxAttempts"), undefined);
  assert.equal(fieldOf(""), undefined);
});
