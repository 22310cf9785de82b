// Misuse: a clear rejection, never a synchronous throw, and nothing is sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CallOptions,
  type Channel,
  type ChannelOptions,
  Code,
  ConfigError,
  createChannel,
  Metadata,
  StatusError,
} from "hedgerow";
import { collect, FakeFetch, MESSAGE, METHOD, ok, open, refused } from "./support.js";

/** The problems that an options object has. createChannel must reject, not throw. */
async function problems(options: unknown): Promise<Record<string, string>> {
  const pending = createChannel(options as ChannelOptions);
  const error = await pending.then(
    (channel) => channel.close(),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ConfigError, `expected a ConfigError, not ${String(error)}`);
  for (const { path, reason } of error.problems) assert.ok(error.message.includes(path) && error.message.includes(reason));
  return Object.fromEntries(error.problems.map(({ path, reason }) => [path, reason]));
}

const baseUrl = "https://api.test";

test("16 everything that is wrong is told at once, each with its path", async () => {
  const found = await problems({
    baseUrl: "ftp://api.test",
    jitter: "some",
    maxRetryAttempts: 0,
    fetch: "fetch",
    colour: "red",
    worker: true,
    metadata: { "grpc-status": "0" },
    serviceConfig: {
      methodConfig: [
        {
          name: [{ method: "M" }],
          retryPolicy: { maxAttempts: 1, initialBackoff: "1", backoffMultiplier: 0, retryableStatusCodes: [] },
        },
        { name: [{}], timeout: "5m", hedgingPolicy: { maxAttempts: "3", hedgingDelay: "-1s", nonFatalStatusCodes: ["NOPE"] } },
      ],
      retryThrottling: { maxTokens: 0 },
    },
  });
  assert.deepEqual(Object.keys(found).sort(), [
    "baseUrl",
    "colour",
    "fetch",
    "jitter",
    "maxRetryAttempts",
    "metadata",
    "methodConfig[0].name[0].service",
    "methodConfig[0].retryPolicy.backoffMultiplier",
    "methodConfig[0].retryPolicy.initialBackoff",
    "methodConfig[0].retryPolicy.maxAttempts",
    "methodConfig[0].retryPolicy.maxBackoff",
    "methodConfig[0].retryPolicy.retryableStatusCodes",
    "methodConfig[1].hedgingPolicy.hedgingDelay",
    "methodConfig[1].hedgingPolicy.maxAttempts",
    "methodConfig[1].hedgingPolicy.nonFatalStatusCodes[0]",
    "methodConfig[1].timeout",
    "retryThrottling.maxTokens",
    "retryThrottling.tokenRatio",
    "worker",
  ]);
});

const unbuilt: Partial<Record<keyof ChannelOptions, unknown>> = {
  headerCommit: "firstFrame",
  format: "text",
  sendCompression: "gzip",
  acceptCompression: ["gzip"],
  requestStreaming: true,
  webSocket: true,
  worker: true,
};
for (const [name, value] of Object.entries(unbuilt)) {
  test(`an option that is not built yet is refused by name: ${name}`, async () => {
    const found = await problems({ baseUrl, [name]: value });
    assert.deepEqual(Object.keys(found), [name]);
    assert.match(found[name] ?? "", /not built yet/);
  });
}

test("the values that mean the same as leaving an option out are taken, undefined too", async () => {
  const channel = await createChannel({
    baseUrl,
    headerCommit: "strict",
    format: "binary",
    sendCompression: "identity",
    acceptCompression: [],
    requestStreaming: false,
    webSocket: false,
    worker: false,
    maxRetryAttempts: undefined,
    metadata: undefined,
    fetch: undefined,
    serviceConfig: "{}",
    maxSendMessageBytes: Number.POSITIVE_INFINITY,
    maxRetryBufferSize: Number.POSITIVE_INFINITY,
    defaultTimeoutMs: Number.POSITIVE_INFINITY,
  });
  channel.close();
});

test("numbers that make no sense", async () => {
  for (const name of [
    "maxRetryAttempts",
    "maxRetryBufferSize",
    "maxRetryBufferPerCallSize",
    "maxReceiveMessageBytes",
    "maxSendMessageBytes",
    "defaultTimeoutMs",
  ]) {
    for (const value of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY, "5", null, {}, 10n]) {
      assert.deepEqual(Object.keys(await problems({ baseUrl, [name]: value })), [name], `${name}: ${String(value)}`);
    }
  }
});

test("base URLs", async () => {
  for (const url of [
    undefined,
    null,
    "",
    5,
    {},
    "nonsense",
    "/relative",
    "//host",
    "ftp://host",
    "https://",
    "https://a b",
    "https://u:p@host",
    "https://host/?q=1",
    "https://host/#f",
    "javascript:alert(1)",
  ]) {
    const found = await problems({ baseUrl: url });
    assert.deepEqual(Object.keys(found), ["baseUrl"], String(url));
    assert.ok((found["baseUrl"] ?? "").length > 10);
  }
});

test("no options at all, or none that are an object", async () => {
  for (const options of [undefined, null, "https://api.test", 5]) {
    assert.match((await problems(options))[""] ?? "", /baseUrl/);
  }
});

test("service configs that are none", async () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  for (const serviceConfig of [
    "",
    "{",
    "[]",
    "null",
    "\0",
    5,
    null,
    true,
    circular,
    { toJSON: () => undefined },
    { methodConfig: {} },
    { big: 1n },
  ]) {
    const found = await problems({ baseUrl, serviceConfig });
    assert.equal(Object.keys(found).length, 1, String(serviceConfig));
  }
});

test("channel metadata that no request can carry", async () => {
  for (const metadata of [
    { "": "x" },
    { "x y": "1" },
    { "x-a": "\n" },
    { "x-a": "é" },
    { "x-a": "a\0b" },
    { "x-bin": "text" },
    { "x-a": MESSAGE },
    { host: "h" },
    "text",
    5,
    [["x-a"]],
    [5],
  ]) {
    const found = await problems({ baseUrl, metadata });
    assert.deepEqual(Object.keys(found), ["metadata"], JSON.stringify(metadata));
  }
});

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
    { waitForReady: true },
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

test("what later versions bring is UNIMPLEMENTED, in words", async (t) => {
  const channel = await open(t, new FakeFetch());
  const error = await refused(channel.clientStreaming(METHOD, [MESSAGE]));
  assert.equal(error.code, Code.UNIMPLEMENTED);
  assert.match(error.message, /clientStreaming is not built yet/);
  const stream = channel.bidiStreaming(METHOD, [MESSAGE]);
  assert.equal((await refused(collect(stream))).code, Code.UNIMPLEMENTED);
  assert.equal((await refused(stream.header)).code, Code.UNIMPLEMENTED);
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
