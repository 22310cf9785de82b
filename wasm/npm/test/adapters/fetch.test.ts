// hedgerow/fetch: used by connect-web as published, against the real server; and byte for byte over a scripted fetch.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type Client, Code as ConnectCode, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { type ChannelOptions, Code, createChannel } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import { Chaos, type Request, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, MESSAGE, METHOD, open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, failed, frame, OK, trailers, WEB } from "../support/responses.js";
import { connect, hang, Script, SERVER, type StepInit, status } from "../support/server.js";

const BASE = "https://api.test/grpc";
const BODY = frame(MESSAGE);

/** connect-web's own client, over a channel with these options. */
async function client(t: TestContext, options: Partial<ChannelOptions> = {}): Promise<Client<typeof Chaos>> {
  const channel = connect(t, options);
  return createClient(Chaos, createGrpcWebTransport({ baseUrl: SERVER, fetch: createFetch(channel) }));
}

function scripted(steps: StepInit[]): { request: Request; script: Script } {
  const script = new Script(steps);
  return { request: create(RequestSchema, { callId: script.id, steps: steps as never }), script };
}

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  const error: unknown = await promise.then(
    () => assert.fail("the call succeeded"),
    (error) => error,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return error;
}

test("connect-web: a transient fault is retried, and metadata goes both ways", async (t) => {
  const busy = status(Code.UNAVAILABLE, "busy");
  const { request, script } = scripted([
    busy,
    busy,
    { header: [{ name: "x-head", value: "yes" }], trailer: [{ name: "x-tail", value: "tail" }] },
  ]);
  let head: Headers | undefined;
  let tail: Headers | undefined;
  const reply = await (await client(t, { serviceConfig: retrying() })).do(request, {
    headers: { "x-own": "mine", "x-raw-bin": "AQID" },
    onHeader: (headers) => (head = headers),
    onTrailer: (trailers) => (tail = trailers),
  });
  assert.equal(reply.attempt, 3);
  assert.equal(head?.get("x-head"), "yes");
  assert.equal(tail?.get("x-tail"), "tail");
  const { executions } = await script.report(t, 3, 3);
  assert.deepEqual(
    executions.map(({ previousAttempts }) => previousAttempts),
    ["", "1", "2"],
  );
});

test("connect-web: what the policy does not list comes back as the server sent it", async (t) => {
  const { request, script } = scripted([status(Code.INVALID_ARGUMENT, "zu groß")]);
  const error = await failure((await client(t, { serviceConfig: retrying() })).do(request));
  assert.deepEqual([error.code, error.rawMessage], [ConnectCode.InvalidArgument, "zu groß"]);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("connect-web: one hedge wins, the other is canceled", async (t) => {
  const { request, script } = scripted([hang, {}]);
  const reply = await (await client(t, { serviceConfig: hedging({ maxAttempts: 2, hedgingDelay: "0.05s" }) })).do(request);
  assert.equal(reply.attempt, 2);
  const report = await script.report(t, 2, 2);
  assert.equal(report.started, 2);
});

test("connect-web: a stream is read as it comes, and can be left", async (t) => {
  const { request, script } = scripted([{ messages: 50 }]);
  let received = 0;
  for await (const _ of (await client(t)).stream(request)) {
    if (++received === 3) break;
  }
  assert.equal(received, 3);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("connect-web: its timeout is the call's deadline, over all attempts", async (t) => {
  const { request } = scripted([hang]);
  const error = await failure((await client(t, { serviceConfig: retrying() })).do(request, { timeoutMs: 200 }));
  assert.equal(error.code, ConnectCode.DeadlineExceeded);
});

test("connect-web: its signal cancels the call at the server", async (t) => {
  const { request, script } = scripted([hang]);
  const abort = new AbortController();
  const call = (await client(t)).do(request, { signal: abort.signal });
  await script.report(t, 1, 0);
  abort.abort();
  assert.equal((await failure(call)).code, ConnectCode.Canceled);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

/** A fetch of the adapter over a scripted one. */
async function adapted(t: TestContext, fake: FakeFetch, options: Partial<ChannelOptions> = {}): Promise<typeof fetch> {
  return createFetch(await open(t, fake, options));
}

const post = (more: RequestInit = {}): RequestInit => ({ method: "POST", headers: WEB, body: BODY, ...more });
const bytes = async (response: Response) => new Uint8Array(await response.arrayBuffer());

test("bytes go out and come back as they are, of the attempt that the call was committed to", async (t) => {
  const body = concat(frame(Uint8Array.of(7)), trailers("grpc-status: 0", "X-Odd:  spaced "));
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), new Response(body, { headers: { ...WEB, "x-head": "yes" } }));
  const response = await (await adapted(t, fake, { serviceConfig: retrying() }))(`${BASE}${METHOD}`, post());
  assert.deepEqual([response.status, response.headers.get("x-head")], [200, "yes"]);
  assert.deepEqual(await bytes(response), body);
  assert.equal(fake.exchanges.length, 2);
  for (const exchange of fake.exchanges) assert.deepEqual(new Uint8Array(exchange.body), BODY);
  assert.equal(fake.exchanges[1]?.previous, "1");
});

test("a request says its own of its body: text, compression, its user agent", async (t) => {
  const text = btoa(String.fromCharCode(...frame(MESSAGE), ...OK));
  const web = { "content-type": "application/grpc-web-text" };
  const fake = new FakeFetch(new Response(text, { headers: web }));
  const headers = {
    ...web,
    accept: "application/grpc-web-text",
    "grpc-encoding": "gzip",
    "x-user-agent": "mine/1",
    "x-own": "a, b",
    "x-own-bin": "AQ==, Ag",
  };
  const through = await adapted(t, fake, { sendCompression: "gzip", acceptCompression: ["gzip"] });
  const response = await through(`${BASE}${METHOD}`, post({ headers, body: btoa("any") }));
  assert.equal(await response.text(), text);
  const sent = fake.exchanges[0];
  assert.deepEqual(
    ["content-type", "accept", "grpc-encoding", "grpc-accept-encoding", "x-user-agent", "x-grpc-web", "x-own"].map((name) =>
      sent?.header(name),
    ),
    ["application/grpc-web-text", "application/grpc-web-text", "gzip", undefined, "mine/1", "1", "a, b"],
  );
  assert.deepEqual(
    sent?.headers.filter(([name]) => name === "x-own-bin").map(([, value]) => value),
    ["AQ", "Ag"],
  );
  assert.equal(new TextDecoder().decode(sent?.body), btoa("any"));
});

test("a Request is taken as well as a URL and its init, and its timeout and credentials are the call's", async (t) => {
  const fake = new FakeFetch(new Response(concat(BODY, OK), { headers: WEB }));
  const request = new Request(`${BASE}${METHOD}`, post({ headers: { ...WEB, "grpc-timeout": "5S" }, credentials: "include" }));
  await bytes(await (await adapted(t, fake))(request));
  assert.equal(fake.exchanges[0]?.init.credentials, "include");
  assert.match(fake.exchanges[0]?.header("grpc-timeout") ?? "", /^(5000|49\d\d)m$/);
});

test("a call that nobody has answered comes back as Trailers-Only", async (t) => {
  const fake = new FakeFetch(new TypeError("fetch failed"));
  const response = await (await adapted(t, fake))(`${BASE}${METHOD}`, post());
  assert.deepEqual([response.status, response.headers.get("grpc-status")], [200, "14"]);
  assert.match(decodeURIComponent(response.headers.get("grpc-message") ?? ""), /no response from POST .*fetch failed/);
  assert.equal(await response.text(), "");
});

test("a response that breaks off has its body fail with the StatusError", async (t) => {
  const broken = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (this.started) controller.error(new TypeError("lost"));
        else controller.enqueue(BODY);
        this.started = true;
      },
      started: false,
    } as UnderlyingDefaultSource<Uint8Array> & { started: boolean },
    { highWaterMark: 0 },
  );
  const response = await (await adapted(t, new FakeFetch(new Response(broken, { headers: WEB }))))(`${BASE}${METHOD}`, post());
  const reader = response.body?.getReader();
  assert.deepEqual((await reader?.read())?.value, BODY);
  await assert.rejects(async () => reader?.read(), { name: "StatusError", code: Code.UNAVAILABLE });
});

test("an HTTP error that is no gRPC answer comes back with its status and headers, retried first", async (t) => {
  const page = () => new Response("<html>", { status: 503, headers: { "content-type": "text/html" } });
  const fake = new FakeFetch(page(), page());
  const response = await (await adapted(t, fake, { serviceConfig: retrying({ maxAttempts: 2 }) }))(`${BASE}${METHOD}`, post());
  assert.deepEqual([response.status, response.headers.get("content-type"), fake.exchanges.length], [503, "text/html", 2]);
});

test("an aborted request rejects with its signal's reason, as fetch does", async (t) => {
  const through = await adapted(t, new FakeFetch(undefined));
  const abort = new AbortController();
  const call = through(`${BASE}${METHOD}`, post({ signal: abort.signal }));
  const reason = new Error("enough");
  queueMicrotask(() => abort.abort(reason));
  await assert.rejects(call, (error) => error === reason);
  await assert.rejects(through(`${BASE}${METHOD}`, post({ signal: AbortSignal.abort(reason) })), (error) => error === reason);
});

test("all other requests pass through untouched", async (t) => {
  const seen: unknown[][] = [];
  const other: typeof fetch = async (...args) => {
    seen.push(args);
    return new Response("other");
  };
  const fake = new FakeFetch();
  const through = createFetch(await open(t, fake), { fetch: other });
  const cases: [RequestInfo | URL, RequestInit | undefined][] = [
    [`${BASE}/index.html`, undefined],
    [`${BASE}${METHOD}`, { method: "GET" }],
    [`${BASE}${METHOD}`, post({ headers: { "content-type": "application/json" } })],
    [`${BASE}${METHOD}?query`, post()],
    [`${BASE}/pkg.Service/Method/more`, post()],
    [`http://elsewhere${METHOD}`, post()],
    [new URL(`${BASE}x${METHOD}`), post()],
  ];
  for (const args of cases) assert.equal(await (await through(...args)).text(), "other");
  for (const [i, args] of seen.entries()) assert.ok(args[0] === cases[i]?.[0] && args[1] === cases[i]?.[1]);
  assert.equal(fake.exchanges.length, 0);
});

test("a channel that was closed, and one that is none", async (t) => {
  const channel = await open(t, new FakeFetch());
  const through = createFetch(channel);
  channel.close();
  assert.equal((await through(`${BASE}${METHOD}`, post())).headers.get("grpc-status"), String(Code.CANCELLED));
  assert.throws(() => createFetch({} as never), TypeError);
  await assert.rejects(createFetch(Promise.resolve({} as never))(`${BASE}${METHOD}`, post()), TypeError);
  await assert.rejects(createFetch(createChannel({ baseUrl: "ftp://x" }))(`${BASE}${METHOD}`, post()), { name: "ConfigError" });
});
