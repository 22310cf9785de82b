// What an application may pass as its messages, and what is done with it: iterables of all kinds, faults, early ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type Messages } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";
import { message, Source, Upload } from "../support/streaming.js";

const ABC = [message(1), message(2), message(3)];

function* generator(): Generator<Uint8Array> {
  yield* ABC;
}

async function* asyncGenerator(): AsyncGenerator<Uint8Array> {
  for (const one of ABC) yield await Promise.resolve(one);
}

const kinds: { readonly [kind: string]: () => Messages } = {
  "an array": () => ABC,
  "a set": () => new Set(ABC),
  "a generator": generator,
  "an async generator": asyncGenerator,
  "a readable stream": () =>
    new ReadableStream({
      start(controller) {
        for (const one of ABC) controller.enqueue(one);
        controller.close();
      },
    }) as unknown as AsyncIterable<Uint8Array>,
  "an async iterable by hand": () => {
    const source = new Source(...ABC);
    source.end();
    return source;
  },
};

for (const [kind, make] of Object.entries(kinds)) {
  test(`messages may be ${kind}`, async (t) => {
    for (const method of ["clientStreaming", "bidiStreaming"] as const) {
      const fake = new FakeFetch();
      const call = (await open(t, fake))[method](METHOD, make());
      assert.deepEqual(await new Upload(await fake.request(1)).rest(), ABC);
      fake.exchanges[0]?.respond(ok(MESSAGE));
      await (call instanceof Promise ? call : collect(call));
    }
  });
}

test("a message is copied when it is given: what becomes of the array later is the application's affair", async (t) => {
  const fake = new FakeFetch();
  const reused = new Uint8Array(1);
  function* messages() {
    for (reused[0] = 1; reused[0] <= 3; reused[0]++) yield reused;
  }
  void (await open(t, fake, { requestStreaming: false })).clientStreaming(METHOD, messages()).catch(() => {});
  assert.deepEqual(
    Array.from((await fake.request(1)).body).filter((_, i) => i % 6 === 5),
    [1, 2, 3],
  );
});

test("a message that is no Uint8Array ends the call with INTERNAL, in words, and the iterable is told", async (t) => {
  for (const bad of ["text", null, undefined, 5, [1], new ArrayBuffer(1)]) {
    const fake = new FakeFetch();
    const source = new Source(message(1), bad as unknown as Uint8Array);
    const call = refused((await open(t, fake)).clientStreaming(METHOD, source));
    await new Upload(await fake.request(1)).rest();
    const error = await call;
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /must be a Uint8Array/);
    assert.ok(fake.exchanges[0]?.signal.aborted);
    await settle();
    assert.ok(source.returned);
  }
});

const fault = new Error("out of ink");

const faulty: { readonly [kind: string]: () => Messages } = {
  "throws from a generator": function* () {
    yield message(1);
    throw fault;
  },
  "throws from an async generator": async function* () {
    yield message(1);
    throw fault;
  },
  "throws when it is asked for its iterator": () => ({
    [Symbol.iterator]() {
      throw fault;
    },
  }),
  "rejects later": () => {
    const source = new Source(message(1));
    setImmediate(() => source.fail(fault));
    return source;
  },
};

for (const [kind, make] of Object.entries(faulty)) {
  test(`an iterable that ${kind} ends the call as CANCELLED, with the cause`, async (t) => {
    for (const requestStreaming of [true, false]) {
      const fake = new FakeFetch();
      const channel = await open(t, fake, { requestStreaming });
      fake.request(1).then((exchange) => new Upload(exchange).rest());
      const error = await refused(channel.clientStreaming(METHOD, make()));
      assert.deepEqual([error.code, error.commitReason], [Code.CANCELLED, "cancelled"]);
      assert.match(error.message, /out of ink/);
      assert.equal(error.cause, fault);
      if (requestStreaming) assert.ok(fake.exchanges[0]?.signal.aborted);
      else assert.equal(fake.exchanges.length, 0);
    }
  });
}

test("an iterable that throws is not asked to return, as in a for loop", async (t) => {
  const source = new Source();
  const call = refused((await open(t, new FakeFetch())).clientStreaming(METHOD, source));
  source.fail(Object.create(null)); // This error cannot even be converted to text.
  assert.equal((await call).code, Code.CANCELLED);
  await settle();
  assert.ok(!source.returned);
});

test("an iterator that answers with nothing ends the call in words, like a for loop's TypeError", async (t) => {
  const messages = { [Symbol.iterator]: () => ({ next: () => undefined }) } as unknown as Messages;
  const error = await refused((await open(t, new FakeFetch())).clientStreaming(METHOD, messages));
  assert.equal(error.code, Code.CANCELLED);
  assert.match(error.message, /must return an object, not undefined/);
});

test("a return that throws or rejects concerns nobody", async (t) => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  const returns = [
    () => {
      throw fault;
    },
    () => Promise.reject(fault),
  ];
  for (const end of returns) {
    const fake = new FakeFetch(ok(MESSAGE));
    const source = new Source();
    await (await open(t, fake)).clientStreaming(METHOD, Object.assign(source, { return: end }));
    await settle();
  }
  assert.deepEqual(unhandled, []);
});

test("a call that is over before it began asks for no message", async (t) => {
  const channel = await open(t, new FakeFetch());
  const source = new Source(message(1));
  assert.equal((await refused(channel.clientStreaming("nonsense", source))).code, Code.INTERNAL);
  assert.equal((await refused(channel.clientStreaming(METHOD, source, { timeoutMs: 0 }))).code, Code.DEADLINE_EXCEEDED);
  assert.equal((await refused(channel.clientStreaming(METHOD, source, { signal: AbortSignal.abort() }))).code, Code.CANCELLED);
  channel.close();
  assert.equal((await refused(channel.clientStreaming(METHOD, source))).code, Code.CANCELLED);
  await settle();
  assert.equal(source.asked, 0);
});

test("messages that are no iterable, or one message in place of several", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  for (const bad of [undefined, null, 5, "text", {}, MESSAGE, new ArrayBuffer(1)]) {
    const error = await refused(channel.clientStreaming(METHOD, bad as Messages));
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /iterable/);
    assert.equal((await refused(collect(channel.bidiStreaming(METHOD, bad as Messages)))).message, error.message);
  }
  assert.equal(fake.exchanges.length, 0);
});

test("whatever ends the call, the iterable is told: break, cancel, abort, deadline, close", async (t) => {
  const clock = new Clock(t);
  for (const how of ["break", "cancel", "abort", "deadline", "close"] as const) {
    const fake = new FakeFetch();
    const channel = await open(t, fake);
    const source = new Source(message(1));
    const controller = new AbortController();
    const timeoutMs = how === "deadline" ? 20 : Number.POSITIVE_INFINITY;
    const stream = channel.bidiStreaming(METHOD, source, { signal: controller.signal, timeoutMs });
    const exchange = await fake.request(1);
    const upload = new Upload(exchange);
    await upload.rest(1);
    const waiting = upload.take();
    const iterator = stream[Symbol.asyncIterator]();
    const ended = refused(iterator.next().then((result) => assert.fail(JSON.stringify(result))));
    if (how === "break") await iterator.return?.();
    else if (how === "cancel") stream.cancel();
    else if (how === "abort") controller.abort(fault);
    else if (how === "close") channel.close();
    else await clock.advance(20);
    const error = await ended;
    assert.equal(error.code, how === "deadline" ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
    assert.equal(error.cause, how === "abort" ? fault : undefined);
    assert.ok(exchange.signal.aborted);
    assert.equal(await waiting, undefined);
    await settle();
    assert.ok(source.returned, how);
  }
});

test("a server that answers while the request is open ends it", async (t) => {
  const fake = new FakeFetch();
  const source = new Source(message(1));
  const call = (await open(t, fake)).clientStreaming(METHOD, source);
  await new Upload(await fake.request(1)).rest(1);
  fake.exchanges[0]?.respond(ok(MESSAGE));
  assert.deepEqual((await call).message, MESSAGE);
  await settle();
  assert.ok(source.returned);
  assert.ok(fake.exchanges[0]?.signal.aborted, "the open request is not kept");
});
