// hedgerow/fetch with rare kinds of responses and fields.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { type TestContext, test } from "node:test";
import { type ChannelOptions, Code, Metadata, StatusError } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import { MESSAGE, METHOD, open } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { Chunks, concat, frame, OK, ok, streamed, WEB } from "../support/responses.js";

const ADDRESS = `https://api.test/grpc${METHOD}`;

async function post(
  t: TestContext,
  fake: FakeFetch,
  options: Partial<ChannelOptions> = {},
  init: RequestInit = {},
): Promise<Response> {
  const fetch = createFetch(await open(t, fake, options));
  return fetch(ADDRESS, { method: "POST", body: frame(MESSAGE), ...init, headers: { ...WEB, ...(init.headers as object) } });
}

test("an HTTP status that no Response can have comes back as 500, alone or over a body", async (t) => {
  const odd = (response: Response): Response => Object.defineProperty(response, "status", { value: 999 });
  assert.equal((await post(t, new FakeFetch(odd(new Response(null))))).status, 500);
  const bodied = odd(new Response(concat(frame(MESSAGE), OK), { headers: { ...WEB, "grpc-status": "2" } }));
  const response = await post(t, new FakeFetch(bodied));
  assert.equal(response.status, 500);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), concat(frame(MESSAGE), OK));
});

test("a status whose responses have no body comes back without one, and the call ends", async (t) => {
  for (const status of [204, 205, 304]) {
    const fake = new FakeFetch(new Response(null, { status, headers: { ...WEB, "grpc-status": "0" } }));
    const ended = new Promise((resolve) => {
      void post(t, fake, { onEvent: (event) => event.type === "callEnded" && resolve(event.code) }).then((response) => {
        assert.deepEqual([response.status, response.body, response.headers.get("grpc-status")], [status, null, "0"]);
      }, assert.fail);
    });
    await ended;
  }
});

test("a status of 0, as an opaque response has, comes back as 500", async (t) => {
  const opaque = Object.defineProperty(new Response(null), "status", { value: 0 });
  assert.equal((await post(t, new FakeFetch(opaque))).status, 500);
});

test("a trailer that no header can hold keeps no failure from being told", async (t) => {
  const trailer = new Metadata({ "x-price": "3 €", "x-kept": "yes" });
  // @ts-expect-error: the constructor is not public, but no server sends such a trailer
  const error = new StatusError(METHOD, {
    code: Code.UNAUTHENTICATED,
    message: "no",
    details: undefined,
    header: new Metadata(),
    trailer,
    attempts: [],
    commitReason: "fatalStatus",
  });
  const { headers } = await post(t, new FakeFetch(), { metadata: () => Promise.reject(error) });
  assert.deepEqual([headers.get("grpc-status"), headers.get("x-kept"), headers.get("x-price")], ["16", "yes", null]);
});

test("several reads at once are all answered", async (t) => {
  const chunks = [frame(MESSAGE), frame(new Uint8Array()), OK];
  const { body } = await post(t, new FakeFetch(streamed(new Chunks(...chunks).body)));
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const reads = await Promise.all([1, 2, 3, 4].map(() => reader.read()));
  assert.deepEqual(
    reads.map(({ value }) => value),
    [...chunks, undefined],
  );
});

test("a field of bytes that is no base64 is refused, and nothing of the call stays behind", async (t) => {
  const { signal } = new AbortController();
  const fake = new FakeFetch(ok(MESSAGE));
  await assert.rejects(post(t, fake, {}, { headers: { "x-raw-bin": "%" }, signal }));
  assert.deepEqual([fake.exchanges.length, getEventListeners(signal, "abort").length], [0, 0]);
});
