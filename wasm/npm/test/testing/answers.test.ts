// hedgerow/testing: every way in which its server answers, what it records of requests, and its errors for invalid scripts.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Channel, type ChannelOptions, Code, createChannel, Metadata } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import {
  always,
  createTestServer,
  cut,
  fail,
  hang,
  httpError,
  later,
  networkError,
  reply,
  type Step,
  type TestRequest,
  type TestServer,
  times,
} from "hedgerow/testing";
import { collect, MESSAGE, METHOD, refused, retrying } from "../support/calls.js";

async function open(t: TestContext, server: TestServer, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  const channel = await createChannel({ ...server.options, ...options });
  t.after(() => channel.close());
  return channel;
}

/** Makes a call that gets this answer, and returns how it ended. */
async function failure(t: TestContext, step: Step, options: Partial<ChannelOptions> = {}) {
  const server = createTestServer().on(METHOD, step);
  const channel = await open(t, server, options);
  return refused(server.clock.runUntil(channel.unary(METHOD, MESSAGE)));
}

test("a failure with everything: message, details, metadata", async (t) => {
  const options = { message: "nö: 100 %", details: MESSAGE, trailer: { why: "so", "x-bin": [MESSAGE, Uint8Array.of(255)] } };
  for (const step of [fail(Code.DATA_LOSS, options), reply([fail(Code.DATA_LOSS, options)], { header: { early: "yes" } })]) {
    const { code, message, details, header, trailer, attempts } = await failure(t, step);
    assert.deepEqual([code, message, details], [Code.DATA_LOSS, options.message, MESSAGE]);
    assert.equal(trailer.get("why"), "so");
    assert.deepEqual(trailer.getAll("x-bin"), [MESSAGE, Uint8Array.of(255)]);
    assert.equal(header.get("early"), step.kind === "reply" ? "yes" : undefined);
    assert.equal(attempts[0]?.httpStatus, 200);
  }
});

test("Trailers-Only is retried, and a head that has come early is not", async (t) => {
  for (const [step, requests] of [
    [fail(Code.UNAVAILABLE), 2],
    [later(100, fail(Code.UNAVAILABLE)), 2],
    [reply([later(100, fail(Code.UNAVAILABLE))]), 1],
  ] as const) {
    const server = createTestServer().on(METHOD, step, always(reply(MESSAGE)));
    const channel = await open(t, server, { serviceConfig: retrying() });
    await server.clock.runUntil(channel.unary(METHOD, MESSAGE).catch(() => {}));
    assert.equal(server.requests().length, requests);
  }
});

test("HTTP errors, broken networks, and answers that break off", async (t) => {
  for (const [step, code, text] of [
    [httpError(503), Code.UNAVAILABLE, /503/],
    [httpError(403, { body: "{}", headers: { "content-type": "application/json" } }), Code.PERMISSION_DENIED, /403/],
    [httpError(204), Code.UNKNOWN, /204/],
    [networkError(), Code.UNAVAILABLE, /Failed to fetch/],
    [networkError("no route"), Code.UNAVAILABLE, /no route/],
    [reply([MESSAGE, networkError("reset")]), Code.UNAVAILABLE, /reset/],
    [cut(), Code.UNKNOWN, /empty/],
    [reply([MESSAGE, cut()]), Code.UNKNOWN, /./],
  ] as const) {
    const error = await failure(t, step);
    assert.equal(Code[error.code], Code[code]);
    assert.match(error.message, text);
  }
});

test("functions of the request choose the answer, at once or later", async (t) => {
  const server = createTestServer();
  const echo = ({ attempt, message, metadata, timeoutMs }: TestRequest) =>
    attempt < 2
      ? fail(Code.UNAVAILABLE)
      : reply(message, { header: { name: metadata.get("name") ?? "", timeout: String(timeoutMs) } });
  server.on(METHOD, always(echo), hang());
  server.on("*", async ({ method }) => later(10, fail(Code.NOT_FOUND, { message: method })));
  const channel = await open(t, server, { serviceConfig: retrying() });
  const { message, header } = await server.clock.runUntil(
    channel.unary(METHOD, MESSAGE, { metadata: { name: "n" }, timeoutMs: 9 }),
  );
  assert.deepEqual([message, header.get("name"), header.get("timeout")], [MESSAGE, "n", "8"]);
  const error = await refused(server.clock.runUntil(channel.unary("/a.B/C", MESSAGE)));
  assert.deepEqual([error.code, error.message], [Code.NOT_FOUND, "/a.B/C"]);
});

test("a function may answer with a Response of its own", async (t) => {
  const error = await failure(t, () => new Response("{", { headers: { "content-type": "application/json" } }));
  assert.match(error.message, /application\/json/);
});

test("streams of requests: a step answers when they are whole", async (t) => {
  for (const requestStreaming of [true, false]) {
    const server = createTestServer().on(METHOD, reply(MESSAGE));
    const channel = await open(t, server, { requestStreaming });
    const messages = [Uint8Array.of(1), new Uint8Array(), new Uint8Array(100_000).fill(3)];
    await server.clock.runUntil(channel.clientStreaming(METHOD, messages));
    assert.deepEqual(server.requests()[0]?.messages, messages);
    assert.equal(server.requests()[0]?.aborted, false);
  }
});

test("both ways: a function may answer while the request comes", async (t) => {
  const server = createTestServer().on(METHOD, (request) => reply(doubled(request)));
  async function* doubled({ incoming }: TestRequest) {
    for await (const [n = 0] of incoming) yield later(10, Uint8Array.of(2 * n));
  }
  const channel = await open(t, server, { requestStreaming: true });
  const seen: [number, number | undefined][] = [];
  let go = () => {};
  async function* counted() {
    for (let n = 1; n <= 3; n++) {
      const answered = new Promise<void>((resolve) => {
        go = resolve;
      });
      yield Uint8Array.of(n);
      await answered; // Each message waits for the answer to the one before it.
    }
  }
  await server.clock.runUntil(
    (async () => {
      for await (const [n] of channel.bidiStreaming(METHOD, counted())) {
        seen.push([server.clock.now(), n]);
        go();
      }
    })(),
  );
  assert.deepEqual(seen, [
    [10, 2],
    [20, 4],
    [30, 6],
  ]);
});

test("an abort is seen: while nothing has come, and in the middle of a stream", async (t) => {
  for (const step of [hang(), reply([hang()]), reply([MESSAGE, later(1000, MESSAGE)])]) {
    const server = createTestServer();
    const heard: unknown[] = [];
    server.on(METHOD, ({ signal }) => {
      signal.addEventListener("abort", () => heard.push(server.clock.now()));
      return step;
    });
    const channel = await open(t, server);
    const controller = new AbortController();
    const call = refused(collect(channel.serverStreaming(METHOD, MESSAGE, { signal: controller.signal })) as Promise<unknown>);
    await server.clock.advance(70);
    assert.equal(server.requests()[0]?.endedAt, undefined);
    controller.abort();
    assert.equal((await call).code, Code.CANCELLED);
    const [request] = server.requests();
    assert.deepEqual([request?.aborted, request?.endedAt, heard], [true, 70, [70]]);
    assert.equal(server.clock.pending, 0);
  }
});

test("formats and compression of requests, and metadata with Metadata", async (t) => {
  for (const options of [{ format: "text" }, { sendCompression: "gzip" }] as const) {
    const server = createTestServer().on(METHOD, reply(MESSAGE, { header: new Metadata({ "x-bin": MESSAGE }) }));
    const channel = await open(t, server, options);
    const { message, header } = await server.clock.runUntil(channel.unary(METHOD, new Uint8Array(1000)));
    assert.deepEqual([message, header.get("x-bin")], [MESSAGE, MESSAGE]);
    assert.deepEqual(server.requests()[0]?.message, new Uint8Array(1000));
  }
});

test("its fetch is one for any client, and hedgerow/fetch goes by it", async (t) => {
  const server = createTestServer().on(METHOD, fail(Code.UNAVAILABLE), always(reply(MESSAGE)));
  const channel = await open(t, server, { serviceConfig: retrying() });
  const headers = { "content-type": "application/grpc-web" };
  for (const fetch of [createFetch(channel), server.fetch]) {
    const body = new Blob([new Uint8Array(5)]); // an empty message
    const request = new Request(server.baseUrl + METHOD, { method: "POST", headers, body });
    const response = await server.clock.runUntil(fetch(request));
    assert.equal(response.headers.get("content-type"), "application/grpc-web");
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.deepEqual(bytes.subarray(5, 8), MESSAGE);
  }
  assert.deepEqual(
    server.requests().map(({ attempt, message }) => [attempt, message.length]),
    [
      [1, 0],
      [2, 0],
      [1, 0],
    ],
  );
});

test("a request without a step fails with what there is, is not retried, and verify tells", async (t) => {
  const server = createTestServer().on(METHOD, fail(Code.UNAVAILABLE), times(2, reply(MESSAGE)));
  const serviceConfig = retrying({ retryableStatusCodes: ["UNAVAILABLE", "INTERNAL"] });
  const channel = await open(t, server, { serviceConfig });
  const run = (method: string) => server.clock.runUntil(channel.unary(method, MESSAGE));
  const unknown = await refused(run("/a.B/C"));
  assert.equal(unknown.code, Code.INTERNAL);
  assert.equal(unknown.attempts.length, 1);
  assert.equal(
    unknown.message,
    `hedgerow/testing: there is no step for request 1 to /a.B/C (attempt 1): only ${METHOD} has steps. Add some with server.on("/a.B/C", …)`,
  );
  assert.throws(() => server.verify(), /no request to .*Method came for fail\(UNAVAILABLE\), times\(2, reply\(…\)\)/);
  await run(METHOD);
  assert.throws(() => server.verify(), /no request to .*Method came for reply\(…\)/);
  await run(METHOD);
  const late = await refused(run(METHOD));
  assert.equal(
    late.message,
    `hedgerow/testing: no step is left for request 4 to ${METHOD} (attempt 1). The steps were: ` +
      "fail(UNAVAILABLE), times(2, reply(…)). Add one, or make the last one always(…)",
  );
  assert.throws(
    () => server.verify(),
    (error: Error) => error.message.includes(late.message.slice(20)) && error.message.includes("/a.B/C"),
  );
});

test("scripts that are wrong say so", async (t) => {
  const server = createTestServer();
  const wrong = (value: unknown) => value as never;
  assert.throws(() => server.on("pkg.Service/Method", hang()), /"\/package.Service\/Method", or "\*".*"pkg.Service\/Method"/);
  assert.throws(() => server.on(METHOD, wrong(MESSAGE)), /a step must come from reply.*not bytes/);
  assert.throws(() => server.on(METHOD, wrong(undefined)), /not undefined/);
  assert.throws(() => fail(Code.OK), /other than OK/);
  assert.throws(() => fail(wrong("UNAVAILABLE")), /such as Code.UNAVAILABLE, not "UNAVAILABLE"/);
  assert.throws(() => reply(wrong("text")), /\(a Uint8Array\) or several parts in an array, not "text"/);
  assert.throws(() => later(-1, hang()), /milliseconds, 0 or more, not -1/);
  assert.throws(() => later(1, wrong("x")), /a step or a message, not "x"/);
  assert.throws(() => times(0, hang()), /a whole number above 0, not 0/);
  assert.throws(() => httpError(99), /from 200 to 599, not 99/);
  await assert.rejects(server.clock.advance(-1), /0 or more, not -1/);
  await assert.rejects(
    server.fetch("https://other.test/a.B/C"),
    /a request to https:\/\/other.test\/a.B\/C was sent to the server/,
  );

  const thrown = await failure(t, () => {
    throw new Error("oops");
  });
  assert.match(thrown.message, /the step for request 1 .*, a function, threw: Error: oops/);
  assert.match(
    (
      await failure(
        t,
        wrong(() => MESSAGE),
      )
    ).message,
    /a step must come from reply/,
  );
  assert.match((await failure(t, reply(wrong(["text"])))).message, /a part is a message.*not "text"/);
});
