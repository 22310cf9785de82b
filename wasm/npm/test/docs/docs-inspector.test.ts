// The code of docs/inspector.md, as it stands there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestServer, reply } from "hedgerow/testing";
import { codeOf, programs } from "../support/documents.js";

test("docs/inspector.md: an inspector is attached and detached", async (t) => {
  const [inspect = ""] = await codeOf("inspector.md");
  const run = await programs("inspector", { "inspect.ts": inspect }, ["inspect.ts"]);
  const server = createTestServer({ baseUrl: "https://api.example.com" });
  server.on("/helloworld.Greeter/SayHello", reply(new Uint8Array()));
  t.mock.method(globalThis, "fetch", server.fetch);
  // Node has no DOM: the element is the class alone, and browser/inspector.test.ts has the rest.
  const { HedgerowInspector } = await import("hedgerow/inspector");
  const body = { append() {} };
  Object.assign(globalThis, { document: { createElement: () => new HedgerowInspector(), body } });
  t.after(() => Reflect.deleteProperty(globalThis, "document"));
  await run("inspect.ts");
  assert.equal(server.requests().length, 1);
});

test("docs/inspector.md: what userTiming measures is what the comments say", async (t) => {
  const [, timing = "", ...more] = await codeOf("inspector.md");
  assert.equal(more.length, 0, "docs/inspector.md has two blocks of TypeScript");
  const run = await programs("inspector", { "timing.ts": timing }, ["timing.ts"]);
  const server = createTestServer({ baseUrl: "https://api.example.com" });
  server.on("/helloworld.Greeter/SayHello", reply(new Uint8Array()));
  t.mock.method(globalThis, "fetch", server.fetch);
  const { mock } = t.mock.method(console, "log", () => {});
  t.after(() => performance.clearMeasures());
  await run("timing.ts");
  const said = mock.calls.map(({ arguments: [name] }) => String(name).replace(/#\d+/, "#1"));
  const promised = Array.from(timing.matchAll(/^\/\/ (helloworld.*) \d+$/gm), ([, name]) => name);
  assert.deepEqual(said, promised);
});
