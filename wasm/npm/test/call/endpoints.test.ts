// Several base URLs (SEMANTICS 8.6), over a fake fetch.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallEvent, type Channel, type ChannelOptions, Code, ConfigError, createChannel } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import { hedging, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

const [A, B, C] = ["https://a.test", "https://b.test/grpc", "https://c.test"] as const;
const several: Partial<ChannelOptions> = { baseUrl: [A, `${B}/`, C], serviceConfig: retrying() };
const busy = () => failed(Code.UNAVAILABLE, "busy");
const hosts = (fake: FakeFetch) => fake.exchanges.map(({ url }) => url.slice(0, -METHOD.length));

test("158 a retry goes to another endpoint than the attempt before, and new calls stay where they were answered", async (t) => {
  const events: CallEvent[] = [];
  const fake = new FakeFetch(busy(), new TypeError("Failed to fetch"), ok(MESSAGE), ok(MESSAGE));
  const channel = await open(t, fake, { ...several, onEvent: (event) => events.push(event) });
  const { attempts } = await channel.unary(METHOD, MESSAGE);
  assert.deepEqual(hosts(fake), [A, B, C]);
  assert.deepEqual(
    attempts.map(({ endpoint }) => endpoint),
    [A, B, C],
  );
  assert.deepEqual(
    events.flatMap((event) => (event.type === "attemptStarted" ? [event.endpoint] : [])),
    [A, B, C],
  );
  assert.equal((await channel.unary(METHOD, MESSAGE)).attempts[0]?.endpoint, C);
});

test("158 a hedge goes to another endpoint too", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(undefined, ok(MESSAGE));
  const channel = await open(t, fake, { ...several, serviceConfig: hedging({ hedgingDelay: "0.1s" }) });
  const call = channel.unary(METHOD, MESSAGE);
  await clock.advance(100);
  await call;
  assert.deepEqual(hosts(fake), [A, B]);
});

test("163 errors say which endpoint it was; with one base URL nothing is said", async (t) => {
  const fake = new FakeFetch(busy(), new TypeError("Failed to fetch"));
  const channel = await open(t, fake, { ...several, serviceConfig: retrying({ maxAttempts: 2 }) });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.match(error.message, /POST https:\/\/b\.test\/grpc\/pkg\.Service\/Method/);
  assert.ok(error.explain().includes(`: UNAVAILABLE from ${A}, UNAVAILABLE from ${B}. `), error.explain());

  const one = await refused((await open(t, new FakeFetch(busy()), { baseUrl: [A] })).unary(METHOD, MESSAGE));
  assert.ok(!("endpoint" in (one.attempts[0] as object)));
  assert.ok(!one.explain().includes(A), one.explain());
});

test("166 lists that are no lists of base URLs are refused, each entry with its path", async () => {
  for (const [baseUrl, paths] of [
    [[], ["baseUrl"]],
    [
      [A, 7, "ftp://x.test"],
      ["baseUrl[1]", "baseUrl[2]"],
    ],
    [[A, B, `${A}/`], ["baseUrl[2]"]],
    [["api.test"], ["baseUrl"]],
    [Array.from({ length: 17 }, (_, i) => `https://h${i}.test`), ["baseUrl[16]"]],
  ] as const) {
    const error = await createChannel({ baseUrl } as unknown as ChannelOptions).then(
      (channel: Channel) => channel.close(),
      (error: unknown) => error,
    );
    assert.ok(error instanceof ConfigError, `${baseUrl}: ${error}`);
    assert.deepEqual(
      error.problems.map(({ path }) => path),
      paths,
    );
  }
});

test("167 createFetch takes calls to any of the base URLs, and sends them to the one that is well", async (t) => {
  const fake = new FakeFetch(busy(), ok(MESSAGE), ok(MESSAGE));
  const fetch = createFetch(await open(t, fake, several), { fetch: async () => new Response("other") });
  const init = { method: "POST", headers: { "content-type": "application/grpc-web+proto" }, body: new Uint8Array(8) };
  for (const url of [A, C]) assert.equal((await fetch(`${url}${METHOD}`, init)).status, 200);
  assert.deepEqual(hosts(fake), [A, B, B]);
  assert.equal(await (await fetch(`https://d.test${METHOD}`, init)).text(), "other");
});
