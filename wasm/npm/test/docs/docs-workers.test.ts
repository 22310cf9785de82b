// The code of docs/fetch.md, docs/service-worker.md and docs/worker.md, as it stands there.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Client } from "@connectrpc/connect";
import type { Channel } from "hedgerow";
import type { Greeter } from "../gen/helloworld/helloworld_pb.js";
import { retrying } from "../support/calls.js";
import { codeOf, compiled } from "../support/documents.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { replace } from "../support/gzip.js";
import { failed, ok } from "../support/responses.js";

const standIns = {
  "gen/greeter_pb.ts": 'export * from "../../../../test/gen/helloworld/helloworld_pb.js";',
  "service-config.json": JSON.stringify(retrying({ maxAttempts: 2 })),
};

test("docs/fetch.md: a call of connect-web is retried", async (t) => {
  const [code = "", ...more] = await codeOf("fetch.md");
  assert.equal(more.length, 0);
  const fake = new FakeFetch(failed(14), ok(Uint8Array.of(10, 2, 72, 105))); // message: "Hi"
  replace(t, "fetch", fake.fetch);
  const { greeter } = (await compiled("fetch", { ...standIns, "greet.ts": code }, "greet.ts")) as {
    greeter: Client<typeof Greeter>;
  };
  assert.equal((await greeter.sayHello({ name: "Ada" })).message, "Hi");
  assert.deepEqual(fake.previous, [undefined, "1"]);
});

/** Adds to the global scope what a service worker's has and Node's does not, until the test ends. */
function putScope(t: TestContext, scope: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(scope)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { configurable: true, value });
    t.after(() => {
      if (before) Object.defineProperty(globalThis, name, before);
      else Reflect.deleteProperty(globalThis, name);
    });
  }
}

test("docs/service-worker.md: it listens, takes over at once, and is registered", async (t) => {
  const [install = "", register = "", atOnce = "", ...more] = await codeOf("service-worker.md");
  assert.equal(more.length, 0);
  const listeners: [string, (event: object) => void][] = [];
  const asked: unknown[] = [];
  putScope(t, {
    addEventListener: (...args: (typeof listeners)[number]) => listeners.push(args),
    location: new URL("https://app.example.com/sw.js"),
    self: { skipWaiting: () => asked.push("skipWaiting"), clients: { claim: () => "claimed" } },
    navigator: { serviceWorker: { register: (...args: unknown[]) => asked.push(args) } },
  });
  await compiled("service-worker", { ...standIns, "sw.ts": install }, "sw.ts");
  assert.deepEqual(
    listeners.map(([type]) => type),
    ["install", "fetch"],
  );
  await compiled("service-worker-at-once", { "sw.ts": `${atOnce}export {};` }, "sw.ts");
  for (const [, listener] of listeners.slice(2)) listener({ waitUntil: (done: unknown) => asked.push(done) });
  await compiled("service-worker-page", { "page.ts": `${register}export {};` }, "page.ts");
  assert.deepEqual(asked, ["skipWaiting", "claimed", ["/sw.js", { type: "module" }]]);
});

test("docs/worker.md: a channel in a worker, where there is none", async (t) => {
  const [code = "", ...more] = await codeOf("worker.md");
  assert.equal(more.length, 0);
  t.mock.method(globalThis, "fetch", async () => assert.fail("nothing is called"));
  const { open } = (await compiled("worker", { "open.ts": code }, "open.ts")) as {
    open(token: () => Promise<string>): Promise<Channel>;
  };
  await assert.rejects(
    open(async () => "token"),
    { name: "ConfigError", message: /worker/ },
  );
});
