// sendCompression: what is sent compressed, what is sent as it is, and what may happen to a call meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallEvent, type ChannelOptions, Code, ConfigError, createChannel } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { answer, Held, LONG, noise, replace, unframe, Watched } from "../support/gzip.js";
import { concat, failed, ok } from "../support/responses.js";
import { message, Source } from "../support/streaming.js";

const gzip: Partial<ChannelOptions> = { sendCompression: "gzip" };
const INCOMPRESSIBLE = noise(1000);

/** All that was sent, whether as a whole or as a stream. */
async function sent(body: unknown): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(body as ReadableStream).arrayBuffer());
}

test("a message goes out compressed, and the header says with what; nothing is asked of the answer", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const channel = await open(t, fake, gzip);
  await channel.unary(METHOD, LONG);
  const [exchange] = fake.exchanges;
  assert.deepEqual(exchange?.headers, [
    ["content-type", "application/grpc-web"],
    ["x-grpc-web", "1"],
    ["x-user-agent", "grpc-web-hedgerow/0.1.0"],
    ["grpc-encoding", "gzip"],
  ]);
  assert.deepEqual(unframe(exchange.body), [{ flags: 1, message: LONG }]);
  assert.ok(exchange.body.length < LONG.length / 10);
});

test("a message that would not become shorter goes out as it is", async (t) => {
  for (const one of [new Uint8Array(), MESSAGE, INCOMPRESSIBLE]) {
    const fake = new FakeFetch(ok(MESSAGE));
    await (await open(t, fake, gzip)).unary(METHOD, one);
    assert.deepEqual(unframe(fake.exchanges[0]?.body as Uint8Array), [{ flags: 0, message: one }]);
    assert.equal(fake.exchanges[0]?.header("grpc-encoding"), "gzip", "the same header for every call of a method");
  }
});

test("a message is taken as it was, also a Buffer, whose slice is no copy", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const buffer = Buffer.from(MESSAGE);
  const call = (await open(t, fake, gzip)).unary(METHOD, buffer);
  buffer.fill(0);
  await call;
  assert.deepEqual(unframe(fake.exchanges[0]?.body as Uint8Array), [{ flags: 0, message: MESSAGE }]);
});

for (const requestStreaming of [false, true]) {
  const how = requestStreaming ? "as they come" : "as a whole";
  test(`streams of messages, some shorter for it and some not, go out in order, ${how}`, async (t) => {
    const messages = [MESSAGE, LONG, new Uint8Array(), INCOMPRESSIBLE, LONG.subarray(1), message(5, 300)];
    for (const kind of ["clientStreaming", "bidiStreaming"] as const) {
      let body = new Uint8Array();
      const fake = new FakeFetch(async ({ init }) => {
        body = await sent(init.body);
        return ok(MESSAGE);
      });
      const channel = await open(t, fake, { ...gzip, requestStreaming });
      if (kind === "clientStreaming") await channel.clientStreaming(METHOD, messages);
      else assert.deepEqual(await collect(channel.bidiStreaming(METHOD, messages)), [MESSAGE]);
      const frames = unframe(body);
      assert.deepEqual(
        frames.map((one) => one.message),
        messages,
      );
      assert.deepEqual(
        frames.map(({ flags }) => flags),
        [0, 1, 0, 0, 1, 1],
      );
    }
  });
}

test("server streaming sends its message compressed too", async (t) => {
  const fake = new FakeFetch(answer());
  await collect((await open(t, fake, gzip)).serverStreaming(METHOD, LONG));
  assert.deepEqual(unframe(fake.exchanges[0]?.body as Uint8Array), [{ flags: 1, message: LONG }]);
});

test("a view into a larger buffer is compressed alone", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const larger = new Uint8Array(LONG.length + 10).fill(9);
  larger.set(LONG, 3);
  await (await open(t, fake, gzip)).unary(METHOD, larger.subarray(3, 3 + LONG.length));
  assert.deepEqual(unframe(fake.exchanges[0]?.body as Uint8Array), [{ flags: 1, message: LONG }]);
});

test("the caller may reuse its message at once, whether it becomes shorter or not", async (t) => {
  for (const original of [LONG, INCOMPRESSIBLE, MESSAGE]) {
    const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE), ok(MESSAGE));
    const channel = await open(t, fake, { ...gzip, serviceConfig: retrying() });
    const [one, two] = [original.slice(), original.slice()];
    const calls = [channel.unary(METHOD, one), collect(channel.serverStreaming(METHOD, two))];
    one.fill(9);
    two.fill(9);
    await Promise.all(calls);
    assert.equal(fake.exchanges.length, 3);
    for (const { body } of fake.exchanges) assert.deepEqual(unframe(body)[0]?.message, original);
  }
});

test("89 every attempt sends the same bytes, and each message is compressed once", async (t) => {
  const watched = new Watched(t, "CompressionStream");
  const busy = () => failed(Code.UNAVAILABLE);
  for (const serviceConfig of [retrying(), hedging({ maxAttempts: 4, hedgingDelay: "0s" })]) {
    const before = watched.made;
    const fake = new FakeFetch(busy(), busy(), busy(), ok(MESSAGE));
    await (await open(t, fake, { ...gzip, serviceConfig })).unary(METHOD, LONG);
    assert.equal(fake.exchanges.length, 4);
    for (const { body } of fake.exchanges) assert.equal(body, fake.exchanges[0]?.body);
    assert.equal(watched.made - before, 1);
  }
  const fake = new FakeFetch(busy(), ok(MESSAGE));
  const channel = await open(t, fake, { ...gzip, serviceConfig: retrying(), requestStreaming: false });
  await channel.clientStreaming(METHOD, [LONG, INCOMPRESSIBLE]);
  assert.deepEqual(fake.exchanges[0]?.body, fake.exchanges[1]?.body);
  assert.equal(watched.made, 4);
});

test("18 maxSendMessageBytes counts the bytes before compression, and nothing is sent", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake, { ...gzip, maxSendMessageBytes: LONG.length - 1, serviceConfig: retrying() });
  const error = await refused(channel.unary(METHOD, LONG));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
  assert.match(error.message, /20000 bytes/);
  const source = new Source(MESSAGE, LONG);
  assert.equal((await refused(channel.clientStreaming(METHOD, source))).code, Code.RESOURCE_EXHAUSTED);
  assert.ok(source.returned);
  for (const { signal } of fake.exchanges) assert.ok(signal.aborted);
  const fits = new FakeFetch(ok(MESSAGE));
  await (await open(t, fits, { ...gzip, maxSendMessageBytes: LONG.length })).unary(METHOD, LONG);
});

test("the replay buffer is charged what is sent", async (t) => {
  const charged: number[] = [];
  const onEvent = (event: CallEvent) => {
    if (event.type === "buffer" && event.callBytes > 0) charged.push(event.callBytes);
  };
  const small: Partial<ChannelOptions> = { ...gzip, maxRetryBufferPerCallSize: 1000, serviceConfig: retrying(), onEvent };
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE));
  const { attempts } = await (await open(t, fake, small)).unary(METHOD, LONG);
  assert.equal(attempts.length, 2, "20,000 bytes would not have fitted");
  assert.deepEqual(charged, [fake.exchanges[0]?.body.length]);
  const over = new FakeFetch(failed(Code.UNAVAILABLE));
  const error = await refused((await open(t, over, small)).unary(METHOD, noise(2000)));
  assert.deepEqual([error.code, error.attempts.length], [Code.UNAVAILABLE, 1]);
});

test("a message larger than the replay buffer is sent all the same, by every kind of call", async (t) => {
  const large = concat(noise(5000), LONG);
  for (const requestStreaming of [false, true]) {
    const fake = new FakeFetch(
      ...Array.from(
        { length: 4 },
        () =>
          ({ init }: { init: RequestInit }) =>
            sent(init.body).then(() => ok(MESSAGE)),
      ),
    );
    const channel = await open(t, fake, {
      ...gzip,
      requestStreaming,
      maxRetryBufferPerCallSize: 1000,
      serviceConfig: retrying(),
    });
    await channel.unary(METHOD, large);
    await collect(channel.serverStreaming(METHOD, large));
    await channel.clientStreaming(METHOD, [large, large]);
    await collect(channel.bidiStreaming(METHOD, [large, large]));
    assert.equal(fake.exchanges.length, 4);
  }
});

test("a call that ends while its message is compressed sends nothing, and hears of its end at once", async (t) => {
  const held = new Held(t, "CompressionStream");
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const channel = await open(t, fake, { ...gzip, serviceConfig: retrying(), requestStreaming: false });
  const controller = new AbortController();
  const aborted = refused(channel.unary(METHOD, LONG, { signal: controller.signal }));
  const late = refused(channel.unary(METHOD, LONG, { timeoutMs: 1000 }));
  const stream = channel.serverStreaming(METHOD, LONG);
  const left = refused(collect(stream));
  const pumped = refused(channel.clientStreaming(METHOD, new Source(LONG), { timeoutMs: 1000 }));
  const closed = refused(channel.unary(METHOD, LONG));
  await settle();
  controller.abort(new Error("enough"));
  const error = await aborted;
  assert.deepEqual([error.code, (error.cause as Error).message], [Code.CANCELLED, "enough"]);
  stream.cancel();
  assert.equal((await left).code, Code.CANCELLED);
  await clock.advance(1000);
  for (const one of [await late, await pumped]) assert.equal(one.code, Code.DEADLINE_EXCEEDED);
  channel.close();
  assert.equal((await closed).code, Code.CANCELLED);
  held.go();
  await settle();
  assert.equal(held.made, 5);
  assert.deepEqual(fake.exchanges, []);
});

test("an answer that comes while a message of a stream is compressed ends the call; the message is not sent", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake, { ...gzip, requestStreaming: true });
  const source = new Source(MESSAGE);
  const call = channel.clientStreaming(METHOD, source);
  const exchange = await fake.request(1);
  const reader = (exchange.init.body as ReadableStream<Uint8Array>).getReader();
  assert.equal((await reader.read()).value?.length, 5 + MESSAGE.length);
  const held = new Held(t, "CompressionStream");
  const next = reader.read();
  source.send(LONG);
  await held.begun;
  exchange.respond(ok(MESSAGE));
  assert.deepEqual((await call).message, MESSAGE);
  held.go();
  assert.equal((await next).value, undefined);
  while (!source.returned) await settle(); // gzip runs in threads of its own.
  assert.ok(source.returned);
});

test("a message that cannot be compressed ends the call with INTERNAL and the cause, and nothing is sent", async (t) => {
  class Broken {
    constructor() {
      throw new RangeError("no room");
    }
  }
  replace(t, "CompressionStream", Broken);
  const fake = new FakeFetch();
  const channel = await open(t, fake, { ...gzip, requestStreaming: false });
  const source = new Source(LONG);
  for (const make of [
    () => channel.unary(METHOD, LONG),
    () => collect(channel.serverStreaming(METHOD, LONG)),
    () => channel.clientStreaming(METHOD, source),
    () => collect(channel.bidiStreaming(METHOD, [LONG])),
  ]) {
    const error = await refused(make());
    assert.equal(error.code, Code.INTERNAL, error.message);
    assert.match(error.message, /could not be compressed: RangeError: no room/);
    assert.ok(error.cause instanceof RangeError);
  }
  assert.deepEqual(fake.exchanges, []);
  assert.ok(source.returned);
});

test("without CompressionStream the option is refused, and without the option nothing is missed", async (t) => {
  replace(t, "CompressionStream", undefined);
  const error = await createChannel({ baseUrl: "https://api.test", ...gzip }).catch((error: unknown) => error);
  assert.ok(error instanceof ConfigError);
  assert.deepEqual(
    error.problems.map(({ path }) => path),
    ["sendCompression"],
  );
  const fake = new FakeFetch(ok(MESSAGE));
  await (await open(t, fake)).unary(METHOD, LONG);
});
