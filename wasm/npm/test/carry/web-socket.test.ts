// Streams over WebSockets, with the test as the server: each byte on the wire, and the rules that hold over every transport.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConfigError } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, frame, OK, ok, trailers } from "../support/responses.js";
import { answering, BUSY, type FakeSocket, HEAD, over, Sockets } from "../support/sockets.js";
import { message, Source } from "../support/streaming.js";

const PIECE = 32_767;

test("the bytes of a call: the header, each message behind its control byte, the half-close", async (t) => {
  const sockets = new Sockets(answering(HEAD, frame(message(9)), OK));
  const channel = await over(t, sockets, { metadata: { "x-all": "a" } });
  const options = { timeoutMs: 60_000, metadata: { "x-one": "1, 2", "x-raw-bin": Uint8Array.of(255, 0) } };
  const { message: answer } = await channel.clientStreaming(METHOD, [message(1), message(2, 3), message(0, 0)], options);
  assert.deepEqual(answer, message(9));
  const [socket] = sockets.all as [FakeSocket];
  assert.deepEqual(
    [socket.url, socket.protocol, socket.binaryType],
    [`wss://api.test/grpc${METHOD}`, "grpc-websockets", "arraybuffer"],
  );
  const header = new TextDecoder().decode(socket.sent[0]);
  assert.match(header, /^content-type: application\/grpc-web\r\nx-grpc-web: 1\r\n(?:[a-z-]+: [^\r\n]+\r\n)+$/);
  const { "grpc-timeout": timeout, "x-user-agent": agent, ...fields } = socket.header;
  assert.match(timeout ?? "", /^\d+m$/);
  assert.match(agent ?? "", /^grpc-web-hedgerow\//);
  assert.deepEqual(fields, {
    "content-type": "application/grpc-web",
    "x-grpc-web": "1",
    "x-all": "a",
    "x-one": "1, 2",
    "x-raw-bin": "/wA",
  });
  assert.deepEqual(socket.sent.slice(1), [
    Uint8Array.of(0, 0, 0, 0, 0, 1, 1),
    Uint8Array.of(0, 0, 0, 0, 0, 3, 2, 2, 2),
    Uint8Array.of(0, 0, 0, 0, 0, 0),
    Uint8Array.of(1),
  ]);
});

test("a message goes out in pieces of at most 32,767 bytes, and comes together whatever pieces it comes in", async (t) => {
  for (const length of [0, 1, PIECE - 6, PIECE - 5, PIECE - 4, PIECE, PIECE + 1, 3 << 20]) {
    const whole = Uint8Array.from({ length }, (_, i) => i % 251);
    const bytes = concat(HEAD, frame(whole), OK);
    for (const size of [1000, bytes.length]) {
      const sockets = new Sockets(async (socket) => {
        await socket.open().until(({ ended }) => ended);
        for (let at = 0; at < bytes.length; at += size) socket.give(bytes.subarray(at, at + size));
        socket.give(new Uint8Array()).shut(1005);
      });
      const channel = await over(t, sockets, { baseUrl: "http://api.test" });
      const { message: answer } = await channel.clientStreaming(METHOD, [whole]);
      assert.ok(Buffer.compare(answer, whole) === 0, `${length} bytes, in messages of ${size}`);
      const [socket] = sockets.all as [FakeSocket];
      assert.equal(socket.url, `ws://api.test${METHOD}`);
      assert.ok(Buffer.compare(socket.request, frame(whole)) === 0);
      assert.deepEqual(socket.controls, [...Array(Math.ceil((length + 5) / PIECE)).fill(0), 1]);
      assert.ok(socket.sent.every((sent) => sent.length <= PIECE + 1));
    }
  }
});

test("a conversation: each answer comes before the next message is given", async (t) => {
  const sockets = new Sockets((socket) => socket.open().answer(HEAD));
  const source = new Source();
  const stream = (await over(t, sockets)).bidiStreaming(METHOD, source);
  const answers = stream[Symbol.asyncIterator]();
  const socket = await sockets.socket(1);
  for (let i = 1; i <= 20; i++) {
    source.send(message(i));
    await socket.until(({ sent }) => sent.length === 1 + i);
    assert.deepEqual(socket.sent.at(-1), Uint8Array.of(0, 0, 0, 0, 0, 1, i));
    socket.answer(frame(message(i)));
    assert.deepEqual((await answers.next()).value, message(i));
  }
  source.end();
  await socket.until(({ ended }) => ended);
  socket.answer(trailers("grpc-status: 0", "x-two: 2")).shut();
  assert.equal((await answers.next()).done, true);
  assert.equal((await stream.trailer).get("x-two"), "2");
});

test("a Trailers-Only failure is retried, a pushback heeded, and every message replayed", async (t) => {
  const clock = new Clock(t);
  const again = trailers("grpc-status: 14", "grpc-message: busy", "grpc-retry-pushback-ms: 40");
  const sockets = new Sockets((socket, number) => answering(...(number < 3 ? [again] : [HEAD, frame(MESSAGE), OK]))(socket));
  const events: string[] = [];
  const call = (await over(t, sockets, { serviceConfig: retrying() })).clientStreaming(METHOD, [message(1), message(2)], {
    onEvent: (event) => {
      if (event.type === "attemptHead") events.push(`head ${event.httpStatus}`);
      if (event.type === "backoff") events.push(`backoff ${event.delayMs}`);
      if (event.type === "buffer") events.push(`buffer ${event.callBytes}`);
    },
  });
  await clock.advance(39);
  assert.equal(sockets.all.length, 1);
  await clock.advance(41);
  const { attempts, header } = await call;
  assert.deepEqual(
    attempts.map(({ code, httpStatus }) => [code, httpStatus]),
    [
      [Code.UNAVAILABLE, 101],
      [Code.UNAVAILABLE, 101],
      [Code.OK, 101],
    ],
  );
  assert.equal(header.get("grpc-previous-rpc-attempts"), "2");
  assert.deepEqual(
    sockets.all.map(({ header }) => header["grpc-previous-rpc-attempts"]),
    [undefined, "1", "2"],
  );
  for (const socket of sockets.all) assert.deepEqual(socket.request, concat(frame(message(1)), frame(message(2))));
  assert.deepEqual(events, ["head 101", "buffer 6", "buffer 12", "backoff 40", "head 101", "backoff 40", "head 101", "buffer 0"]);
  assert.equal(clock.timers.size, 0);
});

test("52 a failure behind the head is final", async (t) => {
  const sockets = new Sockets(answering(HEAD, frame(MESSAGE), BUSY));
  const stream = (await over(t, sockets, { serviceConfig: retrying() })).bidiStreaming(METHOD, [MESSAGE]);
  const error = await refused(collect(stream));
  assert.deepEqual([error.code, error.message, error.commitReason], [Code.UNAVAILABLE, "busy", "responseHeaders"]);
  assert.equal(sockets.all.length, 1);
});

test("79 89 hedged streams: the winner goes on, the others' sockets are closed", async (t) => {
  const sockets = new Sockets((socket) => socket.open());
  const source = new Source(message(1));
  const stream = (await over(t, sockets, { serviceConfig: hedging() })).bidiStreaming(METHOD, source);
  const answers = stream[Symbol.asyncIterator]();
  await sockets.socket(3);
  await settle();
  for (const socket of sockets.all) assert.deepEqual(socket.request, frame(message(1)));
  sockets.all[1]?.answer(HEAD, frame(MESSAGE));
  await answers.next();
  assert.deepEqual(
    sockets.all.map(({ readyState }) => readyState),
    [2, 1, 2],
  );
  source.send(message(2));
  await settle();
  source.end();
  await settle();
  assert.deepEqual(
    sockets.all.map(({ request, ended }) => [request.length, ended]),
    [
      [11, false],
      [12, true],
      [11, false],
    ],
  );
  sockets.all[0]?.give("late").shut(1006);
  sockets.all[1]?.answer(OK).shut();
  assert.equal((await answers.next()).done, true);
});

test("58 what does not fit the buffer commits the call to its socket, and still arrives whole", async (t) => {
  const sockets = new Sockets(answering(BUSY));
  const channel = await over(t, sockets, { serviceConfig: retrying(), maxRetryBufferPerCallSize: 100 });
  const events: number[] = [];
  const error = await refused(
    channel.clientStreaming(METHOD, [message(1, 50), message(2, 50), message(3, 50)], {
      onEvent: (event) => {
        if (event.type === "buffer") events.push(event.callBytes);
      },
    }),
  );
  assert.deepEqual([error.message, error.commitReason], ["busy", "bufferExceeded"]);
  assert.deepEqual(events, [55, 55, 0]);
  assert.equal(sockets.all[0]?.request.length, 165);
});

test("a message over its limit ends the call and closes the socket", async (t) => {
  const sockets = new Sockets((socket) =>
    socket
      .open()
      .answer(HEAD)
      .give(Uint8Array.of(0, 0, 0, 0, 11)),
  );
  const channel = await over(t, sockets, { maxReceiveMessageBytes: 10 });
  assert.equal((await refused(channel.clientStreaming(METHOD, new Source(MESSAGE)))).code, Code.RESOURCE_EXHAUSTED);
  assert.equal(sockets.all[0]?.readyState, 2);
});

test("over a socket format text sends bytes", async (t) => {
  const sockets = new Sockets(answering(HEAD, frame(MESSAGE), OK));
  await (await over(t, sockets, { format: "text" })).clientStreaming(METHOD, [MESSAGE]);
  const [socket] = sockets.all as [FakeSocket];
  assert.equal(socket.header["content-type"], "application/grpc-web");
  assert.deepEqual(socket.request, frame(MESSAGE));
});

test("only streams of requests open sockets", async (t) => {
  const sockets = new Sockets(answering(HEAD, frame(MESSAGE), OK));
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE));
  const channel = await over(t, sockets, { fetch: fake.fetch });
  await channel.unary(METHOD, MESSAGE);
  await collect(channel.serverStreaming(METHOD, MESSAGE));
  assert.deepEqual([sockets.all.length, fake.exchanges.length], [0, 2]);
  await channel.clientStreaming(METHOD, [MESSAGE]);
  await collect(channel.bidiStreaming(METHOD, [MESSAGE]));
  assert.deepEqual([sockets.all.length, fake.exchanges.length], [2, 2]);
});

test("webSocket: true takes the global class, and is refused where there is none", async (t) => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  t.after(() => {
    Reflect.deleteProperty(globalThis, "WebSocket");
    if (own) Object.defineProperty(globalThis, "WebSocket", own);
  });
  const sockets = new Sockets(answering(HEAD, frame(MESSAGE), OK));
  Object.defineProperty(globalThis, "WebSocket", { configurable: true, value: sockets.WebSocket });
  await (await over(t, new Sockets(), { webSocket: true })).clientStreaming(METHOD, [MESSAGE]);
  assert.equal(sockets.all.length, 1);
  Reflect.deleteProperty(globalThis, "WebSocket");
  for (const webSocket of [true, "ws" as unknown as boolean]) {
    const error = await over(t, sockets, { webSocket }).catch((error: unknown) => error);
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(
      error.problems.map(({ path }) => path),
      ["webSocket"],
    );
  }
});
