// format "text": bodies in base64, out and in.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Channel, type ChannelOptions, Code, ConfigError, createChannel } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { GZIP, gzipped, LONG, noise, packed, trailerText, unframe } from "../support/gzip.js";
import { Chunks, concat, failed, frame, OK, ok, trailers } from "../support/responses.js";
import { Source } from "../support/streaming.js";

const TEXT = { "content-type": "application/grpc-web-text+proto" };
const text: Partial<ChannelOptions> = { format: "text" };
const ascii = (string: string) => new Uint8Array(Buffer.from(string, "latin1"));

/** The bytes in base64, padded after every `group` of them. */
function encode(bytes: Uint8Array, group = bytes.length): Uint8Array {
  let whole = "";
  for (let at = 0; at < bytes.length; at += group) whole += Buffer.from(bytes.subarray(at, at + group)).toString("base64");
  return ascii(whole);
}

/** A response in text mode, of these chunks. */
function inText(parts: Uint8Array[], headers: Record<string, string> = TEXT): Response {
  return new Response(new Chunks(...parts).body, { headers });
}

async function stream(t: TestContext, response: Response): Promise<{ messages: Uint8Array[]; tail: string | undefined }> {
  const call = (await open(t, new FakeFetch(response), text)).serverStreaming(METHOD, MESSAGE);
  const messages = await collect(call);
  return { messages, tail: (await call.trailer).get("x-tail") };
}

test("a request in text mode: its headers and its body, to the byte", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  await (await open(t, fake, { ...text, defaultTimeoutMs: 60_000 })).unary(METHOD, MESSAGE, { metadata: { "x-a": "1" } });
  const { headers = [], init } = fake.exchanges[0] ?? {};
  assert.deepEqual(
    headers.filter(([name]) => name !== "grpc-timeout"),
    [
      ["content-type", "application/grpc-web-text"],
      ["accept", "application/grpc-web-text"],
      ["x-grpc-web", "1"],
      ["x-user-agent", "grpc-web-hedgerow/0.1.0"],
      ["x-a", "1"],
    ],
  );
  assert.equal(init?.body, "AAAAAAMBAgM=");
});

test("requests of every length, and of several messages, decode to what was given", async (t) => {
  for (let length = 0; length < 10; length++) {
    const fake = new FakeFetch(ok(MESSAGE));
    await (await open(t, fake, text)).unary(METHOD, noise(length));
    assert.deepEqual(ascii(atob(String(fake.exchanges[0]?.init.body))), frame(noise(length)));
  }
  const messages = [MESSAGE, new Uint8Array(), noise(1000)];
  for (const kind of ["clientStreaming", "bidiStreaming"] as const) {
    const fake = new FakeFetch(ok(MESSAGE));
    const channel = await open(t, fake, text);
    if (kind === "clientStreaming") await channel.clientStreaming(METHOD, messages);
    else await collect(channel.bidiStreaming(METHOD, messages));
    const body = String(fake.exchanges[0]?.init.body);
    assert.match(body, /^[A-Za-z0-9+/]*={0,2}$/, "one text, padded at its end alone");
    assert.deepEqual(ascii(atob(body)), concat(...messages.map((one) => frame(one))));
  }
});

test("a stream of messages goes out at its half-close, also in Node", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const source = new Source(MESSAGE);
  const call = (await open(t, fake, text)).clientStreaming(METHOD, source);
  await settle();
  assert.equal(fake.exchanges.length, 0);
  source.end();
  await call;
  assert.equal(typeof fake.exchanges[0]?.init.body, "string");
});

test('requestStreaming beside format "text" is refused', async () => {
  const make = (options: Partial<ChannelOptions>) => createChannel({ baseUrl: "https://api.test", ...options });
  const error = await make({ ...text, requestStreaming: true }).catch((error: unknown) => error);
  assert.ok(error instanceof ConfigError);
  assert.deepEqual(
    error.problems.map(({ path }) => path),
    ["requestStreaming"],
  );
  (await make({ ...text, requestStreaming: false })).close();
  (await make({ format: "binary", requestStreaming: true })).close();
});

test("retries send the same text, and the replay buffer is charged the bytes before base64", async (t) => {
  const charged: number[] = [];
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE));
  const channel = await open(t, fake, {
    ...text,
    serviceConfig: retrying(),
    maxRetryBufferPerCallSize: 5 + LONG.length,
    onEvent: (event) => {
      if (event.type === "buffer" && event.callBytes > 0) charged.push(event.callBytes);
    },
  });
  await channel.unary(METHOD, LONG);
  assert.deepEqual(charged, [5 + LONG.length]);
  assert.equal(fake.exchanges[1]?.init.body, fake.exchanges[0]?.init.body);
});

const messages = [Uint8Array.of(1), new Uint8Array(), noise(50), Uint8Array.of(7, 8)];
const wire = concat(...messages.map((one) => frame(one)), trailers("grpc-status: 0", "x-tail: yes"));

test("97 in text mode a chunk boundary at every digit, and padding behind any group, give the same messages", async (t) => {
  for (const group of [wire.length, 3, 1, 2, 4, 5, 7, 50]) {
    const body = encode(wire, group);
    for (let at = 0; at <= body.length; at++) {
      const got = await stream(t, inText([body.subarray(0, at), body.subarray(at)].filter(({ length }) => length > 0)));
      assert.deepEqual(got, { messages, tail: "yes" }, `groups of ${group}, cut at ${at}`);
    }
  }
});

test("97 in text mode every digit in a chunk of its own, and each frame padded by itself", async (t) => {
  const digits = [...encode(wire, 4)].map((digit) => Uint8Array.of(digit));
  assert.deepEqual(await stream(t, inText(digits)), { messages, tail: "yes" });
  const frames = [...messages.map((one) => encode(frame(one))), encode(trailers("grpc-status: 0", "x-tail: yes"))];
  assert.deepEqual(await stream(t, inText(frames)), { messages, tail: "yes" });
});

test("a text that lacks its last padding is whole", async (t) => {
  for (const tail of ["y", "ye", "yes"]) {
    const body = Buffer.from(encode(concat(frame(MESSAGE), trailers("grpc-status: 0", `x-tail: ${tail}`)))).toString();
    assert.equal((await stream(t, inText([ascii(body.replace(/=+$/, ""))]))).tail, tail);
  }
});

test("messages of several MiB in text mode, in chunks of every kind", async (t) => {
  const large = noise(3 << 20);
  const body = encode(concat(frame(large), frame(MESSAGE), frame(large.subarray(1)), OK), 100_000);
  for (const size of [body.length, 65_536, 65_537, 1_000_003]) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < body.length; at += size) parts.push(body.slice(at, at + size));
    const before = parts[0]?.slice();
    const got = (await stream(t, inText(parts))).messages;
    const expected = [large, MESSAGE, large.subarray(1)];
    assert.ok(got.length === 3 && got.every((one, i) => Buffer.from(one).equals(expected[i] as Uint8Array)), `chunks of ${size}`);
    assert.ok(Buffer.from(parts[0] as Uint8Array).equals(before as Uint8Array), "the network's own chunk is not written to");
  }
});

test("thousands of small messages in one text", async (t) => {
  const many = Array.from({ length: 3000 }, (_, i) => Uint8Array.of(i, i >> 8));
  const body = encode(concat(...many.map((one) => frame(one)), OK));
  assert.deepEqual((await stream(t, inText([body]))).messages, many);
});

test("the answer says how it is written: text may answer a binary request, and the other way round", async (t) => {
  const binary = await open(t, new FakeFetch(inText([encode(wire)])));
  assert.deepEqual(await collect(binary.serverStreaming(METHOD, MESSAGE)), messages);
  assert.deepEqual(
    await collect((await open(t, new FakeFetch(ok(...messages)), text)).serverStreaming(METHOD, MESSAGE)),
    messages,
  );
  for (const type of ["application/grpc-web-text", "Application/gRPC-Web-Text+proto; charset=utf-8"]) {
    assert.deepEqual((await stream(t, inText([encode(wire)], { "content-type": type }))).messages, messages);
  }
});

test("what is no base64 is INTERNAL; what came before it is delivered", async (t) => {
  const good = Buffer.from(encode(frame(MESSAGE), 1)).toString();
  for (const bad of ["*", " ", "\r\n", ".", "A=", "=", "====", "A===", "AB=C", "\u00ff"]) {
    const fake = new FakeFetch(inText([ascii(good + bad + "AAAA")]));
    const got: Uint8Array[] = [];
    const channel = await open(t, fake, text);
    const drain = async () => {
      for await (const one of channel.serverStreaming(METHOD, MESSAGE)) got.push(one);
    };
    const error = await refused(drain());
    assert.equal(error.code, Code.INTERNAL, JSON.stringify(bad));
    assert.match(error.message, /where base64 is expected/);
    // With a leading equals sign, the message's own padding would be damaged.
    if (!bad.startsWith("=")) assert.deepEqual(got, [MESSAGE], JSON.stringify(bad));
    assert.ok(fake.exchanges[0]?.signal.aborted);
  }
});

test("103 in text mode a body that is cut inside a frame is UNAVAILABLE, and one without trailers UNKNOWN", async (t) => {
  const body = encode(concat(frame(MESSAGE), OK));
  for (let at = 1; at < body.length - 1; at++) {
    const error = await refused((await open(t, new FakeFetch(inText([body.subarray(0, at)])), text)).unary(METHOD, MESSAGE));
    // Eleven digits are the eight bytes of the first frame.
    assert.equal(error.code, at === 11 ? Code.UNKNOWN : Code.UNAVAILABLE, `cut at ${at}: ${error.message}`);
  }
});

test("93 95 in text mode failures in the head and in the body are read", async (t) => {
  const head = new Response(null, { headers: { ...TEXT, "grpc-status": "5", "grpc-message": "no" } });
  const error = await refused((await open(t, new FakeFetch(head), text)).unary(METHOD, MESSAGE));
  assert.deepEqual([error.code, error.message], [Code.NOT_FOUND, "no"]);
  const body = () => inText([encode(trailers("grpc-status: 14"), 2)]);
  const fake = new FakeFetch(body(), body());
  const channel = await open(t, fake, { ...text, headerCommit: "firstFrame", serviceConfig: retrying({ maxAttempts: 2 }) });
  assert.equal((await refused(channel.unary(METHOD, MESSAGE))).attempts.length, 2);
});

test("limits count decoded bytes", async (t) => {
  const one = async (limit: number): Promise<number> => {
    const fake = new FakeFetch(inText([encode(concat(frame(LONG), OK))]));
    const channel: Channel = await open(t, fake, { ...text, maxReceiveMessageBytes: limit, maxSendMessageBytes: MESSAGE.length });
    return (await channel.unary(METHOD, MESSAGE)).message.length;
  };
  assert.equal(await one(LONG.length), LONG.length);
  assert.equal((await refused(one(LONG.length - 1))).code, Code.RESOURCE_EXHAUSTED);
});

test("96 97 text and gzip together, out and in, wherever the chunks are cut", async (t) => {
  const tail = frame(gzipped(trailerText("grpc-status: 0", "x-tail: yes")), 0x81);
  const bytes = concat(packed(MESSAGE), frame(MESSAGE), packed(LONG), packed(new Uint8Array()), tail);
  for (const [group, step] of [
    [bytes.length, 1],
    [1, 7],
  ] as const) {
    const body = encode(bytes, group);
    for (let at = 1; at < body.length; at += step) {
      const parts = [body.subarray(0, at), body.subarray(at)];
      const got = await stream(t, inText(parts, { ...GZIP, ...TEXT }));
      assert.deepEqual(
        got,
        { messages: [MESSAGE, MESSAGE, LONG, new Uint8Array()], tail: "yes" },
        `groups of ${group}, cut at ${at}`,
      );
    }
  }
  const fake = new FakeFetch(ok(MESSAGE));
  await (await open(t, fake, { ...text, sendCompression: "gzip", acceptCompression: ["gzip"] })).unary(METHOD, LONG);
  const [exchange] = fake.exchanges;
  assert.deepEqual(unframe(ascii(atob(String(exchange?.init.body)))), [{ flags: 1, message: LONG }]);
  assert.deepEqual(exchange?.headers.slice(4), [
    ["grpc-encoding", "gzip"],
    ["grpc-accept-encoding", "gzip"],
  ]);
});
