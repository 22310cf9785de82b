// The code of the package's README and of the pages that go with it, as it stands there: type-checked, bundled and run, each block against
// answers that its text is about.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { type Channel, Code } from "hedgerow";
import { createTestServer, fail, reply, type TestRequest, type TestServer } from "hedgerow/testing";
import { type Greeter, HelloReplySchema, HelloRequestSchema } from "../gen/helloworld/helloworld_pb.js";
import { settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { blocksOf, codeOf, programs, textOf } from "../support/documents.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

const README = "wasm/npm/README.md";
const pages = ["start", "calls", "retries", "errors", "migrate"].map((name) => `docs/${name}.md`);
const SAY_HELLO = "/helloworld.Greeter/SayHello";

const text = await textOf(README);
const blocks = (await Promise.all([README, ...pages].map(async (page) => blocksOf(await textOf(page))))).flat();
const [serviceWorker = ""] = await codeOf("service-worker.md");

/** CommonJS cannot be in a module's bundle, so Node loads it. */
function commonJs(file: string, name: string): string {
  return `
    import { createRequire } from "node:module";
    export const { ${name} } = createRequire(\`\${process.env["HEDGEROW_PACKAGE"]}/test/index.js\`)(
      "./gen/grpc-web/helloworld/${file}.js",
    ) as typeof import("../../../../../test/gen/grpc-web/helloworld/${file}.js");`;
}

/** The files that take the place of the reader's generated code and session. */
const standIns = {
  "gen/greeter_pb.ts": `export * from "../../../../test/gen/helloworld/helloworld_pb.js";`,
  "gen/greeter.client.ts": `export * from "../../../../test/gen/protobuf-ts/helloworld/helloworld.client.js";`,
  "gen/grpc-web/greeter_pb.ts": commonJs("helloworld_pb", "HelloRequest"),
  "gen/grpc-web/greeter_grpc_web_pb.ts": commonJs("helloworld_grpc_web_pb", "GreeterPromiseClient"),
  "session.ts": `
    export const token = async (_: AbortSignal): Promise<string> => "old";
    export const freshToken = async (_: AbortSignal): Promise<string> => "fresh";`,
};

/**
 * The programs by their names. A block's name is in its first line, or else is its heading with a number. A diff stands for the
 * program that it makes.
 */
const files: Record<string, string> = {};
for (const { heading, language, code } of blocks) {
  if (language === "json") files["service-config.json"] = code;
  if (language !== "ts" && language !== "diff") continue;
  const number = Object.keys(files).filter((name) => name.startsWith(`${heading} `)).length + 1;
  const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `${heading} ${number}.ts`;
  files[name] = language === "ts" ? code : code.replace(/^-.*\n/gm, "").replace(/^[+ ]/gm, "");
}
const entries = Object.keys(files).filter((name) => name.endsWith(".ts"));
files["sw.ts"] = serviceWorker; // which migrate.md has a page register
const run = await programs("readme", { ...standIns, ...files }, [...entries, "sw.ts"], ["node"]);
const ran = new Set<string>();

interface Scene {
  readonly server: TestServer;
  /** What the program wrote to the console. */
  readonly said: string[];
  /** Runs the program, and returns what it exports. */
  play(name: string): Promise<unknown>;
}

/** The surroundings of a program: a server where it expects one, and a console. */
function scene(t: TestContext): Scene {
  const server = createTestServer({ baseUrl: "https://api.example.com" });
  t.mock.method(globalThis, "fetch", server.fetch);
  const said: string[] = [];
  for (const method of ["log", "warn", "error"] as const) {
    t.mock.method(console, method, (...words: unknown[]) => said.push(words.map(String).join(" ")));
  }
  const play = (name: string): Promise<unknown> => {
    ran.add(name);
    return run(name);
  };
  return { server, said, play };
}

function greet({ message }: TestRequest) {
  const { name } = fromBinary(HelloRequestSchema, message);
  return reply(toBinary(HelloReplySchema, create(HelloReplySchema, { message: `Hello ${name}` })));
}

const atOnce = { pushbackMs: 0 };

test("README: the start retries", async (t) => {
  const { server, said, play } = scene(t);
  server.on(SAY_HELLO, fail(Code.UNAVAILABLE, atOnce), greet);
  await play("Start 1.ts");
  assert.deepEqual(said, ["Hello Ada"]);
  server.verify();
});

test("start.md: a greeter that retries, and a channel whose fetch fails twice", async (t) => {
  const { server, said, play } = scene(t);
  server.on(SAY_HELLO, fail(Code.UNAVAILABLE, atOnce), greet);
  const { greeter } = (await play("greeter.ts")) as { greeter: Client<typeof Greeter> };
  assert.equal((await greeter.sayHello({ name: "Ada" })).message, "Hello Ada");
  server.on(SAY_HELLO, greet);
  t.mock.method(Math, "random", () => 0);
  await play("unreliable.ts");
  const [shown] = blocks.filter(({ heading, language }) => heading === "Watch it retry" && language === "text");
  assert.equal(`${said.join("\n")}\n`, shown?.code);
  server.verify();
});

test("calls.md: bytes", async (t) => {
  const { server, said, play } = scene(t);
  server.on(SAY_HELLO, greet);
  await play("Messages as bytes 1.ts");
  assert.deepEqual(said, ["Hello Ada 1"]);
  assert.equal(server.requests()[0]?.timeoutMs, 5000);
});

for (const name of ["From connect-web 1.ts", "From connect-web 2.ts", "From protobuf-ts 1.ts", "From grpc-web 1.ts"]) {
  test(`migrate.md: ${name.replace(".ts", "")}`, async (t) => {
    const { server, said, play } = scene(t);
    server.on(SAY_HELLO, greet);
    await play(name);
    assert.deepEqual(said, ["Hello Ada"]);
    server.verify();
  });
}

/** Puts something into the global scope, until the test ends. */
function provide(t: TestContext, name: string, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  t.after(() => {
    if (own) Object.defineProperty(globalThis, name, own);
    else Reflect.deleteProperty(globalThis, name);
  });
}

test("migrate.md: the service worker takes gRPC-Web calls of the API, and the page registers it", async (t) => {
  const { server, play } = scene(t);
  const registered: unknown[] = [];
  provide(t, "navigator", { serviceWorker: { register: async (...of: unknown[]) => registered.push(...of) } });
  await play("From @improbable-eng/grpc-web, or any other client 1.ts");
  assert.deepEqual(registered, ["/sw.js", { type: "module" }]);

  const listeners: Record<string, (event: unknown) => void> = {};
  provide(t, "location", new URL("https://app.example.com/sw.js"));
  provide(t, "addEventListener", (type: string, listener: (event: unknown) => void) => {
    listeners[type] = listener;
  });
  await play("sw.ts");
  server.on("/S/M", fail(Code.UNAVAILABLE, atOnce), reply(new Uint8Array()));
  const responses: Promise<Response>[] = [];
  const request = (url: string) => {
    const headers = { "content-type": "application/grpc-web+proto" };
    const made = new Request(url, { method: "POST", headers, body: new Uint8Array(5) });
    listeners["fetch"]?.({ request: made, respondWith: (response: Promise<Response>) => responses.push(response) });
  };
  request("https://elsewhere.example.com/S/M");
  assert.equal(responses.length, 0);
  request("https://api.example.com/S/M");
  assert.equal((await responses[0])?.status, 200);
  server.verify();
});

test("README: the service config is valid, and the channel retries and hedges by it", async (t) => {
  const { server, play } = scene(t);
  const { channel } = (await play("channel.ts")) as { channel: Channel };
  server.on("/S/M", fail(Code.UNAVAILABLE, atOnce), reply(new Uint8Array()));
  assert.equal((await channel.unary("/S/M", new Uint8Array())).attempts[1]?.kind, "retry");
  server.on("/shop.Catalog/Search", fail(Code.UNAVAILABLE), reply(new Uint8Array()));
  assert.equal((await channel.unary("/shop.Catalog/Search", new Uint8Array())).attempts[1]?.kind, "hedge");
  assert.deepEqual(
    server.requests().map(({ timeoutMs }) => Math.ceil(timeoutMs / 1000)),
    [10, 10, 2, 2],
  );
  channel.close();
});

test("errors.md: calls", async (t) => {
  const { server, said, play } = scene(t);
  server.on("/shop.Orders/Place", fail(Code.FAILED_PRECONDITION), fail(Code.NOT_FOUND, { message: "no such plant" }));
  await play("Errors 1.ts");
  assert.deepEqual(said.splice(0), ["sold out"]);
  await play("Errors 1.ts");
  assert.match(said.join(), /^StatusError: NOT_FOUND: no such plant \(\/shop.Orders\/Place\) fatalStatus /);
});

test("errors.md: channels", async (t) => {
  const { said, play } = scene(t);
  const config = `{"methodConfig":[{"name":[{}],"timeout":"5m"}],"retryThrottling":{"maxTokens":0,"tokenRatio":1}}`;
  t.mock.method(globalThis, "fetch", async (url: string) => {
    assert.equal(url, "/service-config.json");
    return new Response(config);
  });
  await play("Errors 2.ts");
  assert.deepEqual(
    said.map((line) => line.split(":")[0]),
    ["methodConfig[0].timeout", "retryThrottling.maxTokens"],
  );
});

test("errors.md: the listener prints what is shown of a call", async (t) => {
  const { said, play } = scene(t);
  const clock = new Clock(t);
  t.mock.method(Math, "random", () => 0.4);
  const later = (response: Response) => () => new Promise<Response>((resolve) => setTimeout(() => resolve(response), 12));
  const fake = new FakeFetch(
    later(failed(Code.UNAVAILABLE, "shutting down")),
    later(new Response("<h1>503</h1>", { status: 503, headers: { "content-type": "text/html" } })),
    later(ok(new Uint8Array())),
  );
  t.mock.method(globalThis, "fetch", fake.fetch);
  const done = play("log.ts");
  for (let n = 1; n <= 3; n++) {
    await fake.request(n);
    await settle();
    await clock.advance(n < 3 ? 12 : 1000);
    await settle();
    const [timer] = clock.timers.values();
    if (n < 3) await clock.advance((timer?.at ?? 0) - clock.now);
  }
  await done;
  const [shown] = blocks.filter(({ heading, language }) => heading === "Events" && language === "text");
  assert.equal(`${said.join("\n")}\n`, shown?.code);
});

test("calls.md: a token that has run out costs one attempt", async (t) => {
  const { server, play } = scene(t);
  const list = ({ metadata }: TestRequest) =>
    metadata.get("authorization") === "Bearer fresh" ? reply(new Uint8Array()) : fail(Code.UNAUTHENTICATED, atOnce);
  server.on("/shop.Orders/List", list, list);
  await play("Metadata and credentials 1.ts");
  assert.deepEqual(
    server.requests().map(({ metadata }) => [metadata.get("authorization"), metadata.get("x-tenant")]),
    [
      ["Bearer old", "garden"],
      ["Bearer fresh", "garden"],
    ],
  );
});

test("calls.md: a deadline", async (t) => {
  const { said, play } = scene(t);
  const clock = new Clock(t);
  const fake = new FakeFetch();
  t.mock.method(globalThis, "fetch", fake.fetch);
  const done = play("Deadlines and cancelling 1.ts");
  await fake.request(1);
  await settle();
  await clock.advance(2999);
  assert.deepEqual(said, []);
  await clock.advance(1);
  await done;
  assert.deepEqual(said, ["too slow"]);
});

test("calls.md: a stream is read until the program leaves it", async (t) => {
  const { server, said, play } = scene(t);
  server.on("/shop.Orders/Watch", reply([new Uint8Array(3), new Uint8Array(), new Uint8Array(9)]));
  await play("Streams 1.ts");
  assert.deepEqual(said, ["3", "0"]);
});

test("every program of these pages was run", () => {
  assert.deepEqual(
    entries.filter((name) => !ran.has(name)),
    [],
  );
});

test("README: all options are there", async () => {
  const source = await readFile(join(process.env["HEDGEROW_PACKAGE"] ?? ".", "src/api/options.ts"), "utf8");
  const fieldsOf = (name: string) => {
    const [, body = ""] = new RegExp(`^export interface ${name} .*?\\{\\n(.*?)^\\}`, "ms").exec(source) ?? [];
    return Array.from(body.matchAll(/^ {2}(\w+)\??: /gm), ([, field = ""]) => field);
  };
  const [, section = ""] = /^## All options$(.*?)^## /ms.exec(text) ?? [];
  const [channel = "", call = ""] = section.split("Options of a call:");
  const named = (part: string) => Array.from(part.matchAll(/`(\w+)`/g), ([, name = ""]) => name);
  const lacking = (part: string, ...of: string[]) => of.flatMap(fieldsOf).filter((name) => !named(part).includes(name));
  assert.ok(fieldsOf("ChannelOptions").length > 20 && fieldsOf("CallOptions").length > 5 && fieldsOf("LoadOptions").length > 3);
  assert.deepEqual(lacking(channel, "ChannelOptions", "LoadOptions"), []);
  assert.deepEqual(lacking(call, "CallOptions"), []);
});

test("README: all entries are named", async () => {
  const { exports } = JSON.parse(await textOf("wasm/npm/package.json"));
  const entries = Object.keys(exports).filter((name) => /^\.\/[a-z-]+$/.test(name));
  assert.ok(entries.length > 9);
  assert.deepEqual(
    entries.filter((name) => !text.includes(`\`hedgerow/${name.slice(2)}\``)),
    [],
  );
});

test("the front page shows the start, and counts the cases of the conformance suite as they are run", async () => {
  const page = await textOf("README.md");
  const codes = blocksOf(page).flatMap(({ language, code }) => (language === "ts" ? [code] : []));
  assert.deepEqual(codes, [files["Start 1.ts"]]);
  const runs: { readonly cases: number }[] = JSON.parse(await textOf("conformance/runs.json"));
  assert.deepEqual(
    Array.from(page.matchAll(/^ {2}\| .* \| (\d+) \|$/gm), ([, cases]) => Number(cases)),
    runs.map(({ cases }) => cases),
  );
});

test("the front page has the sums of the package's sizes", async () => {
  const sizes = (page: string) =>
    /<!-- size:begin -->\n(.+?)\n<!-- size:end -->/s.exec(page)?.[1] ?? assert.fail("there are no sizes");
  const brotli = (part: string) => new RegExp(`^\\| ${part} .*\\| (\\S+ KB) \\|$`, "m").exec(sizes(text))?.[1];
  assert.equal(
    sizes(await textOf("README.md")),
    `A page loads ${brotli("together")} after brotli: ${brotli("`hedgerow.wasm`")} of WebAssembly and ${brotli("JavaScript")} of JavaScript.`,
  );
});
