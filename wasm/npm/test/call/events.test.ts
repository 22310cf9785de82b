// Events, and calls that are made from inside callbacks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallEvent, Code, createChannel, type FetchLike } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

/** An event without its time and without the id of its call. */
function bare(event: CallEvent): Record<string, unknown> {
  const { at, callId, method, ...rest } = event;
  assert.equal(method, METHOD);
  assert.equal(typeof at, "number");
  assert.ok(callId > 0);
  return rest;
}

test("the events of a retry, in order and whole", async (t) => {
  const clock = new Clock(t);
  const events: CallEvent[] = [];
  const pushback = { "grpc-retry-pushback-ms": "40" };
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "busy", pushback), ok(MESSAGE));
  const serviceConfig = retrying({ maxAttempts: 3 }, { retryThrottling: { maxTokens: 10, tokenRatio: 0.5 } });
  const channel = await open(t, fake, { serviceConfig, onEvent: (event) => events.push(event) });
  const call = channel.unary(METHOD, MESSAGE, { timeoutMs: 1000 });
  await clock.advance(40);
  await call;
  assert.deepEqual(events.map(bare), [
    { type: "callStarted", policy: "retry", maxAttempts: 3, timeoutMs: 1000 },
    { type: "buffer", callBytes: 8, channelBytes: 8, exceeded: false },
    { type: "attemptStarted", attempt: 1, kind: "first" },
    { type: "attemptHead", attempt: 1, httpStatus: 200 },
    {
      type: "attemptEnded",
      attempt: 1,
      outcome: "failed",
      code: Code.UNAVAILABLE,
      statusMessage: "busy",
      pushback: { delayMs: 40 },
    },
    { type: "throttle", tokens: 9, maxTokens: 10, blocked: false },
    { type: "backoff", delayMs: 40, boundMs: 40, pushback: true },
    { type: "attemptStarted", attempt: 2, kind: "retry" },
    { type: "attemptHead", attempt: 2, httpStatus: 200 },
    { type: "buffer", callBytes: 0, channelBytes: 0, exceeded: false },
    { type: "committed", attempt: 2, reason: "responseHeaders" },
    { type: "attemptEnded", attempt: 2, outcome: "committed", code: Code.OK, statusMessage: "" },
    { type: "throttle", tokens: 9.5, maxTokens: 10, blocked: false },
    { type: "callEnded", code: Code.OK, statusMessage: "", attempts: 2, reason: "responseHeaders" },
  ]);
  assert.deepEqual([...new Set(events.map(({ callId }) => callId))].length, 1);
  const starts = events.filter(({ type }) => type === "attemptStarted").map(({ at }) => at);
  assert.deepEqual(starts, [1000, 1040]);
});

test("the events of a hedge, in order", async (t) => {
  const clock = new Clock(t);
  const events: CallEvent[] = [];
  const fake = new FakeFetch(undefined, ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: hedging({ maxAttempts: 2, hedgingDelay: "0.1s" }) });
  const call = channel.unary(METHOD, MESSAGE, { onEvent: (event) => events.push(event) });
  await clock.advance(100);
  await call;
  assert.deepEqual(events.filter(({ type }) => type !== "buffer").map(bare), [
    { type: "callStarted", policy: "hedging", maxAttempts: 2 },
    { type: "attemptStarted", attempt: 1, kind: "first" },
    { type: "hedgeScheduled", delayMs: 100, pushback: false },
    { type: "attemptStarted", attempt: 2, kind: "hedge" },
    { type: "attemptHead", attempt: 2, httpStatus: 200 },
    { type: "attemptEnded", attempt: 1, outcome: "aborted" },
    { type: "committed", attempt: 2, reason: "responseHeaders" },
    { type: "attemptEnded", attempt: 2, outcome: "committed", code: Code.OK, statusMessage: "" },
    { type: "callEnded", code: Code.OK, statusMessage: "", attempts: 2, reason: "responseHeaders" },
  ]);
});

test("the channel's listener hears every event before the call's", async (t) => {
  const heard: string[] = [];
  const channel = await open(t, new FakeFetch(ok(MESSAGE)), { onEvent: ({ type }) => heard.push(`channel ${type}`) });
  await channel.unary(METHOD, MESSAGE, { onEvent: ({ type }) => heard.push(`call ${type}`) });
  const channels = heard.filter((_, i) => i % 2 === 0).map((text) => text.replace("channel ", ""));
  const calls = heard.filter((_, i) => i % 2 === 1).map((text) => text.replace("call ", ""));
  assert.deepEqual(channels, calls);
  assert.equal(calls.at(-1), "callEnded");
});

test("listeners that throw break no call, and are reported", async (t) => {
  const reported: unknown[] = [];
  const scope = globalThis as { reportError?: (error: unknown) => void };
  const before = scope.reportError;
  scope.reportError = (error) => reported.push(error);
  t.after(() => {
    if (before) scope.reportError = before;
    else delete scope.reportError;
  });
  const mine = new Error("mine");
  const throws = () => {
    throw mine;
  };
  const channel = await open(t, new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE)), {
    serviceConfig: retrying(),
    onEvent: throws,
  });
  const heard: string[] = [];
  await channel.unary(METHOD, MESSAGE, { onEvent: ({ type }) => heard.push(type) });
  assert.equal(heard.at(-1), "callEnded");
  assert.equal(reported.length, heard.length);
  assert.ok(reported.every((error) => error === mine));
});

test("a cancel from inside onEvent takes effect at once, whatever the event", async (t) => {
  const types: CallEvent["type"][] = ["callStarted", "attemptStarted", "attemptHead", "attemptEnded", "backoff"];
  for (const type of types) {
    const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE));
    const controller = new AbortController();
    const channel = await open(t, fake, { serviceConfig: retrying() });
    const call = channel.unary(METHOD, MESSAGE, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === type) controller.abort();
      },
    });
    const error = await refused(call);
    assert.equal(error.code, Code.CANCELLED, type);
    assert.equal(fake.exchanges.length, ["callStarted", "attemptStarted"].includes(type) ? 0 : 1, type);
  }
});

test("a cancel from inside callEnded comes too late to matter", async (t) => {
  const controller = new AbortController();
  const channel = await open(t, new FakeFetch(ok(MESSAGE)));
  const onEvent = ({ type }: CallEvent) => {
    if (type === "callEnded") controller.abort();
  };
  await channel.unary(METHOD, MESSAGE, { signal: controller.signal, onEvent });
});

test("close from inside onEvent", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake);
  const onEvent = ({ type }: CallEvent) => {
    if (type === "attemptStarted") channel.close();
  };
  assert.equal((await refused(channel.unary(METHOD, MESSAGE, { onEvent }))).code, Code.CANCELLED);
  assert.equal(fake.exchanges.length, 0);
});

test("an abort and a close from inside fetch", async (t) => {
  for (const how of ["abort", "close"]) {
    const fake = new FakeFetch();
    const controller = new AbortController();
    const fetch: FetchLike = (url, init) => {
      if (how === "abort") controller.abort();
      else channel.close();
      return fake.fetch(url, init);
    };
    const channel = await open(t, fake, { fetch, serviceConfig: hedging() });
    const error = await refused(channel.unary(METHOD, MESSAGE, { signal: controller.signal }));
    assert.equal(error.code, Code.CANCELLED);
    assert.equal(fake.exchanges.length, 1, "hedges that were due are not begun");
    assert.equal(fake.exchanges[0]?.signal.aborted, true);
  }
});

test("calls made from inside onEvent and fetch, of the same channel and a new one", async (t) => {
  const fake = new FakeFetch();
  const inner: Promise<unknown>[] = [];
  const fetch: FetchLike = (url, init) => {
    if (fake.exchanges.length < 20) inner.push(channel.unary("/pkg.Service/FromFetch", MESSAGE));
    const response = fake.fetch(url, init);
    fake.exchanges.at(-1)?.respond(ok(MESSAGE));
    return response;
  };
  const channel = await open(t, fake, { fetch, serviceConfig: retrying() });
  const other = new FakeFetch(ok(MESSAGE));
  let opened: Promise<unknown> | undefined;
  const response = await channel.unary(METHOD, MESSAGE, {
    onEvent: ({ type }) => {
      inner.push(channel.unary("/pkg.Service/FromEvent", MESSAGE));
      if (type === "callStarted") opened = open(t, other).then((one) => one.unary(METHOD, MESSAGE));
    },
  });
  assert.deepEqual(response.message, MESSAGE);
  await opened;
  while (inner.length > 0) await Promise.all(inner.splice(0));
  assert.ok(fake.exchanges.length > 20);
});

test("the history asked for from inside onEvent", async (t) => {
  const seen: number[] = [];
  const channel = await open(t, new FakeFetch(failed(Code.UNAVAILABLE), ok(MESSAGE)), { serviceConfig: retrying() });
  const stream = channel.serverStreaming(METHOD, MESSAGE, {
    onEvent: () => queueMicrotask(() => seen.push(stream.attempts.length)),
  });
  await collect(stream);
  assert.equal(seen.at(-1), 2);
});

test("many channels share one instance of the WebAssembly", async (t) => {
  const real = WebAssembly.Instance;
  let made = 0;
  class Counted extends real {
    constructor(...args: ConstructorParameters<typeof real>) {
      super(...args);
      made++;
    }
  }
  WebAssembly.Instance = Counted;
  t.after(() => {
    WebAssembly.Instance = real;
  });
  const channels = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const fetch: FetchLike = async () => ok(Uint8Array.of(i));
      return createChannel({ baseUrl: `https://api${i}.test`, fetch });
    }),
  );
  const answers = await Promise.all(channels.map((channel) => channel.unary(METHOD, MESSAGE)));
  assert.deepEqual(
    answers.map(({ message }) => message[0]),
    channels.map((_, i) => i),
  );
  assert.ok(made <= 1);
  for (const channel of channels) channel.close();
});
