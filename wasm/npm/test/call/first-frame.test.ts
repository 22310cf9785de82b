// headerCommit: what commits a call, the response's head or the first frame of its body.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type CallEvent, type ChannelOptions, Code } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { GZIP, gzipped, packed, trailerText } from "../support/gzip.js";
import { Chunks, concat, frame, OK, ok, trailers, WEB } from "../support/responses.js";
import { connect, DO, reply, Script, STREAM, status } from "../support/server.js";

const firstFrame: Partial<ChannelOptions> = { headerCommit: "firstFrame", serviceConfig: retrying() };

/** A failure whose status is only in the body. Servers send it like that if they have flushed the head before. */
function inBody(...lines: string[]): Response {
  return new Response(trailers("grpc-status: 14", "grpc-message: busy", ...lines), { headers: { ...WEB, "x-head": "1" } });
}

/** The warnings of a channel, to its listener and to the console. */
function hear(t: TestContext): { events: CallEvent[]; said: string[]; onEvent: (event: CallEvent) => void } {
  const events: CallEvent[] = [];
  const said: string[] = [];
  t.mock.method(console, "warn", (text: string) => said.push(text));
  return { events, said, onEvent: (event) => event.type === "warning" && events.push(event) };
}

test("95 strict: trailers alone in the body commit, and the retry that is lost is told once per channel and method", async (t) => {
  const { events, said, onEvent } = hear(t);
  const fake = new FakeFetch(...Array.from({ length: 5 }, () => inBody()));
  const channel = await open(t, fake, { serviceConfig: retrying(), onEvent });
  for (const method of [METHOD, METHOD, "/pkg.Service/Other"]) {
    const error = await refused(channel.unary(method, MESSAGE));
    assert.deepEqual([error.code, error.message, error.attempts.length], [Code.UNAVAILABLE, "busy", 1]);
    assert.equal(error.commitReason, "responseHeaders");
    assert.equal(error.header.get("x-head"), "1");
  }
  assert.deepEqual(
    events.map((event) => event.type === "warning" && [event.warning, event.method, event.requiredHeaders]),
    [
      ["retryLostToBodyTrailers", METHOD, undefined],
      ["retryLostToBodyTrailers", "/pkg.Service/Other", undefined],
    ],
  );
  assert.equal(said.length, 2);
  assert.match(said[0] ?? "", /^hedgerow: .*\/pkg\.Service\/Method.*headerCommit to "firstFrame"/);
  const other = await open(t, fake, { serviceConfig: retrying(), onEvent });
  await refused(collect(other.serverStreaming(METHOD, MESSAGE)));
  assert.equal(said.length, 3, "another channel says it again");
});

test("95 strict: nothing is said where no retry was lost", async (t) => {
  const { events, said, onEvent } = hear(t);
  const one = async (response: Response, options: Partial<ChannelOptions> = { serviceConfig: retrying() }) =>
    refused(collect((await open(t, new FakeFetch(response), { onEvent, ...options })).serverStreaming(METHOD, MESSAGE)));
  await one(inBody(), {});
  await one(inBody(), { serviceConfig: retrying(), maxRetryAttempts: 1 });
  await one(inBody(), { serviceConfig: retrying({ retryableStatusCodes: ["ABORTED"] }) });
  await one(new Response(concat(frame(MESSAGE), trailers("grpc-status: 14")), { headers: WEB }));
  await one(new Response(null, { headers: { ...WEB, "grpc-status": "5" } }));
  await one(inBody(), { ...firstFrame, serviceConfig: retrying({ retryableStatusCodes: ["ABORTED"] }) });
  assert.deepEqual([...events, ...said], []);
});

test("95 firstFrame: trailers alone in the body are retried, and their pushback is honoured", async (t) => {
  const clock = new Clock(t);
  const { said } = hear(t);
  for (const kind of ["unary", "serverStreaming"] as const) {
    const fake = new FakeFetch(inBody("grpc-retry-pushback-ms: 200"), inBody(), ok(MESSAGE));
    const channel = await open(t, fake, firstFrame);
    const call = kind === "unary" ? channel.unary(METHOD, MESSAGE) : collect(channel.serverStreaming(METHOD, MESSAGE));
    await clock.advance(199);
    assert.equal(fake.exchanges.length, 1);
    await clock.advance(1);
    await clock.advance(1);
    await call;
    assert.deepEqual(fake.previous, [undefined, "1", "2"]);
    const stop = new FakeFetch(inBody("grpc-retry-pushback-ms: -1"));
    const error = await refused((await open(t, stop, firstFrame)).unary(METHOD, MESSAGE));
    assert.deepEqual([error.attempts.length, error.commitReason], [1, "pushback"]);
  }
  assert.deepEqual(said, []);
});

test("95 firstFrame: the last failure has header and trailer, as strict has them", async (t) => {
  const fake = new FakeFetch(inBody("x-tail: a"), inBody("x-tail: b"));
  const channel = await open(t, fake, { ...firstFrame, serviceConfig: retrying({ maxAttempts: 2 }) });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual([error.code, error.message, error.trailer.get("x-tail")], [Code.UNAVAILABLE, "busy", "b"]);
  assert.deepEqual([error.attempts.length, error.commitReason], [2, "exhausted"]);
});

test("firstFrame: a message commits, whole or begun, compressed or not", async (t) => {
  const whole = concat(frame(MESSAGE), trailers("grpc-status: 14"));
  for (const body of [
    whole,
    concat(packed(MESSAGE), trailers("grpc-status: 14")),
    frame(MESSAGE).subarray(0, 6),
    frame(new Uint8Array()),
  ]) {
    const fake = new FakeFetch(new Response(body.slice(), { headers: GZIP }));
    const error = await refused((await open(t, fake, firstFrame)).unary(METHOD, MESSAGE));
    assert.deepEqual([fake.exchanges.length, error.commitReason], [1, "responseHeaders"]);
  }
});

test("firstFrame: compressed trailers alone are retried too", async (t) => {
  const body = frame(gzipped(trailerText("grpc-status: 14", "grpc-retry-pushback-ms: 0")), 0x81);
  const fake = new FakeFetch(new Response(body, { headers: GZIP }), ok(MESSAGE));
  const { attempts } = await (await open(t, fake, firstFrame)).unary(METHOD, MESSAGE);
  assert.equal(attempts.length, 2);
});

test("firstFrame: a stream's header comes with its first frame, unasked; strict has it before", async (t) => {
  for (const headerCommit of ["strict", "firstFrame"] as const) {
    const body = new Chunks(frame(MESSAGE), frame(MESSAGE), OK);
    const held = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 0 });
    const fake = new FakeFetch(new Response(held.readable, { headers: { ...WEB, "x-head": "1" } }));
    const stream = (await open(t, fake, { headerCommit })).serverStreaming(METHOD, MESSAGE);
    let header: string | undefined;
    stream.header.then((metadata) => {
      header = metadata.get("x-head");
    });
    await settle();
    assert.equal(header, headerCommit === "strict" ? "1" : undefined);
    const reader = body.body.getReader();
    const writer = held.writable.getWriter();
    const give = async () => writer.write((await reader.read()).value);
    const given = give();
    if (headerCommit === "firstFrame") await given; // The body is read even though nobody waits for a message.
    await settle();
    assert.equal(header, "1");
    stream.cancel();
    given.catch(() => {});
  }
});

test("firstFrame: a body that breaks, ends or is hidden before its first frame is judged as a failed attempt", async (t) => {
  const broken = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError("lost")) }, { highWaterMark: 0 }), {
      headers: WEB,
    });
  const fake = new FakeFetch(broken(), ok(MESSAGE));
  const outcome = await (await open(t, fake, firstFrame)).unary(METHOD, MESSAGE);
  assert.deepEqual(
    outcome.attempts.map(({ kind, code }) => [kind, code]),
    [
      ["first", Code.UNAVAILABLE],
      ["retry", Code.OK],
    ],
  );
  const strict = await refused((await open(t, new FakeFetch(broken()), { serviceConfig: retrying() })).unary(METHOD, MESSAGE));
  assert.deepEqual([strict.code, strict.attempts.length], [Code.UNAVAILABLE, 1]);
});

test("95 the real server's early head: strict commits to it, firstFrame retries", async (t) => {
  for (const [headerCommit, attempts] of [
    ["strict", 1],
    ["firstFrame", 2],
  ] as const) {
    const channel = await connect(t, { headerCommit, serviceConfig: retrying() });
    hear(t);
    for (const method of [DO, STREAM]) {
      const script = new Script([{ earlyHeader: true, ...status(Code.UNAVAILABLE, "busy") }, { messages: 1 }]);
      const call = collect(channel.serverStreaming(method, script.bytes));
      if (attempts === 1) assert.equal((await refused(call)).attempts.length, 1);
      else assert.equal(reply((await call)[0]).attempt, 2);
    }
  }
});
