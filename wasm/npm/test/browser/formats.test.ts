// Compression, text mode and request headers in Chromium: what its streams, its fetch and its loader make of them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { ChannelOptions } from "hedgerow";
import { allowedHeaders, compressionHeaders } from "hedgerow/cors";
import type { Page } from "playwright-core";
import { MESSAGE, METHOD } from "../support/calls.js";
import { LONG, noise, packed } from "../support/gzip.js";
import { concat, frame, OK, trailers } from "../support/responses.js";
import { COLLECT, CONVERSE, DO, reply, Script, SERVER, STREAM } from "../support/server.js";
import { listen, openPage } from "./pages.js";

type Kind = "unary" | "serverStreaming" | "clientStreaming" | "bidiStreaming";
type Options = Pick<
  ChannelOptions,
  "baseUrl" | "format" | "sendCompression" | "acceptCompression" | "maxReceiveMessageBytes" | "headerCommit"
>;

/** Bytes on their way to the page and back: base64 is quicker there than arrays of numbers. */
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

interface Outcome {
  readonly messages: Uint8Array[];
  readonly code: number;
  readonly message: string;
}

/** Makes a call in the page, and returns its response or its error. */
async function call(page: Page, options: Options, kind: Kind, method: string, ...requests: Uint8Array[]): Promise<Outcome> {
  const outcome = await page.evaluate(
    async ({ options, kind, method, requests }) => {
      const { createChannel, StatusError } = globalThis.hedgerow;
      const decode = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const encode = (bytes: Uint8Array) => {
        let text = "";
        for (const byte of bytes) text += String.fromCharCode(byte);
        return btoa(text);
      };
      const channel = await createChannel(options);
      const [first = new Uint8Array(), ...rest] = requests.map(decode);
      const messages: string[] = [];
      try {
        if (kind === "unary") messages.push(encode((await channel.unary(method, first)).message));
        if (kind === "clientStreaming") messages.push(encode((await channel.clientStreaming(method, [first, ...rest])).message));
        if (kind === "serverStreaming")
          for await (const message of channel.serverStreaming(method, first)) messages.push(encode(message));
        if (kind === "bidiStreaming")
          for await (const message of channel.bidiStreaming(method, [first, ...rest])) messages.push(encode(message));
        return { messages, code: 0, message: "" };
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        return { messages, code: error.code, message: error.message };
      } finally {
        channel.close();
      }
    },
    { options, kind, method, requests: requests.map(text) },
  );
  return { ...outcome, messages: outcome.messages.map(bytes) };
}

const gzip = { sendCompression: "gzip", acceptCompression: ["gzip"] } as const;
const formats: [string, Omit<Options, "baseUrl">][] = [
  ["gzip", gzip],
  ["text", { format: "text" }],
  ["text and gzip", { format: "text", ...gzip }],
];
for (const [name, format] of formats) {
  test(`${name}: all four kinds of calls to the real server, and messages of a MiB`, async (t) => {
    const page = await openPage(t);
    const options = { baseUrl: SERVER, ...format };
    const large = noise(1 << 20);
    for (const payload of [LONG, MESSAGE, large]) {
      const { messages, message } = await call(page, options, "unary", DO, new Script([], payload).bytes);
      assert.ok(messages[0], message);
      assert.ok(Buffer.from(reply(messages[0]).payload).equals(payload));
    }
    const script = () => new Script([{ messages: 3 }], LONG).bytes;
    for (const [kind, method, count] of [
      ["serverStreaming", STREAM, 3],
      ["clientStreaming", COLLECT, 1],
      ["bidiStreaming", CONVERSE, 3],
    ] as const) {
      const { messages, message } = await call(page, options, kind, method, script(), script(), script());
      assert.equal(messages.length, count, message);
      const expected = kind === "clientStreaming" ? concat(LONG, LONG, LONG) : LONG;
      for (const one of messages) assert.deepEqual(reply(one).payload, expected);
    }
  });
}

/** Answers each call with this body, and keeps what was sent. */
async function answering(t: Parameters<typeof listen>[0], body: Uint8Array, headers: Record<string, string> = {}) {
  const seen: { headers: IncomingHttpHeaders; method: string | undefined }[] = [];
  const { origin } = await listen(t, (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-expose-headers", "*");
    if (request.method === "OPTIONS") {
      const asked = request.headers["access-control-request-headers"] ?? "";
      response.writeHead(204, { "access-control-allow-headers": asked }).end();
      return;
    }
    seen.push({ headers: request.headers, method: request.method });
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/grpc-web+proto", ...headers }).end(body);
    });
  });
  return { baseUrl: origin, seen };
}

const GZIP = { "grpc-encoding": "gzip" };

test("a gzip bomb ends with RESOURCE_EXHAUSTED, damage with INTERNAL, and the page goes on", async (t) => {
  const page = await openPage(t);
  const bomb = await answering(t, concat(frame(new Uint8Array(gzipSync(new Uint8Array(100 << 20))), 1), OK), GZIP);
  const burst = await call(page, { baseUrl: bomb.baseUrl }, "unary", METHOD, MESSAGE);
  assert.deepEqual([burst.code, /inflated, is larger than the limit of 4194304/.test(burst.message)], [8, true]);
  for (const damaged of [MESSAGE, packed(LONG).subarray(5, 30), concat(packed(LONG).subarray(5), MESSAGE)]) {
    const { baseUrl } = await answering(t, concat(packed(MESSAGE), frame(damaged, 1), OK), GZIP);
    const { code, message, messages } = await call(page, { baseUrl }, "serverStreaming", METHOD, MESSAGE);
    assert.deepEqual([code, messages], [13, [MESSAGE]], message);
  }
  const { baseUrl } = await answering(t, concat(packed(LONG), packed(MESSAGE), frame(MESSAGE), OK), GZIP);
  assert.deepEqual((await call(page, { baseUrl }, "serverStreaming", METHOD, MESSAGE)).messages, [LONG, MESSAGE, MESSAGE]);
});

test("96 97 text mode with padding at every byte, and compressed trailers", async (t) => {
  const page = await openPage(t);
  const tail = frame(new Uint8Array(gzipSync("Grpc-Status: 0")), 0x81);
  const digits = [...concat(packed(LONG), frame(MESSAGE), tail)].map((byte) => Buffer.of(byte).toString("base64"));
  const { baseUrl } = await answering(t, Buffer.from(digits.join("")), { ...GZIP, "content-type": "application/grpc-web-text" });
  const { messages, message } = await call(page, { baseUrl }, "serverStreaming", METHOD, MESSAGE);
  assert.deepEqual(messages, [LONG, MESSAGE], message);
});

test("95 firstFrame retries trailers that are alone in the body, strict does not", async (t) => {
  const page = await openPage(t);
  for (const headerCommit of ["strict", "firstFrame"] as const) {
    const { baseUrl, seen } = await answering(t, trailers("grpc-status: 14", "grpc-retry-pushback-ms: 0"));
    const retryPolicy = {
      maxAttempts: 2,
      initialBackoff: "1s",
      maxBackoff: "1s",
      backoffMultiplier: 1,
      retryableStatusCodes: ["UNAVAILABLE"],
    };
    const serviceConfig = { methodConfig: [{ name: [{}], retryPolicy }] };
    const { code } = await call(page, { baseUrl, headerCommit, serviceConfig } as Options, "unary", METHOD, MESSAGE);
    assert.equal(code, 14);
    assert.equal(seen.length, headerCommit === "strict" ? 1 : 2);
  }
});

test("the headers that the browser sends are those of the options and its own", async (t) => {
  const page = await openPage(t);
  const own =
    /^(sec-.*|accept|accept-encoding|accept-language|cache-control|connection|content-length|host|origin|pragma|priority|referer|user-agent)$/;
  for (const [name, format] of [["nothing", {}], ...formats] as [string, Omit<Options, "baseUrl">][]) {
    const { baseUrl, seen } = await answering(t, concat(frame(MESSAGE), OK));
    const { code, message } = await call(page, { baseUrl, ...format }, "unary", METHOD, MESSAGE);
    assert.equal(code, 0, message);
    const names = Object.keys(seen[0]?.headers ?? {}).filter((one) => !own.test(one));
    const always = allowedHeaders.filter((one) => !/timeout|attempts/.test(one));
    assert.deepEqual(names.sort(), [...always, ...(format.sendCompression ? compressionHeaders : [])].sort(), name);
    assert.equal(seen[0]?.headers.accept, format.format ? "application/grpc-web-text" : "*/*");
  }
});

/** The Fetch standard's forbidden request-header names, some that begin as they do, and some that are allowed. */
const NAMES = [
  ...["accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection"],
  ...[
    "access-control-request-private-network",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
  ],
  ...[
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "proxy-",
    "proxy-x",
    "sec-",
    "sec-x",
  ],
  ...["authorization", "forwarded", "if-match", "priority", "range", "x-sec-a", "x-http-method-override", "x-cookie"],
];

test("what Chromium would drop silently is refused, and all else arrives", async (t) => {
  const page = await openPage(t);
  const { baseUrl, seen } = await answering(t, concat(frame(MESSAGE), OK));
  const outcome = await page.evaluate(
    async ({ baseUrl, method, names }) => {
      const channel = await globalThis.hedgerow.createChannel({ baseUrl });
      const outcome: { name: string; dropped: boolean; code: number }[] = [];
      for (const name of names) {
        const dropped = !new Request(baseUrl, { headers: { [name]: "1" } }).headers.has(name);
        const call = channel.unary(method, new Uint8Array(), { metadata: { [name]: "1" } });
        const code = await call.then(
          () => 0,
          (error) => error.code,
        );
        outcome.push({ name, dropped, code });
      }
      return outcome;
    },
    { baseUrl, method: METHOD, names: NAMES },
  );
  for (const { name, dropped, code } of outcome) assert.equal(code, dropped ? 13 : 0, name);
  const kept = outcome.filter(({ dropped }) => !dropped).map(({ name }) => name);
  assert.equal(seen.length, kept.length);
  for (const [i, name] of kept.entries()) assert.equal(seen[i]?.headers[name], "1", name);
});

/** Finds the name of a lazily loaded file in dist. If other entries use the file too, a chunk re-exports it. */
async function chunkOf(part: string): Promise<string> {
  const read = (name: string) => readFile(join(process.env["HEDGEROW_PACKAGE"] ?? ".", "dist", name), "utf8");
  const chunksIn = async (name: string, pattern: RegExp) =>
    [...(await read(name)).matchAll(pattern)].map(([, chunk = ""]) => chunk);
  for (const chunk of new Set(await chunksIn("index.js", /(chunk-\w+\.js)"/g))) {
    for (const lazy of await chunksIn(chunk, /import\("\.\/([\w-]+\.js)"\)/g)) {
      for (const file of [lazy, ...(await chunksIn(lazy, /from"\.\/(chunk-\w+\.js)"/g))]) {
        if ((await read(`${file}.map`)).includes(`/${part}.ts`)) return file;
      }
    }
  }
  throw new Error(`no chunk is imported lazily for ${part}`);
}

test("what few channels need is loaded by those alone, once", async (t) => {
  const page = await openPage(t);
  const [compression, webSocket] = [await chunkOf("compression"), await chunkOf("web-socket")];
  const loaded = () =>
    page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name.slice(name.lastIndexOf("/") + 1)));
  const { baseUrl } = await answering(t, concat(frame(MESSAGE), OK));
  const count = async (name: string) => (await loaded()).filter((one) => one === name).length;
  await call(page, { baseUrl, format: "text" }, "unary", METHOD, MESSAGE);
  await call(page, { baseUrl, acceptCompression: ["gzip"] }, "unary", METHOD, MESSAGE);
  assert.ok((await loaded()).includes("hedgerow.wasm"));
  assert.deepEqual([await count(compression), await count(webSocket)], [0, 0]);
  const squeezed = await answering(t, concat(packed(MESSAGE), OK), GZIP);
  await call(page, { baseUrl: squeezed.baseUrl }, "unary", METHOD, MESSAGE);
  await call(page, { baseUrl, sendCompression: "gzip" }, "unary", METHOD, LONG);
  assert.deepEqual([await count(compression), await count(webSocket)], [1, 0]);
  await page.evaluate(
    async (baseUrl) => (await globalThis.hedgerow.createChannel({ baseUrl, webSocket: true })).close(),
    baseUrl,
  );
  assert.deepEqual([await count(compression), await count(webSocket)], [1, 1]);
});

test("a part that cannot be loaded: a LoadError that says so; an answer that needs it fails with INTERNAL", async (t) => {
  const page = await openPage(t);
  for (const part of ["compression", "web-socket"]) await page.route(`**/${await chunkOf(part)}`, (route) => route.abort());
  const { baseUrl } = await answering(t, concat(packed(MESSAGE), OK), GZIP);
  for (const options of [{ sendCompression: "gzip" }, { webSocket: true }] as const) {
    const error = await page.evaluate(
      async (options) => {
        const error = await globalThis.hedgerow.createChannel(options).catch((error: unknown) => error);
        return error instanceof globalThis.hedgerow.LoadError
          ? `${error.message} ${error.cause !== undefined}`
          : `no LoadError: ${error}`;
      },
      { baseUrl, ...options },
    );
    assert.match(error, /a part of Hedgerow's own JavaScript could not be loaded.*chunk-\w+\.js true$/);
  }
  const { code, message } = await call(page, { baseUrl }, "unary", METHOD, MESSAGE);
  assert.equal(code, 13);
  assert.match(message, /a part of Hedgerow's own JavaScript could not be loaded.*chunk-\w+\.js/);
});
