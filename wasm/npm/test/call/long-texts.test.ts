// Texts of any length that come from an application or a fetch of its own: none may cost the page its WebAssembly.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConfigError, type Metadata } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok, WEB } from "../support/responses.js";

/** Longer than what Go is handed at once. In bytes of UTF-8 it is three times as long. */
const LONG = "\u20ac".repeat((4 << 20) + 1);
const ASCII = "x".repeat((4 << 20) + 1);

test("metadata and methods that are too long are refused, and other calls go on", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  const other = channel.unary(METHOD, MESSAGE);
  const refusals = [
    channel.unary(METHOD, MESSAGE, { metadata: { "x-long": ASCII } }),
    collect(channel.bidiStreaming(METHOD, [MESSAGE], { metadata: { "x-long-bin": new Uint8Array(4 << 20) } })),
    channel.unary(`/a.B/${LONG}`, MESSAGE),
  ];
  for (const refusal of refusals) {
    const error = await refused(refusal);
    assert.deepEqual([error.code, error.attempts.length], [Code.INTERNAL, 0]);
    assert.match(error.message, /too long: \d+ characters, of at most 4194304/);
  }
  assert.equal(fake.exchanges.length, 1);
  fake.exchanges[0]?.respond(ok(MESSAGE));
  assert.equal((await other).message.length, MESSAGE.length);
});

test("options that are too long are refused with a ConfigError", async (t) => {
  for (const options of [{ serviceConfig: ` ${ASCII}{}` }, { metadata: { "x-long": ASCII } }, { serviceConfig: { x: LONG } }]) {
    const error = await open(t, new FakeFetch(), options).catch((error: unknown) => error);
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /the service config and the other options are too long: \d+ characters/);
  }
});

test("an attempt's own metadata that is too long ends its call, and an error of any length is cut", async (t) => {
  const fake = new FakeFetch();
  let give: () => Record<string, string> = () => ({ "x-long": ASCII });
  const channel = await open(t, fake, { metadata: async () => give() });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual([error.code, fake.exchanges.length], [Code.INTERNAL, 0]);
  assert.match(error.message, /the metadata is too long: \d+ characters/);
  give = () => {
    throw new Error(LONG);
  };
  const thrown = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(thrown.code, Code.UNAUTHENTICATED);
  assert.ok(thrown.message.length < LONG.length);
  const trailer = { [Symbol.iterator]: () => [["x-long", ASCII]].values() } as unknown as Metadata;
  give = () => {
    throw Object.assign(Object.create({ name: "StatusError" }), { code: Code.ABORTED, message: LONG, trailer });
  };
  const status = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(status.code, Code.ABORTED);
  assert.ok(status.message.length < LONG.length);
});

test("what a fetch says at any length ends its own call only", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  const calls = [0, 1, 2, 3].map(() => channel.unary(METHOD, MESSAGE));
  const [rejected, heady, broken, fine] = fake.exchanges;
  rejected?.fail(new Error(LONG));
  heady?.respond({
    status: 200,
    headers: new Map([...Object.entries(WEB), ["x-long", ASCII]]),
    body: null,
  } as unknown as Response);
  const body = new ReadableStream({ start: (controller) => controller.error(new Error(LONG)) });
  broken?.respond(new Response(body, { headers: WEB }));
  fine?.respond(ok(MESSAGE));
  const [lost, odd, cut] = await Promise.all(calls.slice(0, 3).map(refused));
  assert.deepEqual([lost?.code, odd?.code, cut?.code], [Code.UNAVAILABLE, Code.INTERNAL, Code.UNAVAILABLE]);
  assert.match(odd?.message ?? "", /head is too long/);
  assert.equal((await calls[3])?.message.length, MESSAGE.length);
});
