// Request headers: exactly those that the options call for, the same for every attempt, and none that a browser would not send.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type CallOptions, type Channel, type ChannelOptions, Code, ConfigError, type MetadataInit } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { putLocation } from "../support/page.js";
import { failed, ok } from "../support/responses.js";
import { connect, DO, reply, Script } from "../support/server.js";

/** Makes every kind of call. */
const kinds: ((channel: Channel, options?: CallOptions) => Promise<unknown>)[] = [
  (channel, options) => channel.unary(METHOD, MESSAGE, options),
  (channel, options) => collect(channel.serverStreaming(METHOD, MESSAGE, options)),
  (channel, options) => channel.clientStreaming(METHOD, [MESSAGE], options),
  (channel, options) => collect(channel.bidiStreaming(METHOD, [MESSAGE], options)),
];

test("every combination of options sends exactly its own headers, in every kind of call", async (t) => {
  for (let i = 0; i < 16; i++) {
    const [text, send, accept, deadline] = [1, 2, 4, 8].map((bit) => (i & bit) !== 0);
    const options: Partial<ChannelOptions> = {
      requestStreaming: false,
      ...(text ? { format: "text" } : {}),
      ...(send ? { sendCompression: "gzip" } : {}),
      ...(accept ? { acceptCompression: ["gzip"] } : {}),
      ...(deadline ? { defaultTimeoutMs: 60_000 } : {}),
    };
    const expected = [
      text ? "content-type=application/grpc-web-text,accept=application/grpc-web-text" : "content-type=application/grpc-web",
      "x-grpc-web=1",
      "x-user-agent=grpc-web-hedgerow/0.1.0",
      ...(deadline ? ["grpc-timeout"] : []),
      ...(send ? ["grpc-encoding=gzip"] : []),
      ...(accept ? ["grpc-accept-encoding=gzip"] : []),
    ].join();
    const fake = new FakeFetch(...kinds.map(() => ok(MESSAGE)));
    const channel = await open(t, fake, options);
    for (const make of kinds) await make(channel);
    for (const { headers, init } of fake.exchanges) {
      assert.equal(headers.map(([name, value]) => (name === "grpc-timeout" ? name : `${name}=${value}`)).join(), expected);
      const { headers: _, body, signal, ...rest } = init;
      assert.deepEqual(rest, { method: "POST", credentials: "same-origin", mode: "cors", cache: "no-store", redirect: "manual" });
    }
  }
});

test("a method's headers are the same for every call and attempt, but for the attempts header", async (t) => {
  const names = async (serviceConfig: NonNullable<ChannelOptions["serviceConfig"]>) => {
    const busy = () => failed(Code.UNAVAILABLE);
    const fake = new FakeFetch(busy(), busy(), ok(MESSAGE), ok(MESSAGE));
    const channel = await open(t, fake, { serviceConfig, sendCompression: "gzip", defaultTimeoutMs: 60_000 });
    await channel.unary(METHOD, MESSAGE, { metadata: { "x-a": "1" } });
    await channel.unary(METHOD, new Uint8Array(1000), { metadata: { "x-a": "2" } });
    const attempts = "grpc-previous-rpc-attempts";
    assert.deepEqual(fake.previous, [undefined, "1", "2", undefined]);
    return fake.exchanges.map(({ headers }) => headers.map(([name]) => name).filter((name) => name !== attempts));
  };
  for (const config of [retrying(), hedging({ maxAttempts: 3, hedgingDelay: "100s" })]) {
    const [first, ...others] = await names(config);
    for (const other of others) assert.deepEqual(other, first);
  }
});

test("grpc-timeout is there exactly when there is a deadline, whoever set it", async (t) => {
  const fake = new FakeFetch(...Array.from({ length: 4 }, () => ok(MESSAGE)));
  const channel = await open(t, fake, {
    serviceConfig: { methodConfig: [{ name: [{ service: "pkg.Service", method: "Slow" }], timeout: "5s" }] },
  });
  await channel.unary(METHOD, MESSAGE);
  await channel.unary(METHOD, MESSAGE, { timeoutMs: Number.POSITIVE_INFINITY });
  await channel.unary(METHOD, MESSAGE, { timeoutMs: 5000 });
  await channel.unary("/pkg.Service/Slow", MESSAGE);
  const timeouts = fake.exchanges.map((exchange) => exchange.header("grpc-timeout"));
  assert.deepEqual(
    timeouts.map((timeout) => timeout !== undefined),
    [false, false, true, true],
  );
});

/** Passes the metadata in each of the three possible ways. Each must be refused, and nothing sent. */
async function refusedAllWays(t: TestContext, metadata: MetadataInit): Promise<void> {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (const make of kinds) assert.equal((await refused(make(channel, { metadata }))).code, Code.INTERNAL);
  const prepared = await open(t, fake, { metadata: () => metadata });
  assert.equal((await refused(prepared.unary(METHOD, MESSAGE))).code, Code.INTERNAL);
  await assert.rejects(open(t, fake, { metadata }), ConfigError);
  assert.equal(fake.exchanges.length, 0);
}

const RESERVED = [
  ...["accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive"],
  ...["te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-grpc-web", "x-user-agent"],
  ...["grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message", "grpc-x-bin"],
];

test("names that are Hedgerow's or the transport's are refused, in any case of letters", async (t) => {
  for (const name of RESERVED) {
    const value = name.endsWith("-bin") ? MESSAGE : "1";
    await refusedAllWays(t, { [name]: value });
    await refusedAllWays(t, { [name.toUpperCase()]: value });
  }
});

/** Names that the Fetch standard forbids in a browser, but that can be used elsewhere. */
const FORBIDDEN = [
  ...["accept-charset", "access-control-request-headers", "access-control-request-method", "cookie", "cookie2", "date"],
  ...["dnt", "origin", "referer", "set-cookie", "via", "proxy-authorization", "proxy-x", "sec-fetch-mode", "sec-x"],
];

for (const href of ["https://app.test/", "https://api.test/"]) {
  test(`names that a page may not set are refused in a page at ${href}, by name; all others are sent`, async (t) => {
    putLocation(t, href);
    for (const name of FORBIDDEN) await refusedAllWays(t, { [name]: "1" });
    const error = await refused((await open(t, new FakeFetch())).unary(METHOD, MESSAGE, { metadata: { Cookie: "a=b" } }));
    assert.match(error.message, /"cookie".*browser/);
    const fake = new FakeFetch(ok(MESSAGE));
    const metadata = { authorization: "Bearer t", "x-sec-a": "1", proxy: "2", sec: "3", "data-date": "4" };
    await (await open(t, fake)).unary(METHOD, MESSAGE, { metadata });
    assert.deepEqual(Object.fromEntries(fake.exchanges[0]?.headers.slice(3) ?? []), metadata);
  });
}

test("without a page they are as good as any", async (t) => {
  for (const name of FORBIDDEN) {
    const fake = new FakeFetch(ok(MESSAGE));
    await (await open(t, fake)).unary(METHOD, MESSAGE, { metadata: { [name]: "1" } });
    assert.equal(fake.exchanges[0]?.header(name), "1");
  }
});

test("Node's fetch does send such names", async (t) => {
  const channel = await connect(t);
  const metadata = { cookie: "a=b", referer: "http://x.test/", origin: "http://x.test", via: "1.1 a", dnt: "1" };
  const { requestHeader } = reply((await channel.unary(DO, new Script([]).bytes, { metadata })).message);
  const seen = Object.fromEntries(requestHeader.map(({ name, value }) => [name, value]));
  for (const [name, value] of Object.entries(metadata)) assert.equal(seen[name], value, name);
});

test("no character that could end a header gets into one", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (let code = 0; code < 0x180; code++) {
    const character = String.fromCharCode(code);
    if (code < 0x20 || code > 0x7e) {
      for (const value of [character, `a${character}b`, `a\r\nx-evil: ${character}`]) {
        const error = await refused(channel.unary(METHOD, MESSAGE, { metadata: { "x-a": value } }));
        assert.equal(error.code, Code.INTERNAL, JSON.stringify(value));
      }
    }
    if (/[\w.-]/.test(character)) continue;
    const error = await refused(channel.unary(METHOD, MESSAGE, { metadata: { [`x${character}a`]: "1" } }));
    assert.equal(error.code, Code.INTERNAL, JSON.stringify(character));
  }
  assert.equal(fake.exchanges.length, 0);
});
