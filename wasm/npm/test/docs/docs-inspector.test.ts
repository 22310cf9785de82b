// The code of docs/inspector.md, as it stands there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestServer, reply } from "hedgerow/testing";
import { codeOf, programs } from "../support/documents.js";

test("docs/inspector.md: what userTiming measures is what the comments say", async (t) => {
  const [timing = ""] = await codeOf("inspector.md");
  const run = await programs("inspector", { "timing.ts": timing }, ["timing.ts"]);
  const server = createTestServer({ baseUrl: "https://api.example.com" });
  server.on("/helloworld.Greeter/SayHello", reply(new Uint8Array()));
  t.mock.method(globalThis, "fetch", server.fetch);
  const { mock } = t.mock.method(console, "log", () => {});
  t.after(() => performance.clearMeasures());
  await run("timing.ts");
  const said = mock.calls.map(({ arguments: [name] }) => name);
  const promised = Array.from(timing.matchAll(/^\/\/ (helloworld.*) \d+$/gm), ([, name]) => name);
  assert.deepEqual(said, promised);
});
