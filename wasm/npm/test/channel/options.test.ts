// A channel's options: createChannel reports all problems at once, by rejecting, and never throws.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChannelOptions, ConfigError, createChannel } from "hedgerow";
import { MESSAGE } from "../support/calls.js";

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

test("requestStreaming that is neither true nor false", async () => {
  for (const value of ["yes", 1, null]) {
    assert.deepEqual(Object.keys(await problems({ baseUrl, requestStreaming: value })), ["requestStreaming"]);
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

test("an option with the name of something that every object has is as unknown as any", async () => {
  const options = JSON.parse(`{"baseUrl": "${baseUrl}", "constructor": 1, "toString": 2, "__proto__": 3}`);
  const unknown = "unknown option";
  assert.deepEqual(Object.values(await problems(options)).slice(-2), [unknown, unknown]);
});

test("an object with more than 100 fields is refused as a whole, and of a config's mistakes 100 are told", async () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`option${i}`, i]));
  assert.equal(Object.keys(await problems({ ...many(99), baseUrl })).length, 99);
  for (const count of [100, 100_000]) {
    const found = await problems({ ...many(count), baseUrl });
    assert.match(found[""] ?? "", /at most 100 fields/);
    assert.equal(Object.keys(found).length, 1);
  }
  const methodConfig = Array.from({ length: 1000 }, () => ({ name: [], timeout: 1 }));
  assert.equal(Object.keys(await problems({ baseUrl, serviceConfig: { methodConfig } as never })).length, 100);
  const names = Array.from({ length: 10_001 }, (_, i) => ({ name: [{ service: `s${i}` }] }));
  const tooMany = await problems({ baseUrl, serviceConfig: { methodConfig: names } });
  assert.match(Object.values(tooMany).join(), /at most 10000/);
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
  assert.match(
    (await problems({ baseUrl, serviceConfig: `{"x":${deep}}` }))[`x${"[0]".repeat(14)}…`] ?? "",
    /nested more than 100 deep/,
  );
});
