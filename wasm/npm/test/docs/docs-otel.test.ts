// The code of docs/otel.md, as it stands there: the program's span, those of its calls and their attempts, and what is sent to the
// server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { context, propagation, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { StackContextManager } from "@opentelemetry/sdk-trace";
import { type Channel, Code } from "hedgerow";
import { createTestServer, fail, reply } from "hedgerow/testing";
import { codeOf, programs } from "../support/documents.js";
import { Telemetry } from "../support/otel.js";

type Checkout = (channel: Channel, order: Uint8Array) => Promise<void>;

test("docs/otel.md: spans of calls lie within the program's own, and the server is told of each attempt's", async (t) => {
  const [plain = "", checkout = "", session = "", ...more] = await codeOf("otel.md");
  assert.equal(
    more.length,
    0,
    "docs/otel.md has three blocks of TypeScript: a channel, a span around a call, metadata of one's own",
  );
  const files = {
    "plain.ts": plain,
    "checkout.ts": checkout,
    "with-session.ts": session,
    "session.ts": `export const token = async (): Promise<string> => "secret";`,
  };
  const run = await programs("otel", files, ["plain.ts", "checkout.ts", "with-session.ts"]);

  const telemetry = new Telemetry();
  context.setGlobalContextManager(new StackContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(telemetry.tracerProvider);
  t.after(() => {
    for (const api of [context, propagation, trace]) api.disable();
  });

  const place = ((await run("checkout.ts")) as { checkout: Checkout }).checkout;
  for (const [name, authorization] of [
    ["plain.ts", undefined],
    ["with-session.ts", "Bearer secret"],
  ] as const) {
    const server = createTestServer({ baseUrl: "https://api.example.com" });
    t.mock.method(globalThis, "fetch", server.fetch);
    const { channel } = (await run(name)) as { channel: Channel };
    server.on("/shop.Orders/Place", reply(new Uint8Array()), fail(Code.ABORTED));
    const before = telemetry.spans.length;
    await place(channel, new Uint8Array());
    const [attempt, call, own] = telemetry.spans.slice(before);
    assert.deepEqual([attempt?.name, call?.name, own?.name], ["Attempt.shop.Orders.Place", "Sent.shop.Orders.Place", "checkout"]);
    assert.equal(attempt?.parentSpanContext?.spanId, call?.spanContext().spanId);
    assert.equal(call?.parentSpanContext?.spanId, own?.spanContext().spanId);
    const [request] = server.requests();
    assert.ok(request?.metadata.get("traceparent")?.includes(attempt?.spanContext().spanId ?? "none"));
    assert.equal(request?.metadata.get("authorization"), authorization);
    await assert.rejects(place(channel, new Uint8Array()), { code: Code.ABORTED });
    channel.close();
  }
});
