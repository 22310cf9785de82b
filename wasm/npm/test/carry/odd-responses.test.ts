// Responses and readers of a fetch of the user's own that are no Response's: each call ends at once, without a deadline, and says why
// (SEMANTICS 5.3h).
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type FetchLike } from "hedgerow";
import { MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, frame, OK, trailers, WEB } from "../support/responses.js";

const serviceConfig = retrying({ retryableStatusCodes: ["INTERNAL", "UNAVAILABLE"] });
const whole = concat(frame(MESSAGE), OK);
const headers = new Headers(WEB);
const throws = (): never => {
  throw new Error("from a double");
};
const fetching =
  (response: unknown): FetchLike =>
  async () =>
    response as Response;

/** A response whose reader reads so. */
const reading = (read: unknown, more: object = {}) => ({ status: 200, headers, body: { getReader: () => ({ read, ...more }) } });

test("a response without a body's stream is read by arrayBuffer", async (t) => {
  for (const body of [undefined, {}, { pipe() {} }, 0, "text"]) {
    const response = { status: 200, headers, body, arrayBuffer: async () => whole.slice().buffer };
    const channel = await open(t, new FakeFetch(), { fetch: fetching(response) });
    assert.deepEqual((await channel.unary(METHOD, MESSAGE)).message, MESSAGE);
    const messages: Uint8Array[] = [];
    for await (const message of channel.serverStreaming(METHOD, MESSAGE)) messages.push(message);
    assert.deepEqual(messages, [MESSAGE]);
  }
});

test("arrayBuffer may hold nothing, and a body of null is empty", async (t) => {
  const failed = { status: 200, headers: new Headers({ ...WEB, "grpc-status": "5" }) };
  for (const rest of [{ arrayBuffer: async () => new ArrayBuffer(0) }, { body: null }, { body: null, arrayBuffer: throws }]) {
    const channel = await open(t, new FakeFetch(), { fetch: fetching({ ...failed, ...rest }) });
    assert.equal((await refused(channel.unary(METHOD, MESSAGE))).code, Code.NOT_FOUND);
  }
});

const unreadable: [string, unknown][] = [
  ["no body and no arrayBuffer", { status: 200, headers }],
  [
    "a body that is locked",
    (() => {
      const response = new Response(whole, { headers });
      response.body?.getReader();
      return response;
    })(),
  ],
  ["a getReader that throws", { status: 200, headers, body: { getReader: throws } }],
  ["a status that throws", Object.defineProperty({ headers, body: null }, "status", { get: throws })],
  ["a type that throws", Object.defineProperty({ status: 200, headers, body: null }, "type", { get: throws })],
  ["a body that throws", Object.defineProperty({ status: 200, headers }, "body", { get: throws })],
  ["no headers", { status: 200, body: null }],
  ["headers that throw", { status: 200, headers: { [Symbol.iterator]: throws }, body: null }],
  ...[-1, 1000, 1.5, Number.NaN, "200", 200n, Symbol("s"), undefined].map((status): [string, unknown] => [
    `the status ${String(status)} (${typeof status})`,
    { status, headers, body: null },
  ]),
  ["null", null],
];
for (const [what, response] of unreadable) {
  test(`a response with ${what} is INTERNAL, not retried, and no request is said to be impossible`, async (t) => {
    let requests = 0;
    const fetch: FetchLike = async () => {
      requests++;
      return response as Response;
    };
    const error = await refused((await open(t, new FakeFetch(), { fetch, serviceConfig })).unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /the response to POST https:\/\/api.test.* cannot be read: .*unread Response/);
    assert.deepEqual([requests, error.commitReason], [1, "internal"]);
  });
}

const detached = (): Uint8Array => {
  const bytes = Uint8Array.of(1);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};
const gave = (what: string) => new RegExp(`stream gave ${what}, not a Uint8Array: look at what stands in for fetch`);
const readers: [string, unknown, RegExp?][] = [
  ["throws", throws],
  ["is missing", undefined],
  ["returns undefined", () => undefined, gave("undefined")],
  ["resolves to undefined", async () => undefined, gave("undefined")],
  ["resolves to null", async () => null, gave("undefined")],
  ["resolves to a number", async () => 7, gave("undefined")],
  ["resolves to the bytes themselves", async () => MESSAGE, gave("undefined")],
  ["rejects", async () => throws()],
  ["gives what is no bytes", async () => ({ done: false, value: "text" }), gave('"text"')],
  ["gives a very long text", async () => ({ done: false, value: "x".repeat(1e6) }), gave('"x{100}…"')],
  ["gives an array of numbers", async () => ({ done: false, value: [1, 2] }), gave("an object of type Array")],
  ["gives nothing", async () => ({ done: false }), gave("undefined")],
  ["gives a chunk whose buffer is gone", async () => ({ done: false, value: detached() })],
  ["gives a result that throws", async () => Object.defineProperty({}, "done", { get: throws })],
];
for (const [what, read, said = /the connection was lost/] of readers) {
  for (const cancel of [undefined, throws, () => undefined, async () => throws()]) {
    test(`a reader whose read ${what}, and whose cancel is ${String(cancel)}`, async (t) => {
      const channel = await open(t, new FakeFetch(), { fetch: fetching(reading(read, { cancel })) });
      const error = await refused(channel.unary(METHOD, MESSAGE));
      assert.equal(error.code, Code.UNAVAILABLE);
      assert.match(error.message, said);
    });
  }
}

test("a chunk that is taken away before its message is whole", async (t) => {
  const first = frame(Uint8Array.of(1, 2, 3, 4, 5, 6)).slice(0, 8);
  const chunks = [first, Uint8Array.of(4, 5, 6)];
  const read = async () => {
    const value = chunks.shift();
    if (chunks.length === 0) structuredClone(first.buffer, { transfer: [first.buffer] });
    return { done: !value, value };
  };
  const error = await refused((await open(t, new FakeFetch(), { fetch: fetching(reading(read)) })).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.UNAVAILABLE);
});

test("a body that gives nothing but empty chunks does not keep the page from its turns", async (t) => {
  const read = async () => ({ done: false, value: new Uint8Array() });
  const channel = await open(t, new FakeFetch(), { fetch: fetching(reading(read)) });
  const controller = new AbortController();
  const call = refused(channel.unary(METHOD, MESSAGE, { signal: controller.signal }));
  await new Promise((go) => setTimeout(go)); // which comes
  controller.abort();
  assert.equal((await call).code, Code.CANCELLED);
});

test("fields with a NUL are passed over, and shift nothing", async (t) => {
  const fields = [
    ["grpc-status", "5"],
    ["x-a\0b", "1"],
    ["x-c", "2\0"],
    ["grpc-message", "gone"],
    ["content-type", WEB["content-type"]],
  ];
  const channel = await open(t, new FakeFetch(), { fetch: fetching({ status: 200, headers: fields, body: null }) });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual([error.code, error.message, [...error.trailer]], [Code.NOT_FOUND, "gone", []]);
});

const errors: [string, unknown, Code][] = [
  ["whose name throws", Object.defineProperty(new Error("no"), "name", { get: throws }), Code.UNAVAILABLE],
  ["whose cause throws", Object.defineProperty(new TypeError("no"), "cause", { get: throws }), Code.UNAVAILABLE],
  ["whose message throws", Object.defineProperty(new TypeError("no"), "message", { get: throws }), Code.UNAVAILABLE],
  ["that is a Proxy", new Proxy({}, { get: throws, getPrototypeOf: throws, has: throws }), Code.UNAVAILABLE],
  ["that is a symbol", Symbol("s"), Code.UNAVAILABLE],
  ["that is called AbortError, of no class", { name: "AbortError", message: "left" }, Code.CANCELLED],
  ["that is called StatusError, and is none", { name: "StatusError", message: 5 }, Code.UNAVAILABLE],
];
for (const [what, error, code] of errors) {
  test(`a rejection ${what}`, async (t) => {
    const fetch = (() => Promise.reject(error)) as FetchLike;
    const failure = await refused((await open(t, new FakeFetch(), { fetch })).unary(METHOD, MESSAGE));
    assert.equal(failure.code, code);
    assert.equal(failure.cause, error);
  });
}

test("trailers that come by arrayBuffer are read as any other", async (t) => {
  const body = concat(frame(MESSAGE), trailers("grpc-status: 9", "grpc-message: late"));
  const response = { status: 200, headers, arrayBuffer: async () => body.slice().buffer };
  const error = await refused((await open(t, new FakeFetch(), { fetch: fetching(response) })).unary(METHOD, MESSAGE));
  assert.deepEqual([error.code, error.message], [Code.FAILED_PRECONDITION, "late"]);
});
