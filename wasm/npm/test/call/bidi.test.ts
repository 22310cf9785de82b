// Bidirectional streams against the real server: over Node's fetch both directions run at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "hedgerow";
import { Ending, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { HelloReplySchema, HelloRequestSchema } from "../gen/helloworld/helloworld_pb.js";
import { collect, hedging, refused, retrying, settle } from "../support/calls.js";
import { CONVERSE, connect, cut, hang, reply, Script, status } from "../support/server.js";
import { Source } from "../support/streaming.js";

const busy = status(Code.UNAVAILABLE, "busy");
const bytes = (...values: number[]) => Uint8Array.from(values);
const more = (...payload: number[]) => toBinary(RequestSchema, create(RequestSchema, { payload: bytes(...payload) }));

test("Greeter answers each greeting before it hears the next", async (t) => {
  const source = new Source();
  const stream = (await connect(t)).bidiStreaming("/helloworld.Greeter/BidiHello", source);
  const answers = stream[Symbol.asyncIterator]();
  for (const name of ["Ada", "Grace", "Joan"]) {
    source.send(toBinary(HelloRequestSchema, create(HelloRequestSchema, { name })));
    const { value } = await answers.next();
    assert.equal(fromBinary(HelloReplySchema, value as Uint8Array).message, `Hello ${name}`);
  }
  source.end();
  assert.equal((await answers.next()).done, true);
  assert.equal((await stream.trailer).get("grpc-status"), undefined);
});

test("a hundred turns of a conversation in which each message is made of the last answer", async (t) => {
  const script = new Script([], bytes(0));
  const source = new Source(script.bytes);
  const stream = (await connect(t, { serviceConfig: retrying() })).bidiStreaming(CONVERSE, source);
  let turns = 0;
  for await (const message of stream) {
    const { payload, received, index } = reply(message);
    assert.deepEqual([payload[0], received, index], [turns, turns + 1, turns + 1]);
    if (++turns === 100) source.end();
    else source.send(more((payload[0] as number) + 1));
  }
  assert.equal(turns, 100);
  assert.equal((await script.report(t, 1, 1)).executions[0]?.received, 100);
});

test("without requestStreaming all is sent at the half-close, and answered then", async (t) => {
  const script = new Script([], bytes(1));
  const stream = (await connect(t, { requestStreaming: false })).bidiStreaming(CONVERSE, [script.bytes, more(2), more(3)]);
  assert.deepEqual(
    (await collect(stream)).map((message) => reply(message).payload),
    [bytes(1), bytes(2), bytes(3)],
  );
});

test("61 62 a conversation that fails before its first answer is replayed, and goes on", async (t) => {
  const script = new Script([{ messages: 0, ...busy }, { messages: 0, ...cut() }, {}], bytes(1));
  const source = new Source(script.bytes);
  const stream = (await connect(t, { serviceConfig: retrying() })).bidiStreaming(CONVERSE, source);
  const answers = stream[Symbol.asyncIterator]();
  assert.deepEqual(reply((await answers.next()).value).payload, bytes(1));
  source.send(more(2));
  assert.deepEqual(reply((await answers.next()).value).payload, bytes(2));
  source.end();
  assert.equal((await answers.next()).done, true);
  assert.deepEqual(
    stream.attempts.map(({ code, outcome }) => [code, outcome]),
    [
      [Code.UNAVAILABLE, "failed"],
      [Code.UNAVAILABLE, "failed"],
      [Code.OK, "committed"],
    ],
  );
  assert.equal((await stream.header).get("grpc-previous-rpc-attempts"), "2");
});

test("52 a failure after an answer is final, and ends the request's messages", async (t) => {
  const script = new Script([{ messages: 1, ...status(Code.UNAVAILABLE, "late") }], bytes(1));
  const source = new Source(script.bytes);
  const stream = (await connect(t, { serviceConfig: retrying() })).bidiStreaming(CONVERSE, source);
  const answers = stream[Symbol.asyncIterator]();
  assert.equal((await answers.next()).done, false);
  const error = await refused(answers.next());
  assert.deepEqual([error.message, error.commitReason], ["late", "responseHeaders"]);
  await settle();
  assert.ok(source.returned);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("103 a conversation whose connection is lost", async (t) => {
  // Without the wait, answers could be lost with the connection.
  const script = new Script([{ messages: 2, waitForStarted: 2, ...cut(20) }, {}], bytes(1));
  const source = new Source(script.bytes, more(2));
  const stream = (await connect(t)).bidiStreaming(CONVERSE, source);
  const answers = stream[Symbol.asyncIterator]();
  for (const value of [1, 2]) assert.deepEqual(reply((await answers.next()).value).payload, bytes(value));
  await script.release(t);
  assert.equal((await refused(answers.next())).code, Code.UNAVAILABLE);
  await settle();
  assert.ok(source.returned);
});

test("79 hedged conversations: one wins and goes on, the others are canceled", async (t) => {
  const script = new Script([{ messages: 0, ...hang }, { messages: 0, ...hang }, {}], bytes(1));
  const source = new Source(script.bytes);
  const stream = (await connect(t, { serviceConfig: hedging() })).bidiStreaming(CONVERSE, source);
  const answers = stream[Symbol.asyncIterator]();
  assert.equal(reply((await answers.next()).value).attempt, 3);
  source.send(more(2));
  assert.deepEqual(reply((await answers.next()).value).payload, bytes(2));
  source.end();
  assert.equal((await answers.next()).done, true);
  const { executions } = await script.report(t, 3, 3);
  assert.deepEqual(
    executions.map(({ ending, received }) => [ending, received]),
    [
      [Ending.CANCELLED, 1],
      [Ending.CANCELLED, 1],
      [Ending.PLAYED, 2],
    ],
  );
});

test("99 break, cancel, an abort and a deadline end both directions, at the server too", async (t) => {
  for (const how of ["break", "cancel", "abort", "deadline"] as const) {
    const script = new Script([], bytes(1));
    const source = new Source(script.bytes);
    const controller = new AbortController();
    const options = { signal: controller.signal, ...(how === "deadline" ? { timeoutMs: 1000 } : {}) };
    const stream = (await connect(t)).bidiStreaming(CONVERSE, source, options);
    let code: Code = Code.OK;
    try {
      for await (const _ of stream) {
        if (how === "break") break;
        if (how === "cancel") stream.cancel();
        if (how === "abort") controller.abort();
      }
    } catch (error) {
      code = (error as { code: Code }).code;
    }
    assert.equal(code, { break: Code.OK, cancel: Code.CANCELLED, abort: Code.CANCELLED, deadline: Code.DEADLINE_EXCEEDED }[how]);
    const [execution] = (await script.report(t, 1, 1)).executions;
    assert.ok(execution?.ending === Ending.CANCELLED || (how === "deadline" && execution?.ending === Ending.DEADLINE), how);
    await settle();
    assert.ok(source.returned, how);
  }
});

test("42 a deadline during the backoff ends reading and writing", async (t) => {
  const script = new Script([{ messages: 0, ...busy, pushback: ["10000"] }], bytes(1));
  const source = new Source(script.bytes);
  const stream = (await connect(t, { serviceConfig: retrying() })).bidiStreaming(CONVERSE, source, { timeoutMs: 1500 });
  const error = await refused(collect(stream));
  assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  assert.match(error.message, /attempt 1 had failed with .*busy/);
  await settle();
  assert.ok(source.returned);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});
