// Misuse of a channel: a clear rejection, never a synchronous throw, and nothing is sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallOptions, type Channel, type ChannelOptions, Code, Metadata, StatusError } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";

/** Makes the same call both ways; each must be refused with INTERNAL, nothing sent. */
async function refusedBothWays(
  channel: Channel,
  fake: FakeFetch,
  method: unknown,
  message: unknown,
  options?: unknown,
): Promise<StatusError> {
  const args = [method as string, message as Uint8Array, options as CallOptions] as const;
  const unary = channel.unary(...args);
  const stream = channel.serverStreaming(...args);
  const error = await refused(unary);
  assert.equal(error.code, Code.INTERNAL, error.message);
  assert.equal((await refused(collect(stream))).message, error.message);
  assert.equal((await refused(stream.header)).code, Code.INTERNAL);
  assert.equal((await refused(stream.trailer)).code, Code.INTERNAL);
  assert.deepEqual(stream.attempts, []);
  assert.deepEqual(error.attempts, []);
  assert.equal(fake.exchanges.length, 0);
  return error;
}

test("messages that are no Uint8Array", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (const message of [
    "text",
    new ArrayBuffer(3),
    [1, 2, 3],
    undefined,
    null,
    {},
    5,
    new DataView(new ArrayBuffer(3)),
    new Uint16Array(2),
  ]) {
    assert.match((await refusedBothWays(channel, fake, METHOD, message)).message, /Uint8Array/);
  }
});

test("methods that are none", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (const method of [
    "",
    "/",
    "//",
    "M",
    "S/M",
    "/S/",
    "//M",
    "/S/M/",
    "/S/M/N",
    "/S/M?q",
    "/S/M#f",
    "/S/M N",
    "/S/%4d",
    "/S/é",
    "/S/M\n",
    "/S\0/M",
    "/S\\M",
    undefined,
    null,
    5,
    {},
    Symbol("m"),
  ]) {
    assert.match((await refusedBothWays(channel, fake, method, MESSAGE)).message, /method/, String(method));
  }
});

const fields: [string, unknown][] = [
  ["a name with a space", { "x a": "1" }],
  ["an empty name", { "": "1" }],
  ["a name with a newline", { "x\r\ny": "1" }],
  ["a name with a colon", { "x:y": "1" }],
  ["a name beyond ASCII", { "x-é": "1" }],
  ["a NUL in a name", { "x\0-evil\0yes": "1" }],
  ["a newline in a value", { "x-a": "1\r\nx-evil: yes" }],
  ["a NUL in a value", { "x-a": "1\0x-evil\0yes" }],
  ["a NUL in a value that keeps the count", { "x-a": "1\0x-evil", "x-b": "2" }],
  ["text beyond ASCII", { "x-a": "naïve" }],
  ["a lone surrogate", { "x-a": "\ud800" }],
  ["-bin given a string", { "x-bin": "AQID" }],
  ["text given bytes", { "x-a": MESSAGE }],
  ["a number", { "x-a": 5 }],
  ["null", { "x-a": null }],
  ["a list with a hole", { "x-a": ["1", undefined] }],
  ["a reserved grpc- name", { "grpc-timeout": "1S" }],
  ["content-type", { "Content-Type": "text/plain" }],
  ["x-user-agent", [["x-user-agent", "me"]]],
  ["te", { te: "trailers" }],
  ["no metadata at all", "x-a: 1"],
  ["pairs that are none", [["x-a"]]],
];
for (const [name, metadata] of fields) {
  test(`metadata that no request can carry: ${name}`, async (t) => {
    const fake = new FakeFetch();
    const channel = await open(t, fake);
    await refusedBothWays(channel, fake, METHOD, MESSAGE, { metadata });
    const prepared = await open(t, fake, { metadata: () => metadata as Record<string, string> });
    const error = await refused(prepared.unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.INTERNAL, error.message);
    assert.equal(fake.exchanges.length, 0);
  });
}

test("call options of the wrong kind", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (const options of [
    { timeoutMs: Number.NaN },
    { timeoutMs: "5" },
    { timeoutMs: null },
    { maxReceiveMessageBytes: 0 },
    { maxReceiveMessageBytes: -1 },
    { maxReceiveMessageBytes: Number.NaN },
    { maxReceiveMessageBytes: "1" },
    { waitForReady: "yes" },
    { signal: "stop" },
    { signal: {} },
    { onEvent: "log" },
    { metadata: null },
    null,
    "text",
  ]) {
    await refusedBothWays(channel, fake, METHOD, MESSAGE, options);
  }
});

test("Metadata is a case-insensitive multimap that keeps its order", () => {
  const metadata = new Metadata({ "X-A": ["1", "2"], "x-b-bin": MESSAGE });
  assert.equal(metadata.get("x-a"), "1");
  assert.deepEqual(metadata.getAll("X-A"), ["1", "2"]);
  assert.deepEqual(metadata.get("X-B-Bin" as "x-b-bin"), MESSAGE);
  assert.equal(metadata.get("x-none"), undefined);
  assert.deepEqual(metadata.getAll("x-none"), []);
  assert.equal(metadata.set("X-a", "3"), metadata);
  metadata.append("x-c", "").append("x-a", "4");
  assert.ok(metadata.has("x-c"), "an empty value is a value");
  assert.deepEqual(
    [...metadata],
    [
      ["x-a", "3"],
      ["x-b-bin", MESSAGE],
      ["x-c", ""],
      ["x-a", "4"],
    ],
  );
  const copy = new Metadata(metadata);
  assert.equal(metadata.delete("X-A"), true);
  assert.equal(metadata.delete("x-a"), false);
  assert.deepEqual(copy.getAll("x-a"), ["3", "4"], "a copy is its own");
  assert.throws(() => metadata.append("x-bin", "text"), TypeError);
  assert.throws(() => metadata.set("x-a", MESSAGE), TypeError);
  assert.throws(() => new Metadata("x" as unknown as Metadata), TypeError);
});

test("StatusError cannot be made by hand, and errors carry their class's name", async (t) => {
  const error = await refused((await open(t, new FakeFetch(ok()))).unary(METHOD, MESSAGE));
  assert.equal(error.constructor, StatusError);
  assert.equal(StatusError.name, "StatusError");
  assert.match(error.stack ?? "", /StatusError/);
  assert.match(String(error), /^StatusError: UNIMPLEMENTED: .*\(\/pkg\.Service\/Method\)$/);
});

test("what cannot be written as text ends a call like any other error", async (t) => {
  const wordless = (): Promise<never> => Promise.reject(Object.create(null));
  const ended = async (options: Partial<ChannelOptions>) =>
    refused((await open(t, new FakeFetch(ok(MESSAGE)), options)).unary(METHOD, MESSAGE));
  assert.equal((await ended({ metadata: wordless })).code, Code.UNAUTHENTICATED);
  assert.equal((await ended({ fetch: wordless })).code, Code.UNAVAILABLE);
});

test("unknown options of a call are refused like those of a channel", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (const options of [{ timeout: 500 }, { timeoutMS: 500 }, { headers: {} }, { Signal: 1 }, { constructor: 1 }]) {
    const [name] = Object.keys(options);
    const error = await refusedBothWays(channel, fake, METHOD, MESSAGE, options);
    assert.match(error.message, new RegExp(`"${name}".*timeoutMs`));
    assert.equal((await refused(channel.clientStreaming(METHOD, [MESSAGE], options as CallOptions))).message, error.message);
    assert.equal(
      (await refused(collect(channel.bidiStreaming(METHOD, [MESSAGE], options as CallOptions)))).message,
      error.message,
    );
  }
});

test("an object of very many options is refused before they are looked at", async (t) => {
  const fake = new FakeFetch();
  const options = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`option${i}`, undefined]));
  assert.match((await refusedBothWays(await open(t, fake), fake, METHOD, MESSAGE, options)).message, /unknown option "option0"/);
});

test("an unknown option that is undefined is none", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const channel = await open(t, fake);
  assert.deepEqual((await channel.unary(METHOD, MESSAGE, { timeout: undefined } as CallOptions)).message, MESSAGE);
});
