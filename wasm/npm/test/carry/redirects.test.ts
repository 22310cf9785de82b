// What a redirect comes to (SEMANTICS 5.3i): in Node the response itself, with its status, and in browsers an opaque one, with none.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { Code, createChannel, type FetchLike } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import { collect, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, frame, OK, WEB } from "../support/responses.js";

/** What a browser's fetch gives for a redirect. */
const opaque = { type: "opaqueredirect", status: 0, ok: false, headers: new Headers(), body: null } as unknown as Response;

/** A policy that would retry what a redirect comes to. */
const serviceConfig = retrying({ retryableStatusCodes: ["UNKNOWN", "UNAVAILABLE"] });

async function listen(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((go) => server.once("listening", go));
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a redirect ends the call once, as UNKNOWN, and says that a session may have ended", async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    let requests = 0;
    const baseUrl = await listen(t, (_, response) => {
      requests++;
      response.writeHead(status, { location: "/login" }).end("moved");
    });
    const channel = await createChannel({ baseUrl, serviceConfig });
    t.after(() => channel.close());
    const error = await refused(channel.unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.UNKNOWN);
    assert.match(error.message, /redirect.*session has ended/);
    assert.equal(error.commitReason, "fatalStatus");
    assert.deepEqual(
      error.attempts.map(({ outcome, httpStatus, code }) => [outcome, httpStatus, code]),
      [["failed", status, Code.UNKNOWN]],
    );
    assert.equal((await refused(collect(channel.serverStreaming(METHOD, MESSAGE)))).code, Code.UNKNOWN);
    assert.equal(requests, 2);
  }
});

test("an opaque redirect does so too, and no HTTP status is recorded of it", async (t) => {
  const fake = new FakeFetch(() => opaque);
  const error = await refused((await open(t, fake, { serviceConfig })).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.UNKNOWN);
  assert.match(error.message, /redirect.*session has ended/);
  assert.equal(error.cause, undefined);
  assert.equal(fake.exchanges.length, 1);
  assert.equal(error.attempts.length, 1);
  assert.equal("httpStatus" in (error.attempts[0] as object), false);
  assert.equal(fake.exchanges[0]?.init.redirect, "manual");
});

test('redirect: "follow" follows, with the metadata', async (t) => {
  const seen: (string | undefined)[] = [];
  const baseUrl = await listen(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers["x-who"]}`);
    if (!request.url?.startsWith("/elsewhere")) response.writeHead(307, { location: `/elsewhere${request.url}` }).end();
    else response.writeHead(200, WEB).end(concat(frame(MESSAGE), OK));
  });
  const channel = await createChannel({ baseUrl, redirect: "follow" });
  t.after(() => channel.close());
  const { message, attempts } = await channel.unary(METHOD, MESSAGE, { metadata: { "x-who": "me" } });
  assert.deepEqual(message, MESSAGE);
  assert.equal(attempts.length, 1);
  assert.deepEqual(seen, [`POST ${METHOD} me`, `POST /elsewhere${METHOD} me`]);
});

test("redirect is one of two words", async (t) => {
  for (const redirect of ["error", "", true, null]) {
    await assert.rejects(open(t, new FakeFetch(), { redirect: redirect as "manual" }), /redirect: must be "manual" or "follow"/);
  }
});

test("hedgerow/fetch gives another client a status for it, and no redirect", async (t) => {
  const real = new Response("moved", { status: 302, headers: { location: "/login", "content-length": "5", "x-a": "1" } });
  for (const redirect of [opaque, real]) {
    const fake = new FakeFetch(() => redirect);
    const fetch = createFetch(await open(t, fake, { serviceConfig }));
    const address = `https://api.test/grpc${METHOD}`;
    const response = await fetch(address, { method: "POST", headers: WEB, body: frame(MESSAGE) });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), WEB["content-type"]);
    assert.equal(response.headers.get("grpc-status"), "2");
    assert.match(decodeURIComponent(response.headers.get("grpc-message") ?? ""), /session has ended/);
    assert.equal(response.headers.has("content-length"), false);
    assert.equal(response.body, null);
    assert.equal(fake.exchanges.length, 1);
  }
});

test("a redirect that holds a status of gRPC's is that status", async (t) => {
  const headers = { ...WEB, "grpc-status": "5", "grpc-message": "gone", location: "/login" };
  const fetch: FetchLike = async () => new Response(null, { status: 302, headers });
  const channel = await open(t, new FakeFetch(), { fetch, serviceConfig });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual([error.code, error.message], [Code.NOT_FOUND, "gone"]);
  const response = await createFetch(channel)(`https://api.test/grpc${METHOD}`, {
    method: "POST",
    headers: WEB,
    body: frame(MESSAGE),
  });
  assert.deepEqual([response.status, response.headers.get("grpc-status")], [200, "5"]);
});
