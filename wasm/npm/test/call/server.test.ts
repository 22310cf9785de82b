// The built package against the real server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type CallEvent, Code, StatusError } from "hedgerow";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { HelloReplySchema, HelloRequestSchema } from "../gen/helloworld/helloworld_pb.js";
import { collect, hedging, refused, retrying } from "../support/calls.js";
import { connect, cut, DO, hang, reply, Script, SERVER, STREAM, status } from "../support/server.js";

const hello = toBinary(HelloRequestSchema, create(HelloRequestSchema, { name: "Ada" }));
const text = (message: Uint8Array) => fromBinary(HelloReplySchema, message).message;

test("Greeter answers, unary and as a stream", async (t) => {
  const channel = await connect(t);
  assert.equal(text((await channel.unary("/helloworld.Greeter/SayHello", hello)).message), "Hello Ada");
  const messages = await collect(channel.serverStreaming("/helloworld.Greeter/LotsOfReplies", hello));
  assert.deepEqual(
    messages.map(text),
    [1, 2, 3, 4, 5].map((n) => `Hello Ada, ${n} of 5`),
  );
});

test("a method that the server does not have is UNIMPLEMENTED", async (t) => {
  assert.equal((await refused((await connect(t)).unary("/helloworld.Greeter/Nope", hello))).code, Code.UNIMPLEMENTED);
});

test("19 the server sees the attempts header absent, 1, 2; the answer carries it once", async (t) => {
  const busy = status(Code.UNAVAILABLE, "busy");
  const script = new Script([busy, busy, { trailer: [{ name: "x-tail", value: "yes" }] }]);
  const response = await (await connect(t, { serviceConfig: retrying() })).unary(DO, script.bytes);
  assert.equal(reply(response.message).attempt, 3);
  assert.deepEqual(response.header.getAll("grpc-previous-rpc-attempts"), ["2"]);
  assert.equal(response.trailer.get("x-tail"), "yes");
  assert.deepEqual(
    response.attempts.map(({ kind, code, statusMessage }) => [kind, code, statusMessage]),
    [
      ["first", Code.UNAVAILABLE, "busy"],
      ["retry", Code.UNAVAILABLE, "busy"],
      ["retry", Code.OK, ""],
    ],
  );
  const { executions } = await script.report(t, 3, 3);
  assert.deepEqual(
    executions.map(({ previousAttempts }) => previousAttempts),
    ["", "1", "2"],
  );
});

test("2 maxAttempts 10 makes 5 requests and a warning", async (t) => {
  t.mock.method(console, "warn", () => {});
  const events: CallEvent[] = [];
  const script = new Script([status(Code.UNAVAILABLE, "busy")]);
  const channel = await connect(t, { serviceConfig: retrying({ maxAttempts: 10 }), onEvent: (event) => events.push(event) });
  const error = await refused(channel.unary(DO, script.bytes));
  assert.equal(error.commitReason, "exhausted");
  assert.equal((await script.report(t, 5, 5)).started, 5);
  assert.ok(events.some((event) => event.type === "warning" && event.warning === "policyClamped"));
});

test("26 no policy: exactly one request", async (t) => {
  const script = new Script([status(Code.UNAVAILABLE, "busy")]);
  const error = await refused((await connect(t)).unary(DO, script.bytes));
  assert.equal(error.message, "busy");
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("22 a code that is not listed is not retried", async (t) => {
  const script = new Script([status(Code.INVALID_ARGUMENT, "bad")]);
  const error = await refused((await connect(t, { serviceConfig: retrying() })).unary(DO, script.bytes));
  assert.deepEqual([error.code, error.commitReason], [Code.INVALID_ARGUMENT, "fatalStatus"]);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("34 the server's pushback is waited for", async (t) => {
  const script = new Script([{ ...status(Code.UNAVAILABLE), pushback: ["120"] }, {}]);
  const channel = await connect(t, { serviceConfig: retrying({ initialBackoff: "60s", maxBackoff: "60s" }) });
  const { attempts } = await channel.unary(DO, script.bytes);
  const [first, second] = attempts;
  assert.deepEqual(first?.pushback, { delayMs: 120 });
  assert.ok((second?.startedAt as number) - (first?.endedAt as number) >= 120);
});

test("35 pushback that says stop, or says it twice", async (t) => {
  for (const pushback of [["-1"], ["soon"], ["1", "2"]]) {
    const script = new Script([{ ...status(Code.UNAVAILABLE, "busy"), pushback }, {}]);
    const error = await refused((await connect(t, { serviceConfig: retrying() })).unary(DO, script.bytes));
    assert.deepEqual([error.message, error.commitReason], ["busy", "pushback"]);
    assert.equal((await script.report(t, 1, 1)).started, 1);
  }
});

test("69 hedging without a delay: all at once, one wins, the server sees the others canceled", async (t) => {
  const script = new Script([hang, hang, { delay: { distribution: { case: "fixedMs", value: 50 } } }]);
  const { message, attempts } = await (await connect(t, { serviceConfig: hedging() })).unary(DO, script.bytes);
  assert.equal(reply(message).attempt, 3);
  assert.deepEqual(attempts.map(({ outcome }) => outcome).sort(), ["aborted", "aborted", "committed"]);
  const { executions } = await script.report(t, 3, 3);
  assert.deepEqual(
    executions.map(({ ending }) => ending),
    [Ending.CANCELLED, Ending.CANCELLED, Ending.PLAYED],
  );
  assert.deepEqual(executions.map(({ previousAttempts }) => previousAttempts).sort(), ["", "1", "2"]);
});

test("70 hedges keep their cadence, and the server hears of all of them", async (t) => {
  const script = new Script([hang, hang, {}]);
  const channel = await connect(t, { serviceConfig: hedging({ hedgingDelay: "0.1s" }) });
  const { attempts } = await channel.unary(DO, script.bytes);
  const starts = attempts.map(({ startedAt }) => startedAt - (attempts[0]?.startedAt as number));
  assert.ok((starts[1] as number) >= 100 && (starts[2] as number) >= 200, String(starts));
  const { executions } = await script.report(t, 3, 3);
  // The attempts may reach the server in any order, and the last one to reach it wins.
  assert.deepEqual(executions.map(({ previousAttempts }) => previousAttempts).sort(), ["", "1", "2"]);
});

test("71 every hedge fails: the last failure is told", async (t) => {
  const script = new Script([status(Code.UNAVAILABLE, "busy")]);
  const error = await refused((await connect(t, { serviceConfig: hedging() })).unary(DO, script.bytes));
  assert.deepEqual([error.code, error.attempts.length], [Code.UNAVAILABLE, 3]);
});

test("99 the deadline aborts the request at the server", async (t) => {
  const script = new Script([hang]);
  // Within this time the call must reach the server.
  const error = await refused((await connect(t)).unary(DO, script.bytes, { timeoutMs: 1000 }));
  assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  const { executions } = await script.report(t, 1, 1);
  assert.match(executions[0]?.timeout ?? "", /^(\d{1,3}|1000)m$/);
  assert.ok([Ending.CANCELLED, Ending.DEADLINE].includes(executions[0]?.ending as Ending));
});

test("99 an AbortSignal aborts the request at the server", async (t) => {
  const script = new Script([hang]);
  const controller = new AbortController();
  const call = refused((await connect(t)).unary(DO, script.bytes, { signal: controller.signal }));
  await script.report(t, 1, 0);
  controller.abort(new Error("enough"));
  const error = await call;
  assert.equal(error.code, Code.CANCELLED);
  assert.equal((error.cause as Error).message, "enough");
  const { executions } = await script.report(t, 1, 1);
  assert.equal(executions[0]?.ending, Ending.CANCELLED);
});

test("99 break, cancel and close abort a stream at the server", async (t) => {
  for (const end of ["break", "cancel", "close"] as const) {
    const script = new Script([{ messages: 2, ...hang }]);
    const channel = await connect(t);
    const stream = channel.serverStreaming(STREAM, script.bytes);
    for await (const message of stream) {
      assert.equal(reply(message).index, 1);
      if (end === "cancel") stream.cancel();
      if (end === "close") channel.close();
      break;
    }
    const { executions } = await script.report(t, 1, 1);
    assert.equal(executions[0]?.ending, Ending.CANCELLED, end);
  }
});

test("51 headers that went out early commit: what fails later is not retried", async (t) => {
  const script = new Script([
    { earlyHeader: true, header: [{ name: "x-head", value: "h" }], ...status(Code.UNAVAILABLE, "late") },
  ]);
  const error = await refused((await connect(t, { serviceConfig: retrying() })).unary(DO, script.bytes));
  assert.deepEqual([error.message, error.commitReason, error.header.get("x-head")], ["late", "responseHeaders", "h"]);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("52 messages and then a failure: they are delivered, nothing is retried", async (t) => {
  const script = new Script([{ messages: 3, ...status(Code.UNAVAILABLE, "late") }]);
  const stream = (await connect(t, { serviceConfig: retrying() })).serverStreaming(STREAM, script.bytes);
  const got: number[] = [];
  await assert.rejects(
    async () => {
      for await (const message of stream) got.push(reply(message).index);
    },
    (error) => error instanceof StatusError && error.message === "late",
  );
  assert.deepEqual(got, [1, 2, 3]);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("23 a stream that fails before its first message is retried; its header is the last attempt's", async (t) => {
  const head = (value: string) => ({ header: [{ name: "x-head", value }] });
  const script = new Script([
    { ...head("one"), ...status(Code.UNAVAILABLE) },
    { ...head("two"), messages: 2 },
  ]);
  const stream = (await connect(t, { serviceConfig: retrying() })).serverStreaming(STREAM, script.bytes);
  const header = await stream.header;
  assert.equal(header.get("x-head"), "two");
  assert.equal(header.get("grpc-previous-rpc-attempts"), "1");
  assert.deepEqual(
    (await collect(stream)).map((message) => reply(message).attempt),
    [2, 2],
  );
});

test("103 a body that is cut is UNAVAILABLE, the messages before it arrive", async (t) => {
  // Without the wait, messages could be lost with the connection.
  const script = new Script([{ messages: 2, waitForStarted: 2, ...cut(200) }, {}]);
  const stream = (await connect(t, { serviceConfig: retrying() })).serverStreaming(STREAM, script.bytes);
  const iterator = stream[Symbol.asyncIterator]();
  for (const n of [1, 2]) assert.equal(reply((await iterator.next()).value ?? undefined).index, n);
  await script.release(t);
  const error = await refused(iterator.next());
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.match(error.message, /connection was lost/);
  assert.ok(error.cause instanceof Error);
});

test("98 a dropped connection is UNAVAILABLE, says what was tried, and is retried", async (t) => {
  const script = new Script([cut(), cut(), {}]);
  const { attempts } = await (await connect(t, { serviceConfig: retrying() })).unary(DO, script.bytes);
  assert.deepEqual(
    attempts.map(({ code }) => code),
    [Code.UNAVAILABLE, Code.UNAVAILABLE, Code.OK],
  );
  assert.ok(attempts[0]?.statusMessage?.includes(`POST ${SERVER}${DO}`), attempts[0]?.statusMessage);
});

test("98 a server that is down is UNAVAILABLE, says what was tried, and is retried", async (t) => {
  const channel = await connect(t, { baseUrl: "http://127.0.0.1:1", serviceConfig: retrying({ maxAttempts: 3 }) });
  const error = await refused(channel.unary(DO, hello));
  assert.deepEqual([error.code, error.attempts.length, error.commitReason], [Code.UNAVAILABLE, 3, "exhausted"]);
  assert.match(error.message, /POST http:\/\/127\.0\.0\.1:1\/hedgerow\.chaos\.v1\.Chaos\/Do/);
  assert.ok(error.cause instanceof TypeError);
});

test("91 a proxy's 503 is retried as UNAVAILABLE", async (t) => {
  const body = [new TextEncoder().encode("busy")];
  const script = new Script([{ end: { case: "raw", value: { httpStatus: 503, body } } }, {}]);
  const { attempts } = await (await connect(t, { serviceConfig: retrying() })).unary(DO, script.bytes);
  assert.deepEqual(
    attempts.map(({ httpStatus }) => httpStatus),
    [503, 200],
  );
});

test("-bin metadata goes both ways, and details come back as bytes", async (t) => {
  const binary = Uint8Array.from({ length: 256 }, (_, i) => i);
  const channel = await connect(t);
  const good = new Script([
    {
      header: [{ name: "x-head-bin", binary }],
      trailer: [
        { name: "x-tail-bin", binary },
        { name: "x-t", value: "ok" },
      ],
    },
  ]);
  const response = await channel.unary(DO, good.bytes, { metadata: { "x-up-bin": binary, "x-up": ["a", "b"] } });
  assert.deepEqual(response.header.get("x-head-bin"), binary);
  assert.deepEqual(response.trailer.get("x-tail-bin"), binary);
  const seen = new Map(reply(response.message).requestHeader.map(({ name, value }) => [name, value]));
  assert.deepEqual(Uint8Array.from(Buffer.from(seen.get("x-up-bin") ?? "", "base64")), binary);
  assert.equal(seen.get("x-up"), "a, b", "fetch joins values");
  const details = [{ typeUrl: "type.googleapis.com/google.rpc.Any", value: binary }];
  const bad = new Script([{ end: { case: "status", value: { code: Code.ABORTED, message: "naïve\n100%", details } } }]);
  const error = await refused(channel.unary(DO, bad.bytes));
  assert.equal(error.message, "naïve\n100%");
  assert.ok(Buffer.from(error.details ?? []).includes(Buffer.from(binary)));
});

test("104 a zero-length message", async (t) => {
  const channel = await connect(t);
  const { message } = await channel.unary("/helloworld.Greeter/SayHello", new Uint8Array());
  assert.equal(text(message), "Hello ");
});

test("a response of 1 MiB, unary and in a stream; one beyond the limit is RESOURCE_EXHAUSTED", async (t) => {
  const channel = await connect(t);
  const size = 1 << 20;
  assert.equal(reply((await channel.unary(DO, new Script([{ messageSize: size }]).bytes)).message).payload.length, size);
  const stream = channel.serverStreaming(STREAM, new Script([{ messageSize: size, messages: 4 }]).bytes);
  assert.deepEqual(
    (await collect(stream)).map((message) => reply(message).payload.length),
    [size, size, size, size],
  );
  const error = await refused(channel.unary(DO, new Script([{ messageSize: 5 << 20 }]).bytes));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
});

test("56 a request beyond the retry buffer is sent once; just below, it is retried", async (t) => {
  const steps = [status(Code.UNAVAILABLE, "busy"), { messageSize: 1 }];
  const channel = await connect(t, { serviceConfig: retrying() });
  const large = new Script(steps, new Uint8Array(1 << 20));
  const error = await refused(channel.unary(DO, large.bytes));
  assert.deepEqual([error.commitReason, error.attempts.length], ["bufferExceeded", 1]);
  assert.equal((await large.report(t, 1, 1)).started, 1);
  const fits = new Script(steps, new Uint8Array((1 << 20) - 200));
  assert.equal((await channel.unary(DO, fits.bytes)).attempts.length, 2);
});
