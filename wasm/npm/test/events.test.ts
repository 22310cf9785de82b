// Events, the per-attempt metadata function, and calls that are made from inside callbacks.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AttemptContext,
  type CallEvent,
  Code,
  createChannel,
  type FetchLike,
  type MetadataInit,
  type StatusError,
} from "hedgerow";
import { Clock, collect, FakeFetch, failed, hedging, MESSAGE, METHOD, ok, open, refused, retrying, settle } from "./support.js";

/** An event without the fields that say when and of which call. */
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

test("the metadata function runs once per attempt, told which one; channel's before the call's", async (t) => {
  const contexts: AttemptContext[] = [];
  const metadata = async (context: AttemptContext): Promise<MetadataInit> => {
    contexts.push(context);
    return { authorization: `token ${contexts.length}` };
  };
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), failed(Code.UNAVAILABLE), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: retrying(), metadata });
  await channel.unary(METHOD, MESSAGE, { metadata: { authorization: "mine" } });
  assert.deepEqual(
    fake.exchanges.map(({ headers }) => headers.filter(([name]) => name === "authorization").map(([, value]) => value)),
    [
      ["token 1", "mine"],
      ["token 2", "mine"],
      ["token 3", "mine"],
    ],
  );
  assert.deepEqual(
    contexts.map(({ method, attempt }) => [method, attempt]),
    [
      [METHOD, 1],
      [METHOD, 2],
      [METHOD, 3],
    ],
  );
  assert.ok(contexts.every(({ signal }) => signal instanceof AbortSignal));
});

test("a metadata function may answer at once, with nothing, or with pairs", async (t) => {
  for (const init of [undefined, {}, [["x-a", "1"]], new Map([["x-a", "1"]])]) {
    const fake = new FakeFetch(ok(MESSAGE));
    await (await open(t, fake, { metadata: () => init as MetadataInit })).unary(METHOD, MESSAGE);
    assert.equal(fake.exchanges.length, 1);
  }
});

test("44 grpc-timeout is computed when the metadata is at hand, and the hedging delay counts from the start", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  let give: ((init: MetadataInit) => void) | undefined;
  const metadata = ({ attempt }: AttemptContext) =>
    attempt === 1
      ? new Promise<MetadataInit>((resolve) => {
          give = resolve;
        })
      : ({} as MetadataInit);
  const channel = await open(t, fake, { metadata, serviceConfig: hedging({ maxAttempts: 2, hedgingDelay: "0.2s" }) });
  const call = channel.unary(METHOD, MESSAGE, { timeoutMs: 1000 });
  await clock.advance(150);
  assert.equal(fake.exchanges.length, 0);
  give?.({});
  await settle();
  assert.equal(fake.exchanges[0]?.header("grpc-timeout"), "850m");
  await clock.advance(50);
  assert.equal(fake.exchanges[1]?.header("grpc-timeout"), "800m");
  fake.exchanges[1]?.respond(ok(MESSAGE));
  await call;
});

test("a metadata function that fails: UNAUTHENTICATED, nothing sent, never retried", async (t) => {
  const mine = new Error("token service is down");
  for (const metadata of [
    () => Promise.reject(mine),
    () => {
      throw mine;
    },
  ]) {
    const fake = new FakeFetch();
    const events: string[] = [];
    const serviceConfig = retrying(
      { retryableStatusCodes: ["UNAUTHENTICATED"] },
      { retryThrottling: { maxTokens: 10, tokenRatio: 1 } },
    );
    const channel = await open(t, fake, { metadata, serviceConfig, onEvent: ({ type }) => events.push(type) });
    const error = await refused(channel.unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.UNAUTHENTICATED);
    assert.match(error.message, /token service is down/);
    assert.equal(error.cause, mine);
    assert.equal(fake.exchanges.length, 0);
    assert.equal(events.includes("throttle"), false, "no token is taken");
  }
});

test("a StatusError of the metadata function ends the call as itself, details and trailer too", async (t) => {
  const answer = failed(Code.PERMISSION_DENIED, "no", { "grpc-status-details-bin": "CAc=", "x-why": "because" });
  const tokens = await open(t, new FakeFetch(answer));
  const fake = new FakeFetch();
  const channel = await open(t, fake, {
    serviceConfig: retrying({ retryableStatusCodes: ["PERMISSION_DENIED"] }),
    metadata: async () => {
      await tokens.unary("/pkg.Tokens/Get", MESSAGE);
      return {};
    },
  });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.PERMISSION_DENIED);
  assert.equal(error.message, "no");
  assert.deepEqual(error.details, Uint8Array.of(8, 7));
  assert.equal(error.trailer.get("x-why"), "because");
  assert.equal(error.method, METHOD);
  assert.equal((error.cause as StatusError).method, "/pkg.Tokens/Get");
  assert.equal(fake.exchanges.length, 0);
});

test("the metadata function's signal is aborted by the deadline, and its late answer sends nothing", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  let context: AttemptContext | undefined;
  let give!: (init: MetadataInit) => void;
  const metadata = (given: AttemptContext) => {
    context = given;
    return new Promise<MetadataInit>((resolve) => {
      give = resolve;
    });
  };
  const channel = await open(t, fake, { metadata });
  const call = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 100 }));
  await clock.advance(99);
  assert.equal(context?.signal.aborted, false);
  await clock.advance(1);
  assert.equal(context?.signal.aborted, true);
  assert.equal((await call).code, Code.DEADLINE_EXCEEDED);
  give({});
  await settle();
  assert.equal(fake.exchanges.length, 0);
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
