// hedgerow/fetch over a scripted fetch: what passes through it, at which pace, and what it leaves behind.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { type TestContext, test } from "node:test";
import type { GrpcWebTransportOptions } from "@connectrpc/connect-web";
import { type CallEvent, type ChannelOptions, Code } from "hedgerow";
import { createFetch, type FetchOptions } from "hedgerow/fetch";
import { hedging, MESSAGE, METHOD, open, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { GZIP, gzipped, LONG, packed, trailerText } from "../support/gzip.js";
import { Chunks, concat, failed, frame, OK, ok, streamed, WEB } from "../support/responses.js";

const URL_OF = `https://api.test/grpc${METHOD}`;
const BODY = frame(MESSAGE);

type Fetch = typeof globalThis.fetch;

/** A fetch of the adapter over a scripted one. */
async function adapted(
  t: TestContext,
  fake: FakeFetch,
  options: Partial<ChannelOptions> = {},
  more?: FetchOptions,
): Promise<Fetch> {
  return createFetch(await open(t, fake, options), more);
}

const post = (more: RequestInit = {}): RequestInit => ({ method: "POST", headers: WEB, body: BODY, ...more });
const bytes = async (response: Response) => new Uint8Array(await response.arrayBuffer());

test("compressed messages and trailers pass as they came; the status in them is read", async (t) => {
  const body = concat(packed(LONG), packed(MESSAGE), frame(gzipped(trailerText("grpc-status: 0")), 0x81));
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), new Response(body, { headers: GZIP }));
  const events: CallEvent[] = [];
  const through = await adapted(t, fake, { serviceConfig: retrying(), onEvent: (event) => events.push(event) });
  const response = await through(URL_OF, post());
  assert.equal(response.headers.get("grpc-encoding"), "gzip");
  assert.deepEqual(await bytes(response), body);
  const end = events.at(-1);
  assert.deepEqual([end?.type, end?.type === "callEnded" && end.code], ["callEnded", Code.OK]);
});

test("a message may be longer than the channel's own calls may receive", async (t) => {
  const long = new Uint8Array(8 << 20).fill(3);
  const body = concat(frame(long), OK);
  const fake = new FakeFetch(new Response(body, { headers: WEB }), new Response(concat(packed(long), OK), { headers: GZIP }));
  const through = await adapted(t, fake, { maxReceiveMessageBytes: 10 });
  assert.equal((await bytes(await through(URL_OF, post()))).length, body.length);
  assert.equal((await bytes(await through(URL_OF, post()))).length, packed(long).length + OK.length);
});

test("a request of many megabytes goes out as it is; it does not fit into the replay buffer, and is not retried", async (t) => {
  const body = frame(new Uint8Array(8 << 20).fill(5));
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "busy"));
  const response = await (await adapted(t, fake, { serviceConfig: retrying() }))(URL_OF, post({ body }));
  assert.deepEqual([response.headers.get("grpc-status"), fake.exchanges.length], ["14", 1]);
  assert.deepEqual(new Uint8Array((fake.exchanges[0] as { body: Uint8Array }).body), body);
});

test("every kind of body is read: bytes, a view, a Blob, a stream, text, none", async (t) => {
  const bodies: [RequestInit, Uint8Array][] = [
    [{ body: BODY }, BODY],
    [{ body: BODY.buffer }, BODY],
    [{ body: concat(Uint8Array.of(9, 9), BODY).subarray(2) }, BODY],
    [{ body: new Blob([BODY]) }, BODY],
    [{ body: new Blob([BODY]).stream(), duplex: "half" } as RequestInit, BODY],
    [{ body: "AAAAAAA=" }, new TextEncoder().encode("AAAAAAA=")],
    [{ body: null }, new Uint8Array()],
  ];
  const fake = new FakeFetch(...bodies.flatMap(() => [ok(), ok()]));
  const through = await adapted(t, fake);
  for (const [init, expected] of bodies) {
    await bytes(await through(URL_OF, post(init)));
    assert.deepEqual(new Uint8Array((fake.exchanges.at(-1) as { body: Uint8Array }).body), expected);
    const request = new Request(URL_OF, post(init.body instanceof ReadableStream ? { body: BODY } : init));
    await bytes(await through(request));
    assert.deepEqual(new Uint8Array((fake.exchanges.at(-1) as { body: Uint8Array }).body), expected);
  }
});

test("a body that fails while it is read, and one that was read already, fail the call before anything is sent", async (t) => {
  const fake = new FakeFetch();
  const through = await adapted(t, fake);
  const reason = new Error("no more");
  const body = new ReadableStream({ start: (controller) => controller.error(reason) });
  await assert.rejects(through(URL_OF, post({ body, duplex: "half" } as RequestInit)), (error) => error === reason);
  const used = new Request(URL_OF, post());
  await used.arrayBuffer();
  await assert.rejects(through(used), TypeError);
  assert.equal(fake.exchanges.length, 0);
});

test("Trailers-Only comes back with its fields, pushback and details among them", async (t) => {
  const fields = { "grpc-status-details-bin": "AQI", "x-tail": "yes", "grpc-retry-pushback-ms": "-1" };
  const response = await (
    await adapted(t, new FakeFetch(failed(Code.UNAVAILABLE, "busy", fields)), { serviceConfig: retrying() })
  )(URL_OF, post());
  for (const [name, value] of Object.entries({ ...fields, "grpc-status": "14", "grpc-message": "busy" }))
    assert.equal(response.headers.get(name), value);
  assert.equal((await bytes(response)).length, 0);
});

test("the losers of hedging are aborted when one wins", async (t) => {
  const fake = new FakeFetch(undefined, undefined, ok(MESSAGE));
  const response = await (await adapted(t, fake, { serviceConfig: hedging() }))(URL_OF, post());
  assert.deepEqual(await bytes(response), concat(BODY, OK));
  assert.deepEqual(
    fake.exchanges.map(({ signal }) => signal.aborted),
    [true, true, false],
  );
});

test("the channel's throttle counts its calls, and its onEvent hears of them", async (t) => {
  const fake = new FakeFetch(...Array.from({ length: 4 }, () => failed(Code.UNAVAILABLE)));
  const types = new Set<string>();
  const through = await adapted(t, fake, {
    serviceConfig: retrying({ maxAttempts: 3 }, { retryThrottling: { maxTokens: 4, tokenRatio: 1 } }),
    onEvent: ({ type }) => types.add(type),
  });
  for (const requests of [2, 3, 4]) {
    await through(URL_OF, post());
    assert.equal(fake.exchanges.length, requests);
  }
  for (const type of ["callStarted", "attemptStarted", "backoff", "throttle", "attemptEnded", "callEnded"])
    assert.ok(types.has(type), type);
});

test("nothing is read that nobody asked for", async (t) => {
  const chunks = new Chunks(BODY, BODY, BODY, OK);
  const response = await (await adapted(t, new FakeFetch(streamed(chunks.body))))(URL_OF, post());
  await settle();
  assert.ok(chunks.pulled <= 1, `${chunks.pulled} chunks were read before the first was wanted`);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (let read = 1; read <= 3; read++) {
    await reader.read();
    await settle();
    assert.ok(chunks.pulled <= read + 1, `${chunks.pulled} chunks were read, ${read} wanted`);
  }
  await reader.read();
  assert.equal((await reader.read()).done, true);
});

test("who cancels the body cancels the exchange, also while a chunk is on its way", async (t) => {
  const chunks = new Chunks(BODY, BODY, BODY);
  const fake = new FakeFetch(streamed(chunks.body));
  const response = await (await adapted(t, fake))(URL_OF, post());
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  const pending = reader.read();
  await reader.cancel("enough");
  assert.equal((await pending).done, true);
  await settle();
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
  assert.ok(chunks.cancelled);
});

test("close() of the channel fails the bodies that are being read, and answers the calls that wait as CANCELLED", async (t) => {
  const fake = new FakeFetch(streamed(new ReadableStream({ start: (controller) => controller.enqueue(BODY) })), undefined);
  const channel = await open(t, fake);
  const through = createFetch(channel);
  const reader = (await through(URL_OF, post())).body?.getReader();
  await reader?.read();
  const reading = assert.rejects(async () => reader?.read(), { name: "StatusError", code: Code.CANCELLED });
  const waiting = through(URL_OF, post());
  await fake.request(2);
  channel.close();
  await reading;
  assert.equal((await waiting).headers.get("grpc-status"), String(Code.CANCELLED));
});

test("what a request says of caches, redirects, priority and keepalive is not handed on", async (t) => {
  const fake = new FakeFetch(ok());
  const init = { keepalive: true, priority: "low", cache: "reload", redirect: "follow", referrerPolicy: "no-referrer" } as const;
  await bytes(await (await adapted(t, fake))(URL_OF, post(init)));
  const sent = fake.exchanges[0]?.init as RequestInit & { priority?: string };
  assert.deepEqual([sent.cache, sent.redirect, sent.mode], ["no-store", "manual", "cors"]);
  assert.deepEqual([sent.keepalive, sent.priority, sent.referrerPolicy], [undefined, undefined, undefined]);
});

test("a grpc-timeout that is none is refused", async (t) => {
  const through = await adapted(t, new FakeFetch());
  const headers = { ...WEB, "grpc-timeout": "soon" };
  await assert.rejects(through(URL_OF, post({ headers })), { name: "TypeError", message: /grpc-timeout "soon"/ });
});

test("an address that only the other fetch understands is left to it", async (t) => {
  const other: Fetch = async (input) => new Response(String(input));
  const through = await adapted(t, new FakeFetch(), {}, { fetch: other });
  assert.equal(await (await through(METHOD, post())).text(), METHOD);
});

test("calls leave no listener on their signal, however they end", async (t) => {
  const abort = new AbortController();
  const { signal } = abort;
  const fake = new FakeFetch(ok(), failed(Code.NOT_FOUND), new TypeError("down"), streamed(new Chunks(BODY, BODY).body));
  const through = await adapted(t, fake);
  for (let i = 0; i < 3; i++) await bytes(await through(URL_OF, post({ signal })));
  await (await through(URL_OF, post({ signal }))).body?.cancel();
  await settle();
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

/** The type must fit where connect-web and protobuf-ts take a fetch, which both declare as globalThis.fetch. */
export const fits: (through: Fetch) => Pick<GrpcWebTransportOptions, "baseUrl" | "fetch"> = (fetch) => ({ baseUrl: "", fetch });
