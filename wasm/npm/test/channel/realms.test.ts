// Objects of another realm, as an iframe, node:vm, jsdom or an edge runtime has them: their classes are not this realm's.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { Code, createChannel, type FetchLike, Metadata, type StatusError } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import { collect, MESSAGE, METHOD, open, refused } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, frame, OK, WEB } from "../support/responses.js";

const context = vm.createContext({});
/** What an expression comes to there. */
const there = <T>(expression: string): T => vm.runInContext(expression, context) as T;
const bytes = there<Uint8Array>("new Uint8Array([1, 2, 3])");

const echo = (exchange: { readonly body: Uint8Array }) => new Response(concat(exchange.body, OK), { headers: WEB });

test("a WebAssembly.Module, which all channels of this file then share", async (t) => {
  Object.assign(context, { bytes: await readFile(fileURLToPath(import.meta.resolve("hedgerow/hedgerow.wasm"))) });
  const wasmModule = there<WebAssembly.Module>("new WebAssembly.Module(bytes)");
  assert.equal(wasmModule instanceof WebAssembly.Module, false);
  const channel = await createChannel({ baseUrl: "https://api.test", wasmModule });
  t.after(() => channel.close());
  const other = there<WebAssembly.Module>("new WebAssembly.Module(bytes)");
  await assert.rejects(
    createChannel({ baseUrl: "https://api.test", wasmModule: other }),
    /from a WebAssembly\.Module.*names a WebAssembly\.Module/,
  );
});

test("messages: one, several, and none that only looks like one", async (t) => {
  assert.equal(bytes instanceof Uint8Array, false);
  const fake = new FakeFetch(echo, echo, echo, echo);
  const channel = await open(t, fake, { requestStreaming: false });
  assert.deepEqual((await channel.unary(METHOD, bytes)).message, MESSAGE);
  assert.deepEqual(await collect(channel.serverStreaming(METHOD, bytes)), [MESSAGE]);
  assert.deepEqual((await channel.clientStreaming(METHOD, there(`[new Uint8Array([1, 2, 3])]`))).message, MESSAGE);
  assert.deepEqual(await collect(channel.bidiStreaming(METHOD, [bytes, bytes])), [MESSAGE, MESSAGE]);
  for (const other of ["new Uint8ClampedArray(3)", "new DataView(new ArrayBuffer(3))", "new ArrayBuffer(3)", "[1, 2]"]) {
    assert.match((await refused(channel.unary(METHOD, there(other)))).message, /must be a Uint8Array/, other);
    assert.match((await refused(channel.clientStreaming(METHOD, [there(other)]))).message, /must be a Uint8Array/, other);
  }
  assert.match(
    (await refused(channel.clientStreaming(METHOD, bytes as never))).message,
    /such as an array with this one in it, not an object of type Uint8Array/,
  );
});

test("metadata: of bytes, as an object, as pairs", async (t) => {
  assert.deepEqual(new Metadata({ "x-bin": bytes }).get("x-bin"), bytes);
  const fake = new FakeFetch(echo, echo);
  const channel = await open(t, fake);
  await channel.unary(METHOD, MESSAGE, { metadata: there(`({ "x-bin": [new Uint8Array([1]), new Uint8Array([2])] })`) });
  await channel.unary(METHOD, MESSAGE, { metadata: there(`new Map([["x-a", "1"]])`) });
  assert.deepEqual(fake.exchanges[0]?.headers.filter(([name]) => name === "x-bin").length, 2);
  assert.equal(fake.exchanges[1]?.header("x-a"), "1");
});

test("responses: their bodies' chunks, their whole bytes, and errors", async (t) => {
  Object.assign(context, { whole: [...frame(MESSAGE), ...OK] });
  const headers = new Headers(WEB);
  const chunked = there(
    `({ getReader: () => ({ n: 0, async read() { return { done: this.n > 0, value: this.n++ ? undefined : new Uint8Array(whole) }; } }) })`,
  );
  const bodies = [{ body: chunked }, { arrayBuffer: async () => there("new Uint8Array(whole).buffer") }];
  for (const rest of bodies) {
    const fetch = (async () => ({ status: 200, headers, ...rest })) as unknown as FetchLike;
    assert.deepEqual((await (await open(t, new FakeFetch(), { fetch })).unary(METHOD, MESSAGE)).message, MESSAGE);
  }
  const causes: [string, Code, RegExp][] = [
    [`new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") })`, Code.UNAVAILABLE, /ECONNREFUSED/],
    [`Object.assign(new Error("left"), { name: "AbortError" })`, Code.CANCELLED, /left/],
  ];
  for (const [expression, code, text] of causes) {
    const cause = there<Error>(expression);
    const error = await refused((await open(t, new FakeFetch(), { fetch: () => Promise.reject(cause) })).unary(METHOD, MESSAGE));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    assert.equal(error.cause, cause);
  }
});

test("a StatusError of another copy of the package, from a function for metadata", async (t) => {
  const foreign = Object.assign(there<Error>(`new Error("not you")`), {
    name: "StatusError",
    code: Code.PERMISSION_DENIED,
    details: there("new Uint8Array([5])"),
    trailer: there(`[["x-why", "1"]]`),
  });
  const fetch = new FakeFetch();
  const metadata = () => Promise.reject(foreign);
  const error: StatusError = await refused((await open(t, fetch, { metadata })).unary(METHOD, MESSAGE));
  assert.deepEqual([error.code, error.message, error.trailer.get("x-why")], [Code.PERMISSION_DENIED, "not you", "1"]);
  assert.deepEqual(new Uint8Array(error.details ?? []), Uint8Array.of(5));
});

test("what a WebSocket gives", async (t) => {
  Object.assign(context, { head: [...frame(new TextEncoder().encode("content-type: application/grpc-web+proto\r\n"), 0x80)] });
  class Socket {
    static readonly OPEN = 1;
    readonly OPEN = 1;
    readyState = 1;
    bufferedAmount = 0;
    onopen = () => {};
    onmessage = (_: object) => {};
    onclose = (_: object) => {};
    constructor() {
      queueMicrotask(() => {
        this.onopen();
        for (const data of ["new Uint8Array(head).buffer", "new Uint8Array(whole)", "new DataView(new ArrayBuffer(0))"])
          this.onmessage({ data: there(data) });
        this.onclose({ code: 1000, reason: "" });
      });
    }
    send() {}
    close() {}
  }
  const channel = await open(t, new FakeFetch(), { webSocket: Socket as unknown as typeof WebSocket });
  assert.deepEqual((await channel.clientStreaming(METHOD, [bytes])).message, MESSAGE);
});

test("hedgerow/fetch: requests, bodies and promises that are not this realm's", async (t) => {
  const fake = new FakeFetch(...Array.from({ length: 6 }, () => echo));
  const channel = await open(t, fake);
  const url = `https://api.test/grpc${METHOD}`;
  const body = frame(MESSAGE);
  const stream = { getReader: () => new Response(body).body?.getReader() };
  const request = { url, method: "POST", headers: new Headers(WEB), arrayBuffer: async () => body.slice().buffer };
  Object.assign(context, { channel, framed: [...body] });
  for (const given of [channel, there<Promise<typeof channel>>("Promise.resolve(channel)")]) {
    const fetch = createFetch(given);
    const init = { method: "POST", headers: WEB };
    for (const response of [
      await fetch(url, { ...init, body: there("new Uint8Array(framed)") }),
      await fetch(url, { ...init, body: stream as unknown as ReadableStream }),
      await fetch(request as unknown as Request),
    ]) {
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), concat(body, OK));
    }
  }
});
