// Objects of the application that misbehave must affect only their own call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "hedgerow";
import { MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";

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
