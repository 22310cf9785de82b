// Objects of the application that misbehave must affect only their own call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "hedgerow";
import { MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

const signals: [string, object][] = [
  ["throws", { removeEventListener: () => assert.fail("from the signal") }],
  ["is missing", {}],
];
for (const [how, rest] of signals) {
  test(`a signal whose removeEventListener ${how}: its call ends, and so do those that end with it`, async (t) => {
    const clock = new Clock(t);
    t.mock.method(console, "error", () => {});
    const channel = await open(t, new FakeFetch());
    const signal = { aborted: false, addEventListener: () => {}, ...rest } as unknown as AbortSignal;
    const calls = [{ signal }, {}, {}].map((options) => refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 300, ...options })));
    await clock.advance(300);
    for (const { code } of await Promise.all(calls)) assert.equal(code, Code.DEADLINE_EXCEEDED);
  });
}

test("a clock that throws when it is given a timer does not lose what stands behind it", async (t) => {
  t.mock.method(console, "error", () => {});
  const clock = {
    now: () => 0,
    setTimeout: () => assert.fail("from the clock"),
    clearTimeout: () => {},
  };
  const fake = new FakeFetch();
  const channel = await open(t, fake, { clock, serviceConfig: retrying() });
  const controller = new AbortController();
  const call = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 300, signal: controller.signal }));
  await fake.request(1);
  controller.abort();
  assert.equal((await call).code, Code.CANCELLED);
});

test("a clock whose now throws, at whatever point of a call, loses no call", async (t) => {
  t.mock.method(console, "error", () => {});
  for (let fine = 0; fine < 10; fine++) {
    let asked = Number.NEGATIVE_INFINITY;
    const clock = {
      now: () => (++asked > fine ? assert.fail("from the clock") : performance.now()),
      setTimeout: (act: () => void, milliseconds: number) => setTimeout(act, milliseconds),
      clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
    };
    const channel = await open(t, new FakeFetch(ok(MESSAGE)), { clock });
    asked = 0;
    assert.equal((await channel.unary(METHOD, MESSAGE, { timeoutMs: 60_000 })).message.length, MESSAGE.length, `after ${fine}`);
  }
});

test("an iterator of messages that aborts its own call and never answers is returned", async (t) => {
  const channel = await open(t, new FakeFetch());
  const controller = new AbortController();
  let wasReturned: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    wasReturned = resolve;
  });
  const messages: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        controller.abort();
        return new Promise(() => {});
      },
      return: async () => {
        wasReturned();
        return { done: true, value: undefined };
      },
    }),
  };
  const error = await refused(channel.clientStreaming(METHOD, messages, { signal: controller.signal }));
  assert.equal(error.code, Code.CANCELLED);
  await over;
});

/** A signal that is nobody's, with these properties. */
function signalOf(more: object): AbortSignal {
  return Object.create(
    { aborted: false, addEventListener: () => {}, removeEventListener: () => {} },
    Object.getOwnPropertyDescriptors(more),
  ) as AbortSignal;
}

const throws = (): never => assert.fail("from a double");

test("a signal whose addEventListener throws, or whose properties do: the call is refused, and nothing is sent", async (t) => {
  for (const more of [
    { addEventListener: throws },
    {
      get aborted() {
        return throws();
      },
    },
  ]) {
    const fake = new FakeFetch();
    const channel = await open(t, fake);
    const error = await refused(channel.unary(METHOD, MESSAGE, { signal: signalOf(more) }));
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /from a double/);
    assert.equal(fake.exchanges.length, 0);
  }
});

test("a signal that aborts when it is listened to, or whose reason throws, ends its call", async (t) => {
  const reason = new Error("why");
  const soon = (_: string, listener: () => void) => listener();
  const later = (_: string, listener: () => void) => queueMicrotask(listener);
  for (const addEventListener of [soon, later]) {
    const fake = new FakeFetch();
    const channel = await open(t, fake);
    const error = await refused(channel.unary(METHOD, MESSAGE, { signal: signalOf({ addEventListener, reason }) }));
    assert.deepEqual([error.code, error.cause], [Code.CANCELLED, reason]);
    assert.equal(fake.exchanges.length, addEventListener === soon ? 0 : 1);
    const unreadable = signalOf({
      addEventListener,
      get reason() {
        return throws();
      },
    });
    assert.equal((await refused(channel.unary(METHOD, MESSAGE, { signal: unreadable }))).code, Code.CANCELLED);
  }
});

test("callbacks that throw or reject, where what is logged throws too: calls end, and nothing is left unhandled", async (t) => {
  t.mock.method(console, "error", throws);
  t.mock.method(console, "warn", throws);
  for (const onEvent of [throws, async () => throws()]) {
    const fake = new FakeFetch(ok(MESSAGE), failed(Code.NOT_FOUND));
    const channel = await open(t, fake, { onEvent });
    assert.deepEqual((await channel.unary(METHOD, MESSAGE, { onEvent })).message, MESSAGE);
    assert.equal((await refused(channel.unary(METHOD, MESSAGE))).code, Code.NOT_FOUND);
  }
});

test("an iterable whose iterator is none ends its call", async (t) => {
  for (const iterator of [undefined, null, 0, "", {}, 5]) {
    const channel = await open(t, new FakeFetch());
    for (const name of [Symbol.iterator, Symbol.asyncIterator]) {
      const messages = { [name]: () => iterator } as unknown as Iterable<Uint8Array>;
      assert.equal((await refused(channel.clientStreaming(METHOD, messages))).code, Code.CANCELLED);
    }
  }
});
