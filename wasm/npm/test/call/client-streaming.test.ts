// Client streaming against the real server: what the server saw of every attempt, and how both sides learn of an early end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "hedgerow";
import { Ending, type Execution, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { HelloReplySchema, HelloRequestSchema } from "../gen/helloworld/helloworld_pb.js";
import { hedging, refused, retrying, settle } from "../support/calls.js";
import { COLLECT, connect, cut, hang, reply, Script, type StepInit, status } from "../support/server.js";
import { Source } from "../support/streaming.js";

const busy = status(Code.UNAVAILABLE, "busy");
const bytes = (...values: number[]) => Uint8Array.from(values);
/** A message after the first one, which has the script. */
const more = (...payload: number[]) => toBinary(RequestSchema, create(RequestSchema, { payload: bytes(...payload) }));

const hello = (name: string) => toBinary(HelloRequestSchema, create(HelloRequestSchema, { name }));
const text = (message: Uint8Array) => fromBinary(HelloReplySchema, message).message;

/** The two ways to send requests: streamed over HTTP/1.1, which is Node's default, and whole at the half-close. */
const ways = [{ requestStreaming: true }, { requestStreaming: false }];

/** A column of the server's report. */
const column = <K extends keyof Execution>(executions: readonly Execution[], name: K) => executions.map((row) => row[name]);

test("Greeter greets everybody at once", async (t) => {
  for (const way of ways) {
    const channel = await connect(t, way);
    const { message } = await channel.clientStreaming("/helloworld.Greeter/LotsOfGreetings", ["Ada", "Grace", "Joan"].map(hello));
    assert.equal(text(message), "Hello Ada, Grace, Joan");
  }
});

test("61 replays all messages and the half-close after every kind of failure", async (t) => {
  const raw: StepInit = { end: { case: "raw", value: { httpStatus: 503 } } };
  for (const failure of [busy, raw, cut()]) {
    for (const way of ways) {
      const script = new Script([failure, failure, {}], bytes(1));
      const channel = await connect(t, { serviceConfig: retrying(), ...way });
      const { message, attempts, header } = await channel.clientStreaming(COLLECT, [script.bytes, more(2), more(3, 4), more()]);
      assert.deepEqual(reply(message).payload, bytes(1, 2, 3, 4));
      assert.equal(reply(message).received, 4);
      assert.equal(attempts.length, 3);
      assert.equal(header.get("grpc-previous-rpc-attempts"), "2");
      const { executions } = await script.report(t, 3, 3);
      assert.deepEqual(column(executions, "received"), [4, 4, 4]);
      assert.deepEqual(column(executions, "previousAttempts"), ["", "1", "2"]);
    }
  }
});

test("61 62 a retry while messages still come: what came is replayed, the rest joins, no write fails", async (t) => {
  const early = (messages: number): StepInit => ({ messages, ...busy });
  const script = new Script([early(1), early(2), {}], bytes(1));
  const source = new Source(script.bytes);
  const call = (await connect(t, { serviceConfig: retrying() })).clientStreaming(COLLECT, source);
  await script.report(t, 1, 1);
  source.send(more(2));
  await script.report(t, 2, 2);
  source.send(more(3));
  await script.report(t, 3, 0);
  source.send(more(4));
  source.end();
  const { message, attempts } = await call;
  assert.deepEqual(reply(message).payload, bytes(1, 2, 3, 4));
  assert.deepEqual(
    attempts.map(({ code }) => code),
    [Code.UNAVAILABLE, Code.UNAVAILABLE, Code.OK],
  );
  const { executions } = await script.report(t, 3, 3);
  assert.deepEqual(column(executions, "received"), [1, 2, 4]);
  assert.ok(!source.returned, "it came to its end by itself");
});

test("61 a thousand messages, replayed in order", async (t) => {
  for (const way of ways) {
    const script = new Script([{ messages: 500, ...busy }, {}], bytes(0));
    function* messages() {
      yield script.bytes;
      for (let i = 1; i < 1000; i++) yield more(i & 0xff);
    }
    const { message } = await (await connect(t, { serviceConfig: retrying(), ...way })).clientStreaming(COLLECT, messages());
    assert.deepEqual(
      reply(message).payload,
      Uint8Array.from({ length: 1000 }, (_, i) => i),
    );
    assert.equal((await script.report(t, 2, 2)).executions[1]?.received, 1000);
  }
});

test("89 a hedged client stream: one wins with all messages, the server sees the others canceled", async (t) => {
  for (const way of ways) {
    const script = new Script([hang, hang, {}], bytes(1));
    const { message } = await (await connect(t, { serviceConfig: hedging(), ...way })).clientStreaming(COLLECT, [
      script.bytes,
      more(2),
      more(3),
    ]);
    assert.deepEqual([reply(message).attempt, reply(message).payload], [3, bytes(1, 2, 3)]);
    const { executions } = await script.report(t, 3, 3);
    assert.deepEqual(column(executions, "ending"), [Ending.CANCELLED, Ending.CANCELLED, Ending.PLAYED]);
  }
});

test("58 a request beyond the buffer is not replayed, but arrives whole", async (t) => {
  for (const way of ways) {
    const script = new Script([{ endDelay: { distribution: { case: "fixedMs", value: 1 } } }, {}], new Uint8Array(100));
    const channel = await connect(t, { serviceConfig: retrying(), maxRetryBufferPerCallSize: 1000, ...way });
    const { message, commitReason } = await channel.clientStreaming(COLLECT, [
      script.bytes,
      ...Array.from({ length: 50 }, () => more(...new Uint8Array(100))),
    ]);
    assert.equal(commitReason, "bufferExceeded");
    assert.equal(reply(message).payload.length, 5100);
  }
});

test("a server that succeeds while the request is open: OK, and the generator is told", async (t) => {
  const script = new Script([{ messages: 2 }], bytes(1));
  let left = false;
  let wake = () => {};
  async function* messages() {
    try {
      yield script.bytes;
      yield more(2);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      yield more(3);
    } finally {
      left = true;
    }
  }
  const { message } = await (await connect(t)).clientStreaming(COLLECT, messages());
  assert.equal(reply(message).received, 2);
  assert.ok(!left, "a generator cannot be left while it waits for something of its own");
  wake();
  await settle();
  assert.ok(left);
});

test("a server that fails while the request is open: its status at once, and the iterable is told", async (t) => {
  const script = new Script([{ messages: 2, ...status(Code.FAILED_PRECONDITION, "enough") }], bytes(1));
  const source = new Source(script.bytes, more(2));
  const error = await refused((await connect(t, { serviceConfig: retrying() })).clientStreaming(COLLECT, source));
  assert.deepEqual([error.code, error.message, error.commitReason], [Code.FAILED_PRECONDITION, "enough", "fatalStatus"]);
  await settle();
  assert.ok(source.returned);
});

test("98 a connection that is lost while the request is open is UNAVAILABLE, and retried", async (t) => {
  const script = new Script([{ messages: 1, ...cut() }, {}], bytes(1));
  const source = new Source(script.bytes);
  const call = (await connect(t, { serviceConfig: retrying() })).clientStreaming(COLLECT, source);
  await script.report(t, 2, 1);
  source.send(more(2));
  source.end();
  const { message, attempts } = await call;
  assert.deepEqual(reply(message).payload, bytes(1, 2));
  assert.equal(attempts[0]?.code, Code.UNAVAILABLE);
});

test("99 an abort, a deadline and a faulty iterable reach the server while the request is open", async (t) => {
  for (const how of ["abort", "deadline", "fault"] as const) {
    const script = new Script([], bytes(1));
    const source = new Source(script.bytes);
    const controller = new AbortController();
    const options = { signal: controller.signal, ...(how === "deadline" ? { timeoutMs: 1000 } : {}) };
    const call = refused((await connect(t, { serviceConfig: retrying() })).clientStreaming(COLLECT, source, options));
    await script.report(t, 1, 0);
    const cause = new Error("enough");
    if (how === "abort") controller.abort(cause);
    if (how === "fault") source.fail(cause);
    const error = await call;
    assert.equal(error.code, how === "deadline" ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
    assert.equal(error.cause, how === "deadline" ? undefined : cause);
    const [execution] = (await script.report(t, 1, 1)).executions;
    assert.ok(execution?.ending === Ending.CANCELLED || (how === "deadline" && execution?.ending === Ending.DEADLINE), how);
    assert.equal(source.returned, how !== "fault");
  }
});

test("64 an abort during the backoff: CANCELLED at once, no second attempt", async (t) => {
  const script = new Script([busy, {}], bytes(1));
  const controller = new AbortController();
  const channel = await connect(t, { serviceConfig: retrying({ initialBackoff: "600s", maxBackoff: "600s" }) });
  const error = await refused(
    channel.clientStreaming(COLLECT, [script.bytes], {
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === "backoff") controller.abort();
      },
    }),
  );
  assert.deepEqual([error.code, error.attempts.length], [Code.CANCELLED, 1]);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});
