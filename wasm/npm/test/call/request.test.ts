// What goes out: the request that fetch is given, to the byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, Metadata } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, frame, ok } from "../support/responses.js";

test("19 a request is a POST of the framed message with exactly these headers", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const channel = await open(t, fake);
  await channel.unary(METHOD, MESSAGE);
  const [exchange] = fake.exchanges;
  assert.equal(exchange?.url, "https://api.test/grpc/pkg.Service/Method");
  const { headers, body, signal, ...init } = exchange?.init ?? {};
  assert.deepEqual(init, { method: "POST", credentials: "same-origin", mode: "cors", cache: "no-store", redirect: "manual" });
  assert.deepEqual(headers, [
    ["content-type", "application/grpc-web"],
    ["x-grpc-web", "1"],
    ["x-user-agent", "grpc-web-hedgerow/0.1.0"],
  ]);
  assert.deepEqual(body, frame(MESSAGE));
  assert.ok(signal instanceof AbortSignal);
  assert.equal(fake.exchanges.length, 1);
});

test("a slash behind the base URL is not doubled, and its path is kept", async (t) => {
  for (const [baseUrl, url] of [
    ["https://api.test", "https://api.test/pkg.Service/Method"],
    ["https://api.test/", "https://api.test/pkg.Service/Method"],
    ["http://api.test:8080/a/b//", "http://api.test:8080/a/b/pkg.Service/Method"],
  ] as const) {
    const fake = new FakeFetch(ok(MESSAGE));
    await (await open(t, fake, { baseUrl })).unary(METHOD, MESSAGE);
    assert.equal(fake.exchanges[0]?.url, url);
  }
});

test("credentials go to fetch as they were given", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  await (await open(t, fake, { credentials: "include" })).unary(METHOD, MESSAGE);
  assert.equal(fake.exchanges[0]?.init.credentials, "include");
});

test("the caller may reuse its message at once: every attempt sends what it was", async (t) => {
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: retrying() });
  const message = Uint8Array.of(1, 2, 3);
  const call = channel.unary(METHOD, message);
  message.fill(9);
  await call;
  assert.deepEqual(
    fake.exchanges.map(({ body }) => body),
    [frame(MESSAGE), frame(MESSAGE)],
  );
});

test("a view into a larger buffer is sent alone", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  await (await open(t, fake)).unary(METHOD, new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4));
  assert.deepEqual(fake.exchanges[0]?.body, frame(MESSAGE));
});

test("104 a zero-length message goes out and comes in as a message", async (t) => {
  const fake = new FakeFetch(ok(new Uint8Array()), ok(new Uint8Array(), new Uint8Array()));
  const channel = await open(t, fake);
  const { message } = await channel.unary(METHOD, new Uint8Array());
  assert.deepEqual(fake.exchanges[0]?.body, new Uint8Array(5));
  assert.equal(message.length, 0);
  const messages = await collect(channel.serverStreaming(METHOD, new Uint8Array()));
  assert.deepEqual(
    messages.map((m) => m.length),
    [0, 0],
  );
});

test("metadata goes out in the order channel, call; -bin as base64", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const channel = await open(t, fake, { metadata: { "x-a": ["1", "2"], "x-blob-bin": Uint8Array.of(0xfb, 0xff, 0) } });
  const metadata = new Metadata([
    ["X-A", "3"],
    ["x-c", "text"],
  ]).append("x-call-bin", new Uint8Array());
  await channel.unary(METHOD, MESSAGE, { metadata });
  assert.deepEqual(fake.exchanges[0]?.headers.slice(3), [
    ["x-a", "1"],
    ["x-a", "2"],
    ["x-blob-bin", "+/8A"],
    ["x-a", "3"],
    ["x-c", "text"],
    ["x-call-bin", ""],
  ]);
});

test("44 every attempt computes grpc-timeout anew, and nothing else changes but the attempts header", async (t) => {
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: retrying(), defaultTimeoutMs: 60_000 });
  await channel.unary(METHOD, MESSAGE, { metadata: { "x-a": "1" } });
  const names = fake.exchanges.map(({ headers }) => headers.map(([name]) => name).join());
  assert.deepEqual(names, [
    "content-type,x-grpc-web,x-user-agent,grpc-timeout,x-a",
    "content-type,x-grpc-web,x-user-agent,grpc-timeout,grpc-previous-rpc-attempts,x-a",
  ]);
  for (const exchange of fake.exchanges) assert.match(exchange.header("grpc-timeout") ?? "", /^(59\d{3}|60000)m$/);
});

test("attemptHeader never: retries go out without grpc-previous-rpc-attempts", async (t) => {
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: retrying(), attemptHeader: "never" });
  const { attempts, header } = await channel.unary(METHOD, MESSAGE);
  assert.deepEqual(fake.previous, [undefined, undefined]);
  assert.equal(attempts.length, 2);
  assert.equal(header.get("grpc-previous-rpc-attempts"), "1", "the application is told all the same");
});

test("a caller's own grpc-previous-rpc-attempts is replaced by what is true", async (t) => {
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: retrying() });
  await channel.unary(METHOD, MESSAGE, { metadata: { "grpc-previous-rpc-attempts": "7" } });
  assert.deepEqual(fake.previous, [undefined, "1"]);
});

test("18 a message over maxSendMessageBytes is RESOURCE_EXHAUSTED, and nothing is sent", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake, {
    maxSendMessageBytes: 2,
    serviceConfig: retrying({ retryableStatusCodes: ["RESOURCE_EXHAUSTED"] }),
  });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  assert.equal(fake.exchanges.length, 0);
  assert.deepEqual(error.attempts, []);
});
