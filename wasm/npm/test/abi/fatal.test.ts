// When the WebAssembly dies, pending calls fail, and the next call gets a fresh instance. The debug build dies on purpose. test.mjs
// runs this with both compilers' builds.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Channel, type ChannelOptions, Code, createChannel, LoadError, type StatusError } from "hedgerow";
import { compiler, faulty, limited } from "../support/builds.js";
import { collect, MESSAGE, METHOD, refused, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { answer, Held, LONG, packed, unframe } from "../support/gzip.js";
import { failed, ok } from "../support/responses.js";

// The memory has at most 64 MiB, so that it is full soon. Go begins with a little more than half of that.
const wasmBinary = limited(faulty, 1024);

async function open(t: TestContext, fake: FakeFetch, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  const channel = await createChannel({
    baseUrl: "https://api.test",
    fetch: fake.fetch,
    wasmBinary,
    onFatal: () => {},
    ...options,
  });
  t.after(() => channel.close());
  return channel;
}

const faults: [string, RegExp][] = [
  ["Panic", /a panic on purpose/],
  ["Overflow", compiler === "TinyGo" ? /memory access out of bounds/ : /stack/i],
  ["Memory", /out of memory|cannot allocate memory/],
];
if (compiler === "Go") faults.push(["Exit", /exited with code/]); // TinyGo's program has no exit.
for (const [name, text] of faults) {
  test(`${name}: every pending call of every channel ends with INTERNAL and the cause in words; the next call works`, async (t) => {
    const deaths: [number, Error][] = [];
    const fake = new FakeFetch(undefined, undefined, failed(Code.UNAVAILABLE, "", { "grpc-retry-pushback-ms": "3600000" }));
    const channels = await Promise.all(
      [0, 1, 2].map((i) => open(t, fake, { serviceConfig: retrying(), onFatal: (error) => deaths.push([i, error]) })),
    );
    const [one, two, idle] = channels as [Channel, Channel, Channel];
    const controller = new AbortController();
    const pending = [
      refused(one.unary(METHOD, MESSAGE, { timeoutMs: 60_000, signal: controller.signal })),
      refused(collect(two.serverStreaming(METHOD, MESSAGE))),
      refused(two.unary(METHOD, MESSAGE)), // This call is in its backoff.
    ];
    await settle();
    const killer = refused(one.unary(`/hedgerow.Fault/${name}`, MESSAGE));
    for (const error of await Promise.all([...pending, killer])) {
      assert.equal(error.code, Code.INTERNAL);
      assert.match(error.message, text);
      assert.match(error.message, /fresh instance/);
      assert.equal(error.commitReason, "internal");
      assert.ok(error.cause instanceof Error);
    }
    assert.ok(fake.exchanges.slice(0, 2).every(({ signal }) => signal.aborted));
    assert.deepEqual(deaths.map(([i]) => i).sort(), [0, 1, 2], "once per channel");
    for (const [, error] of deaths) assert.match(error.message, text);
    const before = fake.exchanges.length;
    for (const channel of [one, two, idle]) {
      const call = channel.unary(METHOD, MESSAGE, { timeoutMs: 1000 });
      (await fake.request(fake.exchanges.length)).respond(ok(MESSAGE));
      assert.deepEqual((await call).message, MESSAGE);
    }
    assert.equal(fake.exchanges.length, before + 3);
    controller.abort();
    await settle();
    assert.equal(deaths.length, 3);
  });
}

test("a call in the same turn as the death runs on the fresh instance, and close() still finds it", async (t) => {
  const fake = new FakeFetch();
  const deaths: Error[] = [];
  const channel = await open(t, fake, { onFatal: (error) => deaths.push(error) });
  const killer = refused(channel.unary("/hedgerow.Fault/Panic", MESSAGE));
  const call = refused(channel.unary(METHOD, MESSAGE));
  assert.equal((await killer).code, Code.INTERNAL);
  await settle();
  assert.equal(deaths.length, 1);
  assert.equal(fake.exchanges[0]?.signal.aborted, false);
  channel.close();
  assert.equal((await call).code, Code.CANCELLED);
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
});

test("a call made inside onFatal works", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  let inner: Promise<unknown> | undefined;
  const channel = await open(t, fake, {
    onFatal: () => {
      inner ??= channel.unary(METHOD, MESSAGE);
    },
  });
  await refused(channel.unary("/hedgerow.Fault/Panic", MESSAGE));
  await settle();
  await inner;
});

test("a fault from inside a listener, while other calls are being performed", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE));
  const channel = await open(t, fake);
  let killer: Promise<unknown> | undefined;
  const error = await refused(
    channel.unary(METHOD, MESSAGE, {
      onEvent: ({ type }) => {
        if (type === "attemptStarted") killer = refused(channel.unary("/hedgerow.Fault/Panic", MESSAGE));
      },
    }),
  );
  assert.equal(error.code, Code.INTERNAL);
  await killer;
  await channel.unary(METHOD, MESSAGE);
});

test("a call behind a fault, from inside one listener: it runs on the fresh instance, and close() still finds it", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  const inner: Promise<StatusError>[] = [];
  const outer = refused(
    channel.unary(METHOD, MESSAGE, {
      onEvent: ({ type }) => {
        if (type !== "callStarted") return;
        inner.push(refused(channel.unary("/hedgerow.Fault/Panic", MESSAGE)), refused(channel.unary(METHOD, MESSAGE)));
      },
    }),
  );
  assert.equal((await outer).code, Code.INTERNAL);
  assert.equal((await inner[0])?.code, Code.INTERNAL);
  await settle();
  const aborted = fake.exchanges.map(({ signal }) => signal.aborted);
  assert.deepEqual(aborted, [false, true], "the inner call's, which went first, and the outer's");
  channel.close();
  assert.equal((await inner[1])?.code, Code.CANCELLED);
});

test("an instance that dies while a channel is opened: createChannel rejects, and another channel has another instance", async (t) => {
  const deadly = { comment: "/hedgerow.Fault/Panic" };
  await assert.rejects(open(t, new FakeFetch(), { serviceConfig: deadly }), (error) => {
    assert.ok(error instanceof LoadError);
    assert.match(error.message, /the WebAssembly died while it opened the channel/);
    return true;
  });
  const channel = await open(t, new FakeFetch(ok(MESSAGE)));
  assert.deepEqual((await channel.unary(METHOD, MESSAGE)).message, MESSAGE);
});

test("a closed channel is told of no death, and a death leaves it closed", async (t) => {
  const deaths: string[] = [];
  const fake = new FakeFetch();
  const closed = await open(t, fake, { onFatal: () => deaths.push("closed") });
  const other = await open(t, fake, { onFatal: () => deaths.push("other") });
  closed.close();
  await refused(other.unary("/hedgerow.Fault/Panic", MESSAGE));
  await settle();
  assert.deepEqual(deaths, ["other"]);
  assert.equal((await refused(closed.unary(METHOD, MESSAGE))).code, Code.CANCELLED);
});

test("a hundred deaths in a row", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (let i = 0; i < 100; i++)
    assert.equal((await refused(channel.unary("/hedgerow.Fault/Panic", MESSAGE))).code, Code.INTERNAL);
  const call = channel.unary(METHOD, MESSAGE);
  fake.exchanges[0]?.respond(ok(MESSAGE));
  await call;
});

test("messages that are being compressed and inflated when the instance dies: their calls end, and nothing comes of them later", async (t) => {
  const [deflating, inflating] = [new Held(t, "CompressionStream"), new Held(t, "DecompressionStream")];
  const fake = new FakeFetch(answer(packed(LONG)), answer(packed(LONG)));
  const deaths: Error[] = [];
  const onFatal = (error: Error) => deaths.push(error);
  const [sends, reads] = [await open(t, fake, { sendCompression: "gzip", onFatal }), await open(t, fake)];
  const pending = [
    refused(reads.unary(METHOD, MESSAGE)),
    refused(collect(reads.serverStreaming(METHOD, MESSAGE))),
    refused(sends.unary(METHOD, LONG)),
    refused(sends.clientStreaming(METHOD, [LONG, LONG])),
  ];
  while (inflating.made < 2) await settle();
  const killer = refused(reads.unary("/hedgerow.Fault/Panic", MESSAGE));
  for (const error of await Promise.all([...pending, killer])) {
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /a panic on purpose.*fresh instance/);
  }
  assert.equal(deaths.length, 1);
  deflating.go();
  inflating.go();
  await settle();
  const before = fake.exchanges.length;
  const call = sends.unary(METHOD, LONG);
  const exchange = await fake.request(before + 1);
  assert.deepEqual(unframe(exchange.body), [{ flags: 1, message: LONG }]);
  exchange.respond(answer(packed(LONG)));
  assert.deepEqual((await call).message, LONG);
  for (const { signal } of fake.exchanges.slice(0, before)) assert.ok(signal.aborted);
});

test("a call of a channel with gzip that kills the instance is told, and its message is not sent", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE));
  const channel = await open(t, fake, { sendCompression: "gzip", format: "text" });
  assert.equal((await refused(channel.unary("/hedgerow.Fault/Panic", LONG))).code, Code.INTERNAL);
  await settle();
  assert.equal(fake.exchanges.length, 0);
  assert.deepEqual((await channel.unary(METHOD, LONG)).message, MESSAGE);
});
