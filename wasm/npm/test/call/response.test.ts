// What comes in: how a response becomes messages, metadata and a status.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, StatusError } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { Chunks, concat, failed, frame, OK, ok, streamed, trailers, WEB } from "../support/responses.js";

const messages = [Uint8Array.of(1), new Uint8Array(), Uint8Array.from({ length: 300 }, (_, i) => i), Uint8Array.of(7, 8)];
const wire = concat(...messages.map((message) => frame(message)), trailers("grpc-status: 0", "x-tail: yes"));

test("97 a chunk boundary at every byte offset gives the same messages", async (t) => {
  for (let at = 0; at <= wire.length; at++) {
    const fake = new FakeFetch(streamed(new Chunks(wire.subarray(0, at), wire.subarray(at)).body));
    const channel = await open(t, fake);
    const stream = channel.serverStreaming(METHOD, MESSAGE);
    assert.deepEqual(await collect(stream), messages, `cut at ${at}`);
    assert.equal((await stream.trailer).get("x-tail"), "yes");
  }
});

test("97 messages before an error arrive, wherever the chunks are cut", async (t) => {
  const faulty = concat(...messages.map((message) => frame(message)), Uint8Array.of(0x42, 0, 0, 0, 0));
  for (let at = 0; at <= faulty.length; at++) {
    const fake = new FakeFetch(streamed(new Chunks(faulty.subarray(0, at), faulty.subarray(at)).body));
    const channel = await open(t, fake);
    const got: Uint8Array[] = [];
    const all = async () => {
      for await (const message of channel.serverStreaming(METHOD, MESSAGE)) got.push(message);
    };
    await assert.rejects(all, { code: Code.INTERNAL });
    assert.deepEqual(got, messages, `cut at ${at}`);
  }
});

test("97 every byte in a chunk of its own gives the same messages", async (t) => {
  const bytes = [...wire].map((byte) => Uint8Array.of(byte));
  const channel = await open(t, new FakeFetch(streamed(new Chunks(...bytes).body)));
  assert.deepEqual(await collect(channel.serverStreaming(METHOD, MESSAGE)), messages);
});

test("97 chunks of every size, and long messages over many slices", async (t) => {
  const long = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);
  const all = [long, Uint8Array.of(1), long.subarray(0, 65_531), long.subarray(0, 65_536), new Uint8Array(), long.subarray(1)];
  const body = concat(...all.map((message) => frame(message)), OK);
  for (const size of [1000, 4093, 65_535, 65_536, 65_537, 131_072, 299_999, body.length]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < body.length; at += size) chunks.push(body.slice(at, at + size));
    const channel = await open(t, new FakeFetch(streamed(new Chunks(...chunks).body)));
    const got = await collect(channel.serverStreaming(METHOD, MESSAGE));
    assert.equal(got.length, all.length);
    for (const [i, message] of got.entries())
      assert.ok(Buffer.from(message).equals(all[i] as Uint8Array), `message ${i}, chunks of ${size}`);
  }
});

test("hundreds of small messages in one chunk all arrive", async (t) => {
  const many = Array.from({ length: 1000 }, (_, i) => Uint8Array.of(i, i >> 8));
  const channel = await open(t, new FakeFetch(ok(...many)));
  assert.deepEqual(await collect(channel.serverStreaming(METHOD, MESSAGE)), many);
});

test("a message is a view of its chunk, and never of wasm memory", async (t) => {
  const chunk = concat(frame(messages[2] as Uint8Array), frame(MESSAGE), OK);
  const channel = await open(t, new FakeFetch(streamed(new Chunks(chunk).body)));
  const [first, second] = await collect(channel.serverStreaming(METHOD, MESSAGE));
  assert.equal(first?.buffer, chunk.buffer);
  assert.equal(second?.buffer, chunk.buffer);
  assert.equal(second?.byteOffset, 300 + 5 + 5);
});

test("unary: header, message and trailer; the -bin values of both as bytes, duplicates in order", async (t) => {
  const body = concat(frame(MESSAGE), trailers("grpc-status:0", "X-Tail: a", "x-tail:b", "x-raw-bin: AQI", "x-raw-bin:/w=="));
  const fake = new FakeFetch(new Response(body, { headers: { ...WEB, "x-head": "h", "x-head-bin": "AAH/" } }));
  const response = await (await open(t, fake)).unary(METHOD, MESSAGE);
  assert.deepEqual(response.message, MESSAGE);
  assert.deepEqual(
    [...response.header],
    [
      ["x-head", "h"],
      ["x-head-bin", Uint8Array.of(0, 1, 255)],
    ],
  );
  assert.deepEqual(response.trailer.getAll("x-tail"), ["a", "b"]);
  assert.deepEqual(response.trailer.getAll("x-raw-bin"), [Uint8Array.of(1, 2), Uint8Array.of(255)]);
  assert.equal(response.trailer.has("grpc-status"), false);
  assert.equal(response.commitReason, "responseHeaders");
});

test("93 Trailers-Only in headers: code, decoded message and details; its metadata is the trailer", async (t) => {
  const fake = new FakeFetch(
    failed(Code.NOT_FOUND, "no%20%C3%BC%0A100%zz", { "grpc-status-details-bin": "CAUSAg==", "x-why": "because" }),
  );
  const error = await refused((await open(t, fake)).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.NOT_FOUND);
  assert.equal(error.message, "no ü\n100%zz");
  assert.deepEqual(error.details, Uint8Array.of(8, 5, 18, 2));
  assert.deepEqual([...error.header], []);
  assert.equal(error.trailer.get("x-why"), "because");
  assert.equal(error.method, METHOD);
  assert.equal(error.commitReason, "fatalStatus");
  assert.match(error.toString(), /^StatusError: NOT_FOUND: no ü/);
  assert.equal(error.name, "StatusError");
  assert.equal(error.cause, undefined);
});

test("94 a trailers frame in the body overrules a grpc-status in the head", async (t) => {
  const fake = new FakeFetch(new Response(trailers("grpc-status: 9"), { headers: { ...WEB, "grpc-status": "8" } }));
  assert.equal((await refused((await open(t, fake)).unary(METHOD, MESSAGE))).code, Code.FAILED_PRECONDITION);
});

test("91 92 the table of HTTP statuses; a grpc-status in the head wins over it", async (t) => {
  const table: [number, Code][] = [
    [400, Code.INTERNAL],
    [401, Code.UNAUTHENTICATED],
    [403, Code.PERMISSION_DENIED],
    [404, Code.UNIMPLEMENTED],
    [409, Code.UNKNOWN],
    [429, Code.UNAVAILABLE],
    [431, Code.UNKNOWN],
    [500, Code.UNKNOWN],
    [502, Code.UNAVAILABLE],
    [503, Code.UNAVAILABLE],
    [504, Code.UNAVAILABLE],
    [204, Code.UNKNOWN],
  ];
  for (const [status, code] of table) {
    const body = new Chunks(Uint8Array.of(60));
    const plain = new Response(status === 204 ? null : body.body, { status, headers: { "content-type": "text/html" } });
    const error = await refused((await open(t, new FakeFetch(plain))).unary(METHOD, MESSAGE));
    assert.equal(error.code, code, String(status));
    assert.match(error.message, new RegExp(String(status)));
    assert.equal(error.attempts[0]?.httpStatus, status);
    if (status !== 204) assert.ok(body.cancelled !== undefined, "the body is let go of");
    const told = new Response(null, { status, headers: { ...WEB, "grpc-status": "3" } });
    assert.equal((await refused((await open(t, new FakeFetch(told))).unary(METHOD, MESSAGE))).code, Code.INVALID_ARGUMENT);
  }
});

test("91 HTTP 503 without grpc-status is retried as UNAVAILABLE", async (t) => {
  const fake = new FakeFetch(new Response("busy", { status: 503 }), ok(MESSAGE));
  const { attempts } = await (await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE);
  assert.deepEqual(
    attempts.map(({ code, httpStatus }) => [code, httpStatus]),
    [
      [Code.UNAVAILABLE, 503],
      [Code.OK, 200],
    ],
  );
});

const broken: [string, Response, Code, RegExp][] = [
  [
    "103 an unexpected content-type is UNKNOWN and named",
    new Response("<html>", { headers: { "content-type": "text/html" } }),
    Code.UNKNOWN,
    /text\/html/,
  ],
  ["103 no content-type is UNKNOWN", new Response(Uint8Array.of(1)), Code.UNKNOWN, /content-type/],
  [
    "another codec is INTERNAL",
    new Response(OK, { headers: { "content-type": "application/grpc-web+json" } }),
    Code.INTERNAL,
    /json/,
  ],
  [
    "binary frames that are said to be text are INTERNAL",
    new Response(OK, { headers: { "content-type": "application/grpc-web-text" } }),
    Code.INTERNAL,
    /base64/,
  ],
  [
    "103 trailers without grpc-status are UNKNOWN",
    new Response(concat(frame(MESSAGE), trailers("x: y")), { headers: WEB }),
    Code.UNKNOWN,
    /grpc-status/,
  ],
  ["103 a body without trailers is UNKNOWN", new Response(frame(MESSAGE), { headers: WEB }), Code.UNKNOWN, /trailers/],
  [
    "101 an empty body without a status is UNKNOWN with a hint to expose it",
    new Response(null, { headers: WEB }),
    Code.UNKNOWN,
    /Access-Control-Expose-Headers/,
  ],
  [
    "103 a body that ends inside a frame is UNAVAILABLE",
    new Response(frame(MESSAGE).subarray(0, 6), { headers: WEB }),
    Code.UNAVAILABLE,
    /inside a frame/,
  ],
  [
    "bytes behind the trailers frame are INTERNAL",
    new Response(concat(frame(MESSAGE), OK, Uint8Array.of(0)), { headers: WEB }),
    Code.INTERNAL,
    /after its trailers/,
  ],
  ["an unknown flag is INTERNAL", new Response(concat(frame(MESSAGE, 2), OK), { headers: WEB }), Code.INTERNAL, /flag byte 2/],
  [
    "a compressed frame without an encoding is INTERNAL",
    new Response(concat(frame(MESSAGE, 1), OK), { headers: WEB }),
    Code.INTERNAL,
    /compressed/,
  ],
  [
    "a status that is no number is UNKNOWN",
    new Response(trailers("grpc-status: fine"), { headers: WEB }),
    Code.UNKNOWN,
    /"fine"/,
  ],
  ["54 OK without a message is UNIMPLEMENTED", new Response(OK, { headers: WEB }), Code.UNIMPLEMENTED, /no message/],
  ["a second message is UNIMPLEMENTED", ok(MESSAGE, MESSAGE), Code.UNIMPLEMENTED, /second message/],
];
for (const [name, response, code, message] of broken) {
  test(name, async (t) => {
    const channel = await open(t, new FakeFetch(response), { serviceConfig: retrying() });
    const error = await refused(channel.unary(METHOD, MESSAGE));
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });
}

test("54 Trailers-Only OK on a unary call fails by cardinality and is never retried", async (t) => {
  const fake = new FakeFetch(failed(Code.OK));
  const config = retrying({ retryableStatusCodes: ["UNIMPLEMENTED", "UNAVAILABLE"] });
  const error = await refused((await open(t, fake, { serviceConfig: config })).unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.UNIMPLEMENTED);
  assert.equal(fake.exchanges.length, 1);
});

test("53 Trailers-Only OK on a stream is an empty success", async (t) => {
  const stream = (await open(t, new FakeFetch(failed(Code.OK, "", { "x-t": "1" })))).serverStreaming(METHOD, MESSAGE);
  assert.deepEqual(await collect(stream), []);
  assert.equal((await stream.trailer).get("x-t"), "1");
  assert.deepEqual([...(await stream.header)], []);
  assert.equal(stream.commitReason, "responseHeaders");
});

test("a message over maxReceiveMessageBytes is RESOURCE_EXHAUSTED before it is read; the call's limit and the channel's", async (t) => {
  const body = new Chunks(frame(new Uint8Array(11)).subarray(0, 5), new Uint8Array(11), OK);
  const fake = new FakeFetch(streamed(body.body), ok(new Uint8Array(11)), ok(new Uint8Array(10)));
  const channel = await open(t, fake, { maxReceiveMessageBytes: 10 });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  assert.equal(body.pulled, 1, "the message itself was not asked for");
  assert.ok(body.cancelled !== undefined);
  const { message } = await channel.unary(METHOD, MESSAGE, { maxReceiveMessageBytes: 11 });
  assert.equal(message.length, 11);
  assert.equal((await channel.unary(METHOD, MESSAGE)).message.length, 10);
});

test("103 a reader error after the head is UNAVAILABLE with the browser's own error as its cause, and not retried", async (t) => {
  const lost = new TypeError("network error");
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (pulls++ === 0) controller.enqueue(frame(MESSAGE));
      else controller.error(lost);
    },
  });
  const fake = new FakeFetch(streamed(body));
  const channel = await open(t, fake, { serviceConfig: retrying() });
  const stream = channel.serverStreaming(METHOD, MESSAGE);
  const got: Uint8Array[] = [];
  const error = await (async () => {
    for await (const message of stream) got.push(message);
  })().catch((error: unknown) => error);
  assert.ok(error instanceof StatusError);
  assert.deepEqual(got, [MESSAGE]);
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.equal(error.cause, lost);
  assert.equal(error.commitReason, "responseHeaders");
  assert.equal(fake.exchanges.length, 1);
});

test("20 the server's own grpc-previous-rpc-attempts gives way to what is true", async (t) => {
  const echo = new Response(concat(frame(MESSAGE), OK), { headers: { ...WEB, "grpc-previous-rpc-attempts": "9" } });
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), echo);
  const { header } = await (await open(t, fake, { serviceConfig: retrying() })).unary(METHOD, MESSAGE);
  assert.deepEqual(header.getAll("grpc-previous-rpc-attempts"), ["1"]);
});

test("metadata, messages of errors and service configs far longer than the boundary's usual buffer", async (t) => {
  const long = "x".repeat(300_000);
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, `${i}`]));
  const body = concat(
    frame(MESSAGE),
    trailers("grpc-status: 0", `x-long: ${long}`, ...Object.keys(fields).map((name) => `${name}: t`)),
  );
  const answer = new Response(body, { headers: { ...WEB, ...fields, "x-long": long } });
  const fake = new FakeFetch(answer, failed(Code.ABORTED, long), new TypeError(long), ok(MESSAGE));
  const serviceConfig = { ...retrying({ maxAttempts: 2 }), unknown: long.repeat(4) };
  const channel = await open(t, fake, { serviceConfig });
  const { header, trailer } = await channel.unary(METHOD, MESSAGE, { metadata: { ...fields, "x-long": long } });
  assert.equal(fake.exchanges[0]?.header("x-long"), long);
  assert.equal(fake.exchanges[0]?.header("x-499"), "499");
  assert.deepEqual(
    [header.get("x-long"), header.get("x-499"), trailer.get("x-long"), trailer.get("x-499")],
    [long, "499", long, "t"],
  );
  assert.equal((await refused(channel.unary(METHOD, MESSAGE))).message, long);
  const { attempts } = await channel.unary(METHOD, MESSAGE);
  assert.ok(attempts[0]?.statusMessage?.includes(long));
});

test("a trailers frame of more than 1 MiB is RESOURCE_EXHAUSTED", async (t) => {
  const fake = new FakeFetch(new Response(concat(frame(MESSAGE), trailers(`x: ${"y".repeat(1 << 20)}`)), { headers: WEB }));
  assert.equal((await refused((await open(t, fake)).unary(METHOD, MESSAGE))).code, Code.RESOURCE_EXHAUSTED);
});
