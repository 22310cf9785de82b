// hedgerow/testing, used as by people who test their policies: exact instants of retries, hedges, deadlines and pushback.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type CallEvent, type Channel, type ChannelOptions, Code, createChannel } from "hedgerow";
import { always, createTestServer, fail, hang, later, reply, type TestServer, times } from "hedgerow/testing";
import { hedging, MESSAGE, METHOD, refused, retrying } from "../support/calls.js";

const policy = { initialBackoff: "0.1s", maxBackoff: "0.3s", backoffMultiplier: 2 };

async function open(t: TestContext, server: TestServer, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  const channel = await createChannel({ ...server.options, serviceConfig: retrying(policy), ...options });
  t.after(() => channel.close());
  return channel;
}

const instants = (server: TestServer) => server.requests().map(({ startedAt }) => startedAt);

test("fails twice, then succeeds: the whole backoffs, and each request in the records", async (t) => {
  const server = createTestServer();
  server.on(METHOD, fail(Code.UNAVAILABLE), fail(Code.UNAVAILABLE), reply(MESSAGE, { header: { a: "b" }, trailer: { c: "d" } }));
  const channel = await open(t, server);
  const call = channel.unary(METHOD, Uint8Array.of(7), { timeoutMs: 5000, metadata: { "x-bin": MESSAGE, y: "z" } });
  const { message, header, trailer, attempts } = await server.clock.runUntil(call);
  assert.deepEqual([message, header.get("a"), trailer.get("c"), attempts.length], [MESSAGE, "b", "d", 3]);
  assert.deepEqual(
    server.requests(METHOD).map(({ attempt, startedAt, endedAt, timeoutMs, aborted }) => ({
      attempt,
      startedAt,
      endedAt,
      timeoutMs,
      aborted,
    })),
    [
      { attempt: 1, startedAt: 0, endedAt: 0, timeoutMs: 5000, aborted: false },
      { attempt: 2, startedAt: 100, endedAt: 100, timeoutMs: 4900, aborted: false },
      { attempt: 3, startedAt: 300, endedAt: 300, timeoutMs: 4700, aborted: false },
    ],
  );
  for (const { method, message, messages, metadata, headers } of server.requests()) {
    assert.equal(method, METHOD);
    assert.deepEqual([message, messages], [Uint8Array.of(7), [Uint8Array.of(7)]]);
    assert.deepEqual([...metadata].sort(), [
      ["x-bin", MESSAGE],
      ["y", "z"],
    ]);
    assert.equal(headers.get("x-grpc-web"), "1");
  }
  assert.equal(server.clock.now(), 300);
  assert.equal(server.clock.pending, 0);
  server.verify();
});

test("backoffs add up to their bounds, whatever is drawn of them", async (t) => {
  for (const [random, jitter, expected] of [
    [1, "full", [0, 100, 300, 600, 900]],
    [0.5, "full", [0, 50, 150, 300, 450]],
    [0, "full", [0, 0, 0, 0, 0]],
    [0.5, "plusMinus20", [0, 100, 300, 600, 900]],
    [1, "plusMinus20", [0, 120, 360, 720, 1080]],
  ] as const) {
    const server = createTestServer({ random });
    server.on(METHOD, always(fail(Code.UNAVAILABLE, { message: "busy" })));
    const channel = await open(t, server, { serviceConfig: retrying({ ...policy, maxAttempts: 5 }), jitter });
    const { message, commitReason } = await refused(server.clock.runUntil(channel.unary(METHOD, MESSAGE)));
    assert.deepEqual([message, commitReason], ["busy", "exhausted"]);
    assert.deepEqual(instants(server), expected);
  }
});

test("random is refused where it is none", async () => {
  for (const random of [-1, 2, Number.NaN, "1"]) {
    const channel = createChannel({ baseUrl: "https://server.test", random: random as number });
    await assert.rejects(channel, /random: must be a number from 0 to 1/);
  }
});

test("pushback: a number is waited for exactly, and stop is heeded", async (t) => {
  const server = createTestServer();
  server.on(METHOD, fail(Code.UNAVAILABLE, { pushbackMs: 777 }), fail(Code.UNAVAILABLE, { pushbackMs: "stop" }));
  const channel = await open(t, server);
  const { commitReason, attempts } = await refused(server.clock.runUntil(channel.unary(METHOD, MESSAGE)));
  assert.equal(commitReason, "pushback");
  assert.deepEqual(
    attempts.map(({ pushback }) => pushback),
    [{ delayMs: 777 }, { stop: true }],
  );
  assert.deepEqual(instants(server), [0, 777]);
  server.verify();
});

test("hedges at 0, 500, 1000 and 1500 ms; the first answer wins, and the others are seen to be aborted", async (t) => {
  const server = createTestServer();
  server.on(METHOD, times(2, hang()), later(700, reply(MESSAGE)), later(300, reply(MESSAGE)));
  const channel = await open(t, server, { serviceConfig: hedging({ maxAttempts: 4, hedgingDelay: "0.5s" }) });
  const { header } = await server.clock.runUntil(channel.unary(METHOD, MESSAGE));
  assert.equal(header.get("grpc-previous-rpc-attempts"), "2");
  assert.deepEqual(instants(server), [0, 500, 1000, 1500]);
  assert.deepEqual(
    server.requests().map(({ aborted, endedAt, signal }) => [aborted, endedAt, signal.aborted]),
    [
      [true, 1700, true],
      [true, 1700, true],
      [false, 1700, false],
      [true, 1700, true],
    ],
  );
});

test("all hedges can hang to the deadline", async (t) => {
  const server = createTestServer().on(METHOD, always(hang()));
  const channel = await open(t, server, { serviceConfig: hedging({ maxAttempts: 4, hedgingDelay: "0.5s" }) });
  const { code } = await refused(server.clock.runUntil(channel.unary(METHOD, MESSAGE, { timeoutMs: 60_000 })));
  assert.equal(code, Code.DEADLINE_EXCEEDED);
  assert.deepEqual(instants(server), [0, 500, 1000, 1500]);
  assert.equal(server.clock.now(), 60_000);
  server.verify();
});

test("a deadline in the middle of a backoff, and one in the middle of an attempt", async (t) => {
  for (const step of [fail(Code.UNAVAILABLE, { pushbackMs: 10_000 }), later(10_000, reply(MESSAGE))]) {
    const server = createTestServer().on(METHOD, step);
    const channel = await open(t, server);
    const { code } = await refused(server.clock.runUntil(channel.unary(METHOD, MESSAGE, { timeoutMs: 500 })));
    assert.deepEqual([code, server.clock.now(), instants(server)], [Code.DEADLINE_EXCEEDED, 500, [0]]);
    assert.equal(server.clock.pending, 0, "the server's own delay is gone with the request");
  }
});

test("the throttle over several calls", async (t) => {
  const server = createTestServer().on(METHOD, times(4, fail(Code.UNAVAILABLE)), always(reply(MESSAGE)));
  const serviceConfig = retrying({ ...policy, maxAttempts: 5 }, { retryThrottling: { maxTokens: 5, tokenRatio: 1 } });
  const channel = await open(t, server, { serviceConfig });
  const run = () => server.clock.runUntil(channel.unary(METHOD, MESSAGE));
  const first = await refused(run());
  assert.deepEqual([first.attempts.length, first.commitReason], [3, "throttled"]);
  const second = await refused(run());
  assert.deepEqual([second.attempts.length, second.commitReason], [1, "throttled"]);
  for (let i = 0; i < 3; i++) await run();
  assert.equal(server.requests().length, 7);
});

test("step by step: advance stops at its instant, next at the next timer", async (t) => {
  const server = createTestServer().on(METHOD, fail(Code.UNAVAILABLE), fail(Code.UNAVAILABLE), reply(MESSAGE));
  const channel = await open(t, server);
  const call = channel.unary(METHOD, MESSAGE);
  assert.equal(server.requests().length, 1);
  await server.clock.advance(99);
  assert.equal(server.requests().length, 1);
  await server.clock.advance(1);
  assert.equal(server.requests().length, 2);
  assert.equal(await server.clock.next(), true);
  assert.deepEqual([server.requests().length, server.clock.now()], [3, 300]);
  assert.equal(await server.clock.next(), false);
  await call;
});

test("instants in events and attempts are the clock's", async (t) => {
  const server = createTestServer().on(METHOD, fail(Code.UNAVAILABLE), later(30, reply(MESSAGE)));
  const events: CallEvent[] = [];
  const channel = await open(t, server, { onEvent: (event) => events.push(event) });
  const { attempts } = await server.clock.runUntil(channel.unary(METHOD, MESSAGE));
  assert.deepEqual(
    attempts.map(({ startedAt, headAt, endedAt }) => [startedAt, headAt, endedAt]),
    [
      [0, 0, 0],
      [100, 130, 130],
    ],
  );
  const backoff = events.find(({ type }) => type === "backoff");
  assert.deepEqual(backoff?.type === "backoff" && [backoff.delayMs, backoff.boundMs], [100, 100]);
  assert.deepEqual([events[0]?.at, events.at(-1)?.at], [0, 130]);
});

test("a stream: messages with delays are read when they come", async (t) => {
  const server = createTestServer();
  const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
  server.on(METHOD, reply([one, later(500, two), later(250, fail(Code.ABORTED, { message: "enough" }))], { header: { a: "b" } }));
  const stream = (await open(t, server)).serverStreaming(METHOD, MESSAGE);
  const seen: [number, Uint8Array][] = [];
  const error = await refused(
    server.clock.runUntil(
      (async () => {
        for await (const message of stream) seen.push([server.clock.now(), message]);
      })(),
    ),
  );
  assert.deepEqual(seen, [
    [0, one],
    [500, two],
  ]);
  assert.deepEqual([error.code, error.message, server.clock.now()], [Code.ABORTED, "enough", 750]);
  assert.equal((await stream.header).get("a"), "b");
});

test("two channels of one server, and two servers of one clock", async (t) => {
  const one = createTestServer({ baseUrl: "https://one.test/grpc/" }).on(METHOD, later(100, reply(Uint8Array.of(1))));
  const two = createTestServer({ baseUrl: "https://two.test", clock: one.clock }).on("*", later(50, reply(Uint8Array.of(2))));
  const calls = [(await open(t, one)).unary(METHOD, MESSAGE), (await open(t, two)).unary("/a.B/C", MESSAGE)];
  const [first, second] = await one.clock.runUntil(Promise.all(calls));
  assert.deepEqual([first?.message, second?.message, one.clock.now()], [Uint8Array.of(1), Uint8Array.of(2), 100]);
  assert.deepEqual([one.requests().length, two.requests("/a.B/C").length], [1, 1]);
});
