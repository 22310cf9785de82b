// hedgerow/cors: the lists must agree with what is really sent and read, and with every document that repeats them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { CallOptions, Channel, ChannelOptions } from "hedgerow";
import * as cors from "hedgerow/cors";
import { allowedHeaders, allowedMethods, compressionHeaders, exposedHeaders } from "hedgerow/cors";
import { collect, hedging, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, frame, OK, ok, WEB } from "../support/responses.js";

const UNAVAILABLE = 14;
const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const root = join(packageDir, "..", "..");
const attempts = "grpc-previous-rpc-attempts";

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
const lower = (text: string) => text.toLowerCase();

test("the lists cannot be changed, are in lower case, and name nothing twice", () => {
  assert.deepEqual(Object.keys(cors).sort(), ["allowedHeaders", "allowedMethods", "compressionHeaders", "exposedHeaders"]);
  for (const list of Object.values(cors)) {
    assert.ok(Object.isFrozen(list));
    assert.equal(new Set(list).size, list.length);
    if (list !== allowedMethods) assert.deepEqual(list, list.map(lower));
  }
});

test("importing them loads nothing else", async () => {
  assert.doesNotMatch(await readFile(join(packageDir, "dist", "cors.js"), "utf8"), /\bimport\b|\bfetch\b|globalThis/);
});

type Make = (channel: Channel, options: CallOptions) => Promise<unknown>;

const kinds: Make[] = [
  (channel, options) => channel.unary(METHOD, MESSAGE, options),
  (channel, options) => collect(channel.serverStreaming(METHOD, MESSAGE, options)),
  (channel, options) => channel.clientStreaming(METHOD, [MESSAGE, MESSAGE], options),
  (channel, options) => collect(channel.bidiStreaming(METHOD, [MESSAGE, MESSAGE], options)),
];

/**
 * Makes calls of all kinds, some with a deadline, each answered at the second attempt. Returns the methods and headers of their
 * requests.
 */
async function sent(t: TestContext, options: Partial<ChannelOptions>) {
  const methods: string[] = [];
  const names: string[] = [];
  for (const serviceConfig of [retrying(), hedging()]) {
    for (const make of kinds) {
      for (const call of [{}, { timeoutMs: 10_000 }]) {
        const fake = new FakeFetch(failed(UNAVAILABLE), ok(MESSAGE), ok(MESSAGE));
        await make(await open(t, fake, { serviceConfig, ...options }), call);
        assert.ok(fake.exchanges.length > 1);
        for (const { init, headers } of fake.exchanges) {
          methods.push(init.method ?? "");
          names.push(...headers.map(([name]) => name));
        }
      }
    }
  }
  return { methods: sorted(methods), names: sorted(names) };
}

test("allowedMethods and allowedHeaders are what calls of all kinds send, and no more", async (t) => {
  for (const requestStreaming of [false, true]) {
    const { methods, names } = await sent(t, { requestStreaming });
    assert.deepEqual(methods, allowedMethods);
    assert.deepEqual(names, sorted(allowedHeaders));
  }
});

test('with attemptHeader "never" all of them but one', async (t) => {
  const { names } = await sent(t, { attemptHeader: "never" });
  assert.deepEqual(names, sorted(allowedHeaders.filter((name) => name !== attempts)));
});

test("compressionHeaders are what compression adds, and the text format adds nothing that needs permission", async (t) => {
  const [encoding = "", accepted = ""] = compressionHeaders;
  const added = async (options: Partial<ChannelOptions>) =>
    (await sent(t, options)).names.filter((name) => !allowedHeaders.includes(name));
  assert.deepEqual(await added({ sendCompression: "gzip" }), [encoding]);
  assert.deepEqual(await added({ acceptCompression: ["gzip"] }), [accepted]);
  assert.deepEqual(await added({ format: "text" }), ["accept"]); // browsers let every page send it
});

/** The part of the response that a page of another origin can see. */
function shown(response: Response, exposed: readonly string[]): Response {
  const safelisted = ["content-type", "content-length", "cache-control"];
  const headers = [...response.headers].filter(([name]) => safelisted.includes(name) || exposed.includes(name));
  return new Response(response.body, { status: response.status, headers });
}

/** A failure in which every field has a meaning, and a response with a compressed message. */
const answers: (() => Response)[] = [
  () =>
    failed(UNAVAILABLE, "over%20load", {
      "grpc-status-details-bin": "CA4SCW92ZXIgbG9hZA",
      "grpc-retry-pushback-ms": "-1",
    }),
  () => new Response(new Blob([frame(MESSAGE, 1), OK]), { headers: { ...WEB, "grpc-encoding": "unheard-of" } }),
];

/** Makes calls that get these responses, and returns their results as text. */
async function told(t: TestContext, exposed: readonly string[]): Promise<string> {
  let text = "";
  for (const answer of answers) {
    const fake = new FakeFetch(shown(answer(), exposed), shown(answer(), exposed));
    const channel = await open(t, fake, { serviceConfig: retrying({ maxAttempts: 2 }) });
    const { code, message, details, attempts } = await refused(channel.unary(METHOD, MESSAGE));
    text += JSON.stringify([code, message, details && [...details], attempts.map(({ pushback }) => pushback)]);
  }
  return text;
}

test("exposedHeaders are what is read of a response: all of it is told with them, and less without any one", async (t) => {
  const whole = await told(t, exposedHeaders);
  assert.equal(whole, await told(t, [...exposedHeaders, "grpc-accept-encoding", "date", "server", "x-other"]));
  assert.match(whole, /over load.*\[8,14.*"stop":true.*unheard-of/);
  for (const hidden of exposedHeaders) {
    assert.notEqual(
      await told(
        t,
        exposedHeaders.filter((name) => name !== hidden),
      ),
      whole,
      hidden,
    );
  }
});

/** The names of headers of the protocol in a text. */
function namesIn(text: string): string[] {
  const names = lower(text).match(/\b(?:grpc|x-grpc|x-user)(?:-[a-z]+)+\b|\bcontent-type\b/g) ?? [];
  return sorted(names.filter((name) => name !== "grpc-web"));
}

/** Makes this a page of another origin than the server's. */
function elsewhere(t: TestContext): void {
  Object.defineProperty(globalThis, "location", { configurable: true, value: { href: "https://app.test/" } });
  t.after(() => Reflect.deleteProperty(globalThis, "location"));
}

// A channel that accepts no compressed answer needs no grpc-encoding.
const withoutCompression = exposedHeaders.filter((name) => !compressionHeaders.includes(name));

test("the message of a call that came to no response on another origin has the names of allowedHeaders", async (t) => {
  elsewhere(t);
  const channel = await open(t, new FakeFetch(new TypeError("Failed to fetch")));
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual(namesIn(error.message), sorted(allowedHeaders), error.message);
});

test("the message of a response whose status is hidden has the names of exposedHeaders, and so has its warning", async (t) => {
  elsewhere(t);
  const warnings: (readonly string[] | undefined)[] = [];
  t.mock.method(console, "warn", () => {});
  const channel = await open(t, new FakeFetch(new Response(null, { headers: WEB })), {
    onEvent: (event) => {
      if (event.type === "warning") warnings.push(event.requiredHeaders?.expose);
    },
  });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual(namesIn(error.message), sorted(withoutCompression), error.message);
  assert.deepEqual(
    warnings.map((names = []) => sorted(names)),
    [sorted(withoutCompression)],
  );
});

for (const [readme, section] of [
  ["README.md", "For a backend"],
  ["wasm/npm/README.md", "CORS"],
] as const) {
  test(`${readme} names the header that lists of other clients lack, and the page that has both lists`, async () => {
    const text = await readFile(join(root, readme), "utf8");
    const [, part = ""] = new RegExp(`^## ${section}$(.*?)^## `, "ms").exec(text) ?? [];
    assert.deepEqual(namesIn(part), [attempts]);
    assert.match(part, /\]\([^)]*docs\/cors\.md\)/);
  });
}

test("docs/cors.md has the names of both lists, in its tables and in each configuration", async () => {
  const text = await readFile(join(root, "docs", "cors.md"), "utf8");
  const [tables = ""] = /^## What the server must say$.*?(?=^With)/ms.exec(text) ?? [];
  assert.deepEqual(namesIn(tables), sorted([...allowedHeaders, ...withoutCompression]));
  const configurations = Array.from(
    text.matchAll(/^```(yaml|nginx|go|rust|csharp)\n(.*?)^```$/gms),
    ([, language, code = ""]) => ({
      language,
      names: namesIn(code),
    }),
  );
  const both = sorted([...allowedHeaders, ...exposedHeaders]);
  assert.deepEqual(configurations, [
    { language: "yaml", names: both },
    { language: "nginx", names: both },
    { language: "go", names: sorted(allowedHeaders) }, // the wrapper exposes by itself
    { language: "go", names: sorted([attempts, "grpc-encoding", "grpc-retry-pushback-ms"]) }, // what connectrpc.com/cors lacks
    { language: "rust", names: both },
    { language: "csharp", names: both },
  ]);
});
