// hedgerow/service-worker in Chromium: the calls of an app of connect-web that knows nothing of it.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { allowedHeaders } from "hedgerow/cors";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { hang, Script, SERVER, status } from "../support/server.js";
import { listen } from "./pages.js";
import { control, controlled, openSite, TAKE_OVER, unary } from "./service-worker-site.js";

const Code = { CANCELLED: 1, DEADLINE_EXCEEDED: 4, UNAVAILABLE: 14 };
const busy = status(Code.UNAVAILABLE, "busy");

test("service worker: a fault is retried, on the page's origin and on another", async (t) => {
  const site = await controlled(t, retrying());
  for (const baseUrl of [`${site.origin}/grpc`, SERVER]) {
    const script = new Script([]);
    assert.deepEqual(await unary(site, baseUrl, script.id, [busy, busy, {}]), { code: 0, message: "", attempt: 3 });
    const { executions } = await script.report(t, 3, 3);
    assert.deepEqual(
      executions.map(({ previousAttempts }) => previousAttempts),
      ["", "1", "2"],
    );
  }
  assert.deepEqual(site.said, []);
});

test("service worker: a call is hedged, and the losers are canceled at the server", async (t) => {
  const site = await controlled(t, hedging({ maxAttempts: 2, hedgingDelay: "0.2s" }));
  const script = new Script([]);
  assert.equal((await unary(site, SERVER, script.id, [hang, {}])).attempt, 2);
  const { executions } = await script.report(t, 2, 2);
  assert.deepEqual(
    executions.map(({ ending }) => ending),
    [Ending.CANCELLED, Ending.PLAYED],
  );
});

test("service worker: a stream comes as it is sent, and the app's abort within it cancels at the server", async (t) => {
  const site = await controlled(t, retrying());
  const script = new Script([]);
  const seen = await site.page.evaluate(
    async ({ baseUrl, callId, steps }) => {
      const indices: number[] = [];
      const abort = new AbortController();
      const read = async () => {
        for await (const { index } of app.client(baseUrl).stream({ callId, steps: steps as never }, { signal: abort.signal }))
          if (indices.push(index) === 2) abort.abort();
      };
      const { code } = await app.said(read());
      return { indices, code };
    },
    { baseUrl: SERVER, callId: script.id, steps: [busy, { messages: 2, ...hang }] },
  );
  assert.deepEqual(seen, { indices: [1, 2], code: Code.CANCELLED });
  const { executions } = await script.report(t, 2, 2);
  assert.equal(executions[1]?.ending, Ending.CANCELLED);
});

test("service worker: an abort before an answer ends the call for the app; the browser tells nobody else", async (t) => {
  const site = await controlled(t, retrying());
  const script = new Script([]);
  const call = site.page.evaluate(
    async ({ baseUrl, callId, hang }) => {
      const abort = new AbortController();
      Object.assign(globalThis, { abort });
      return (await app.said(app.client(baseUrl).do({ callId, steps: [hang] as never }, { signal: abort.signal }))).code;
    },
    { baseUrl: SERVER, callId: script.id, hang },
  );
  await script.report(t, 1, 0);
  await site.page.evaluate(() => (globalThis as unknown as { abort: AbortController }).abort.abort());
  assert.equal(await call, Code.CANCELLED);
});

test("service worker: the app's timeout ends the call, its retries included", async (t) => {
  const site = await controlled(t, retrying());
  const script = new Script([]);
  assert.equal((await unary(site, SERVER, script.id, [busy, hang], 2500)).code, Code.DEADLINE_EXCEEDED);
  const { executions } = await script.report(t, 2, 2);
  assert.ok([Ending.CANCELLED, Ending.DEADLINE].includes(executions[1]?.ending as Ending));
});

test("service worker: what is no gRPC-Web call, or to another server, goes by untouched", async (t) => {
  const seen: [string | undefined, string | undefined, string][] = [];
  const api = async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    seen.push([request.method, request.headers["content-type"], body]);
    response.writeHead(418, { "content-type": "text/plain" }).end("answer");
  };
  const site = await controlled(t, retrying(), { api });
  const { origin: elsewhere } = await listen(t, (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    if (request.method !== "OPTIONS") seen.push(["elsewhere", request.headers["x-grpc-web"] as string, ""]);
    response.setHeader("access-control-allow-headers", "*");
    response.writeHead(200, { "content-type": "application/grpc-web+proto", "grpc-status": "14" });
    response.end();
  });
  const answers = await site.page.evaluate(async (elsewhere) => {
    const web = { "content-type": "application/grpc-web+proto" };
    const responses = await Promise.all([
      fetch("/asset.css"),
      fetch("/grpc-but-not/here/at/all", { method: "POST", headers: web, body: "x" }),
      fetch("/json", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }),
      fetch("/grpc-web", { method: "PUT", headers: web, body: "y" }),
      fetch(`${elsewhere}/hedgerow.chaos.v1.Chaos/Do`, { method: "POST", headers: { ...web, "x-grpc-web": "own" } }),
    ]);
    return responses.map(({ status }) => status);
  }, elsewhere);
  assert.deepEqual(answers, [418, 418, 418, 418, 200]);
  assert.deepEqual(
    seen.sort(([a = "", b = ""], [c = "", d = ""]) => (a + b < c + d ? -1 : 1)),
    [
      ["GET", undefined, ""],
      ["POST", "application/grpc-web+proto", "x"],
      ["POST", "application/json", "{}"],
      ["PUT", "application/grpc-web+proto", "y"],
      ["elsewhere", "own", ""],
    ],
  );
});

test("service worker: the request's credentials mode says which cookies go along", async (t) => {
  const cookies: (string | undefined)[] = [];
  const { origin: api } = await listen(t, (request, response) => {
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "");
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("access-control-allow-headers", allowedHeaders.join());
    response.setHeader("access-control-expose-headers", "grpc-status");
    response.setHeader("set-cookie", "who=me; path=/");
    if (request.method === "OPTIONS") {
      response.writeHead(204).end();
      return;
    }
    cookies.push(request.headers.cookie);
    response.writeHead(200, { "content-type": "application/grpc-web+proto", "grpc-status": "7" }).end();
  });
  const program = `install({ origins: ["${api}"] });${TAKE_OVER}`;
  const site = await openSite(t, { program });
  await control(site);
  const codes = await site.page.evaluate(async (api) => {
    const codes: number[] = [];
    for (const credentials of ["include", "omit", "include", "same-origin"] as const)
      codes.push((await app.said(app.client(api, { credentials }).do({}))).code);
    return codes;
  }, api);
  assert.deepEqual(codes, [7, 7, 7, 7]);
  assert.deepEqual(cookies, [undefined, undefined, "who=me", undefined]);
});

test("167 service worker: calls to an endpoint that is gone go to the next one of its list", async (t) => {
  let answered = 0;
  const { origin: api } = await listen(t, (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", allowedHeaders.join());
    response.setHeader("access-control-expose-headers", "grpc-status");
    if (request.method === "OPTIONS") {
      response.writeHead(204).end();
      return;
    }
    answered++;
    response.writeHead(200, { "content-type": "application/grpc-web+proto", "grpc-status": "7" }).end();
  });
  const gone = "http://127.0.0.1:49151"; // nothing listens there
  const program = `install({ origins: [["${gone}", "${api}"]], serviceConfig: ${JSON.stringify(retrying())} });${TAKE_OVER}`;
  const site = await openSite(t, { program });
  await control(site);
  const codes = await site.page.evaluate(
    async ([gone, api]) => {
      const codes: number[] = [];
      for (const url of [gone, gone, api] as string[]) codes.push((await app.said(app.client(url).do({}))).code);
      return codes;
    },
    [gone, api],
  );
  assert.deepEqual(codes, [7, 7, 7]);
  assert.equal(answered, 3);
});

test("service worker: an XMLHttpRequest of the text format is retried too", async (t) => {
  const site = await controlled(t, retrying());
  const script = new Script([busy, {}], Uint8Array.of(9));
  const seen = await site.page.evaluate(
    ({ url, bytes }) =>
      new Promise<{ status: number; type: string | null; text: string }>((resolve) => {
        const request = new XMLHttpRequest();
        request.open("POST", url);
        for (const name of ["content-type", "accept"]) request.setRequestHeader(name, "application/grpc-web-text");
        request.setRequestHeader("x-grpc-web", "1");
        request.onload = () =>
          resolve({ status: request.status, type: request.getResponseHeader("content-type"), text: request.responseText });
        const frame = new Uint8Array(5 + bytes.length);
        new DataView(frame.buffer).setUint32(1, bytes.length);
        frame.set(bytes, 5);
        request.send(btoa(String.fromCharCode(...frame)));
      }),
    { url: `${SERVER}/hedgerow.chaos.v1.Chaos/Do`, bytes: Array.from(script.bytes) },
  );
  assert.equal(seen.status, 200);
  assert.match(seen.type ?? "", /^application\/grpc-web-text/);
  assert.match(seen.text, /^AAAA/, "a frame in base64");
  assert.equal((await script.report(t, 2, 2)).ended, 2);
});

test("service worker: a compressed answer passes as it came", async (t) => {
  const site = await controlled(t, retrying());
  const script = new Script([busy, { encoding: "gzip", messageSize: 1000 }]);
  const flags = await site.page.evaluate(
    async ({ url, bytes }) => {
      const frame = new Uint8Array(5 + bytes.length);
      new DataView(frame.buffer).setUint32(1, bytes.length);
      frame.set(bytes, 5);
      const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1", "grpc-accept-encoding": "gzip" };
      const response = await fetch(url, { method: "POST", headers, body: frame });
      const body = new Uint8Array(await response.arrayBuffer());
      const length = new DataView(body.buffer).getUint32(1);
      return { flags: [body[0], body[5 + length]], encoding: response.headers.get("grpc-encoding") };
    },
    { url: `${SERVER}/hedgerow.chaos.v1.Chaos/Do`, bytes: Array.from(script.bytes) },
  );
  assert.deepEqual(flags, { flags: [1, 0x80], encoding: "gzip" });
});
