// Streams over WebSockets against the real server, by undici's class: Node 20 has none of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "hedgerow";
import { Agent, WebSocket } from "undici";
import { Ending, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { HelloReplySchema, HelloRequestSchema } from "../gen/helloworld/helloworld_pb.js";
import { collect, hedging, refused, retrying, settle } from "../support/calls.js";
import { COLLECT, CONVERSE, cut, hang, reply, Script, status } from "../support/server.js";
import { connect } from "../support/sockets.js";
import { Source } from "../support/streaming.js";

const TLS = process.env["HEDGEROW_SERVER_TLS"] ?? "";
const busy = status(Code.UNAVAILABLE, "busy");
const bytes = (...values: number[]) => Uint8Array.from(values);
const more = (payload: Uint8Array) => toBinary(RequestSchema, create(RequestSchema, { payload }));
const hello = (name: string) => toBinary(HelloRequestSchema, create(HelloRequestSchema, { name }));
const heard = (message: Uint8Array | undefined) => fromBinary(HelloReplySchema, message as Uint8Array).message;

test("all greetings in one, and each greeting in turn", async (t) => {
  const channel = await connect(t);
  const { message } = await channel.clientStreaming("/helloworld.Greeter/LotsOfGreetings", ["Ada", "Grace"].map(hello));
  assert.equal(heard(message), "Hello Ada, Grace");
  const source = new Source();
  const stream = channel.bidiStreaming("/helloworld.Greeter/BidiHello", source);
  const answers = stream[Symbol.asyncIterator]();
  for (const name of ["Ada", "Grace", "Joan"]) {
    source.send(hello(name));
    assert.equal(heard((await answers.next()).value), `Hello ${name}`);
  }
  source.end();
  assert.equal((await answers.next()).done, true);
});

test("a hundred turns, over ws: and wss:", async (t) => {
  const agent = new Agent({ connect: { rejectUnauthorized: false } }); // the server's certificate is its own
  t.after(() => agent.close());
  class Trusting extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, { protocols: protocols ?? [], dispatcher: agent });
    }
  }
  for (const options of [{}, { baseUrl: TLS, webSocket: Trusting as unknown as typeof globalThis.WebSocket }]) {
    const script = new Script([], bytes(0));
    const source = new Source(script.bytes);
    let turns = 0;
    for await (const message of (await connect(t, options)).bidiStreaming(CONVERSE, source)) {
      const { payload, received, index } = reply(message);
      assert.deepEqual([payload[0], received, index], [turns, turns + 1, turns + 1]);
      if (++turns === 100) source.end();
      else source.send(more(bytes((payload[0] as number) + 1)));
    }
    assert.equal(turns, 100);
  }
});

test("metadata both ways, in the header and in the trailers, bytes too", async (t) => {
  const fields = (name: string) => [
    { name, value: `${name}'s, with: a colon` },
    { name: `${name}-bin`, binary: bytes(0, 255, 128) },
  ];
  const script = new Script([{ header: fields("x-head"), trailer: fields("x-trail") }]);
  const metadata = { "x-mine": "mine, and: mine", "x-mine-bin": bytes(1, 254) };
  const channel = await connect(t);
  const answer = await channel.clientStreaming(COLLECT, [script.bytes], { metadata, timeoutMs: 60_000 });
  const stream = channel.bidiStreaming(CONVERSE, [script.bytes], { metadata });
  await collect(stream);
  for (const [header, trailer] of [
    [answer.header, answer.trailer],
    [await stream.header, await stream.trailer],
  ] as const) {
    assert.equal(header.get("x-head"), "x-head's, with: a colon");
    assert.deepEqual(header.get("x-head-bin"), bytes(0, 255, 128));
    assert.equal(trailer.get("x-trail"), "x-trail's, with: a colon");
    assert.deepEqual(trailer.get("x-trail-bin"), bytes(0, 255, 128));
    assert.equal(header.get("content-type"), undefined);
  }
  const sent = Object.fromEntries(reply(answer.message).requestHeader.map(({ name, value }) => [name, value]));
  assert.equal(sent["x-mine"], "mine, and: mine");
  assert.equal(sent["x-mine-bin"], "Af4");
  assert.match(sent["grpc-timeout"] ?? "", /^\d+m$/);
});

test("messages of every length, both ways", async (t) => {
  const channel = await connect(t, { maxReceiveMessageBytes: 16 << 20 });
  const lengths = [0, 1, 32_761, 32_762, 32_763, 32_766, 32_767, 32_768, 100_000, 5 << 20];
  const script = new Script([]);
  const payloads = lengths.map((length) => Uint8Array.from({ length }, (_, i) => i % 251));
  const answers = await collect(channel.bidiStreaming(CONVERSE, [script.bytes, ...payloads.map(more)]));
  assert.deepEqual(
    answers.slice(1).map((answer) => reply(answer).payload.length),
    lengths,
  );
  for (const [i, payload] of payloads.entries()) assert.ok(Buffer.compare(reply(answers[i + 1]).payload, payload) === 0);
  const { message } = await channel.clientStreaming(COLLECT, [script.bytes, ...payloads.slice(0, -1).map(more)]);
  assert.equal(
    reply(message).payload.length,
    lengths.slice(0, -1).reduce((a, b) => a + b),
  );
  const none = await channel.clientStreaming("/helloworld.Greeter/LotsOfGreetings", [bytes()]);
  assert.equal(heard(none.message), "Hello ");
});

test("61 62 a failure before the head is retried with all that was sent, and the call goes on", async (t) => {
  const failures = [{ messages: 1, ...busy }, { messages: 2, ...cut() }, { messages: 0, ...busy, pushback: ["1"] }, {}];
  const script = new Script(failures, bytes(1));
  const source = new Source(script.bytes, more(bytes(2)));
  const call = (await connect(t, { serviceConfig: retrying({ maxAttempts: 5 }) })).clientStreaming(COLLECT, source);
  await script.report(t, 4, 3);
  source.send(more(bytes(3)));
  source.end();
  const { message, attempts, header } = await call;
  assert.deepEqual(reply(message).payload, bytes(1, 2, 3));
  assert.deepEqual(
    attempts.map(({ code, httpStatus, pushback }) => [code, httpStatus, pushback]),
    [
      [Code.UNAVAILABLE, 101, undefined],
      [Code.UNAVAILABLE, 101, undefined],
      [Code.UNAVAILABLE, 101, { delayMs: 1 }],
      [Code.OK, 101, undefined],
    ],
  );
  assert.equal(header.get("grpc-previous-rpc-attempts"), "3");
  const { executions } = await script.report(t, 4, 4);
  assert.deepEqual(
    executions.map(({ previousAttempts }) => previousAttempts),
    ["", "1", "2", "3"],
  );
});

test("52 103 a failure, and a lost connection, behind an answer are final", async (t) => {
  for (const end of [status(Code.UNAVAILABLE, "late"), cut(), cut(20)]) {
    const script = new Script([{ messages: 1, ...end }]);
    const stream = (await connect(t, { serviceConfig: retrying() })).bidiStreaming(CONVERSE, new Source(script.bytes));
    const answers = stream[Symbol.asyncIterator]();
    assert.equal((await answers.next()).done, false);
    const error = await refused(answers.next());
    assert.deepEqual([error.code, error.commitReason], [Code.UNAVAILABLE, "responseHeaders"], error.message);
    assert.equal((await script.report(t, 1, 1)).started, 1);
  }
});

test("34 a server that forbids retries is heeded", async (t) => {
  const script = new Script([{ messages: 0, ...busy, pushback: ["-1"] }, {}]);
  const error = await refused(
    (await connect(t, { serviceConfig: retrying() })).clientStreaming(COLLECT, new Source(script.bytes)),
  );
  assert.deepEqual([error.message, error.commitReason], ["busy", "pushback"]);
});

test("79 89 hedged: one wins with all messages, the server sees the others canceled", async (t) => {
  const script = new Script([{ messages: 0, ...hang }, { messages: 0, ...hang }, {}], bytes(1));
  const source = new Source(script.bytes);
  const stream = (await connect(t, { serviceConfig: hedging() })).bidiStreaming(CONVERSE, source);
  const answers = stream[Symbol.asyncIterator]();
  assert.equal(reply((await answers.next()).value).attempt, 3);
  source.send(more(bytes(2)));
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

for (const how of ["break", "cancel", "abort", "deadline", "close"] as const) {
  test(`99 ${how}: the server sees it, whether the request is open or ended`, async (t) => {
    for (const end of [false, true]) {
      const script = new Script([end ? { messages: 1, ...hang } : {}], bytes(1));
      const source = new Source(script.bytes);
      if (end) source.end();
      const controller = new AbortController();
      const options = { signal: controller.signal, ...(how === "deadline" ? { timeoutMs: 1000 } : {}) };
      const channel = await connect(t);
      const stream = channel.bidiStreaming(CONVERSE, source, options);
      let code: Code = Code.OK;
      try {
        for await (const _ of stream) {
          if (how === "break") break;
          if (how === "cancel") stream.cancel();
          if (how === "abort") controller.abort();
          if (how === "close") channel.close();
        }
      } catch (error) {
        code = (error as { code: Code }).code;
      }
      assert.equal(code, how === "break" ? Code.OK : how === "deadline" ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
      const [execution] = (await script.report(t, 1, 1)).executions;
      assert.ok(execution?.ending === Ending.CANCELLED || (how === "deadline" && execution?.ending === Ending.DEADLINE));
      await settle();
      assert.ok(source.returned || end);
    }
  });
}

test("58 a request beyond the buffer is not replayed, but arrives whole", async (t) => {
  const script = new Script([{}], new Uint8Array(100));
  const channel = await connect(t, { serviceConfig: retrying(), maxRetryBufferPerCallSize: 1000 });
  const rest = Array.from({ length: 50 }, () => more(new Uint8Array(100)));
  const { message, commitReason } = await channel.clientStreaming(COLLECT, [script.bytes, ...rest]);
  assert.equal(commitReason, "bufferExceeded");
  assert.equal(reply(message).payload.length, 5100);
});

test("a server that ends the call while the request is open", async (t) => {
  const channel = await connect(t, { serviceConfig: retrying() });
  const enough = new Source(new Script([{ messages: 1 }]).bytes);
  assert.equal(reply((await channel.clientStreaming(COLLECT, enough)).message).received, 1);
  const wrong = new Source(new Script([{ messages: 1, ...status(Code.FAILED_PRECONDITION, "enough") }]).bytes);
  assert.equal((await refused(channel.clientStreaming(COLLECT, wrong))).code, Code.FAILED_PRECONDITION);
  await settle();
  assert.ok(enough.returned && wrong.returned);
});

test("gzip, both ways", async (t) => {
  const long = new Uint8Array(100_000);
  const script = new Script([{ encoding: "gzip" }], long);
  const channel = await connect(t, { sendCompression: "gzip", acceptCompression: ["gzip"], serviceConfig: retrying() });
  const answers = await collect(channel.bidiStreaming(CONVERSE, [script.bytes, more(long)]));
  assert.deepEqual(
    answers.map((answer) => reply(answer).payload.length),
    [100_000, 100_000],
  );
  const header = Object.fromEntries(reply(answers[0]).requestHeader.map(({ name, value }) => [name, value]));
  assert.deepEqual([header["grpc-encoding"], header["grpc-accept-encoding"]], ["gzip", "gzip"]);
  const small = await connect(t, { maxReceiveMessageBytes: 1000, acceptCompression: ["gzip"] });
  const error = await refused(small.clientStreaming(COLLECT, [new Script([{ encoding: "gzip" }], long).bytes]));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
});
