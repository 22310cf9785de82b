// The label grpc.client.call.custom (gRFC A108), with the SDK's own providers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "hedgerow";
import { instrument } from "hedgerow/otel";
import { hedging, MESSAGE, METHOD, open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { TARGET, Telemetry } from "../support/otel.js";
import { failed, ok } from "../support/responses.js";

/** Each value of the label, with the instruments that have it. undefined: the attribute is not there. */
async function labels(telemetry: Telemetry): Promise<Map<unknown, string[]>> {
  const found = new Map<unknown, string[]>();
  for (const { descriptor, dataPoints } of await telemetry.metrics()) {
    for (const { attributes } of dataPoints) {
      const label = attributes["grpc.client.call.custom"];
      const names = new Set(found.get(label)).add(descriptor.name.replace("grpc.client.", ""));
      found.set(label, [...names].sort());
    }
  }
  return found;
}

const ALWAYS = ["attempt.duration", "attempt.started", "call.duration", "call.retry_delay"];

test("A108 all metrics of a call have the label that the application gave it where it was made", async (t) => {
  const telemetry = new Telemetry();
  let page: string | undefined = "cart";
  const asked: unknown[] = [];
  const customLabel = (call: unknown) => {
    asked.push(call);
    return page;
  };
  const onEvent = instrument({ ...telemetry, target: TARGET, customLabel });
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE), failed(Code.UNAVAILABLE), ok(MESSAGE), ok(MESSAGE));
  const retried = await open(t, fake, { onEvent, serviceConfig: retrying() });
  const hedged = await open(t, fake, { onEvent, serviceConfig: hedging({ maxAttempts: 2 }) });
  const call = retried.unary(METHOD, MESSAGE);
  page = "search"; // after the call was made
  await call;
  await hedged.unary(METHOD, MESSAGE);
  page = undefined;
  await retried.unary(METHOD, MESSAGE);
  const found = await labels(telemetry);
  assert.deepEqual([...found.keys()], ["cart", "search", ""]);
  assert.deepEqual(found.get("cart"), [...ALWAYS, "call.retries"].sort());
  assert.deepEqual(found.get("search"), [...ALWAYS, "call.hedges", "hedgerow.client.call.hedging_delay"].sort());
  assert.deepEqual(found.get(""), ALWAYS);
  assert.equal(asked.length, 3);
  assert.deepEqual(Object.keys(asked[0] as object), ["callId", "method"]);
  assert.equal((asked[0] as { method: string }).method, METHOD);
});

test("A108 without the option there is no such attribute", async (t) => {
  const telemetry = new Telemetry();
  const channel = await open(t, new FakeFetch(ok(MESSAGE)), { onEvent: instrument({ ...telemetry, target: TARGET }) });
  await channel.unary(METHOD, MESSAGE);
  assert.deepEqual([...(await labels(telemetry)).keys()], [undefined]);
});

test("A108 a function that throws costs the label, not the measurement; what is no function is refused", async () => {
  const telemetry = new Telemetry();
  const thrown = new Error("no page");
  const customLabel = () => {
    throw thrown;
  };
  const listen = instrument({ ...telemetry, target: TARGET, customLabel });
  const base = { callId: 1, method: METHOD, at: 0 };
  assert.throws(() => listen({ ...base, type: "callStarted", policy: "none", maxAttempts: 1 }), thrown);
  listen({ ...base, type: "callEnded", code: Code.OK, statusMessage: "", attempts: 1, reason: "responseHeaders" });
  assert.deepEqual([...(await labels(telemetry))], [["", ["call.duration", "call.retry_delay"]]]);
  assert.throws(
    () => instrument({ target: TARGET, customLabel: "cart" as never }),
    new TypeError("customLabel must be a function that returns a call's value of the attribute grpc.client.call.custom"),
  );
});
