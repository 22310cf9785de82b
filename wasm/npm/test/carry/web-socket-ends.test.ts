// How WebSockets end: with every close code, by the caller, because the page is left, or before they open. The test is the server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "hedgerow";
import { collect, MESSAGE, METHOD, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakePage } from "../support/page.js";
import { concat, frame, OK } from "../support/responses.js";
import { answering, FakeSocket, HEAD, over, Sockets } from "../support/sockets.js";
import { message, Source } from "../support/streaming.js";

const codes: Record<number, Code> = {
  1000: Code.UNKNOWN,
  1001: Code.UNAVAILABLE,
  1002: Code.INTERNAL,
  1005: Code.UNKNOWN,
  1006: Code.UNAVAILABLE,
  1008: Code.PERMISSION_DENIED,
  1009: Code.RESOURCE_EXHAUSTED,
  1011: Code.INTERNAL,
  1013: Code.UNAVAILABLE,
  4000: Code.UNKNOWN,
};
for (const [code, wanted] of Object.entries(codes)) {
  test(`a socket that is closed with ${code} before its time`, async (t) => {
    for (const frames of [[], [HEAD], [HEAD, frame(MESSAGE)]]) {
      const sockets = new Sockets((socket) =>
        socket
          .open()
          .answer(...frames)
          .shut(Number(code), "why"),
      );
      const error = await refused(collect((await over(t, sockets)).bidiStreaming(METHOD, new Source(MESSAGE))));
      assert.equal(error.code, wanted, error.message);
      if (code !== "1000" && code !== "1005") assert.match(error.message, /WebSocket.*: "why"$/);
    }
    const sockets = new Sockets((socket) => socket.open().answer(HEAD, frame(MESSAGE), OK).shut(Number(code)));
    assert.equal(
      (await collect((await over(t, sockets)).bidiStreaming(METHOD, new Source(MESSAGE)))).length,
      1,
      "a status stands",
    );
    const broken = new Sockets((socket) => socket.open().answer(HEAD).give(frame(MESSAGE).subarray(0, 6)).shut(Number(code)));
    const error = await refused(collect((await over(t, broken)).bidiStreaming(METHOD, new Source(MESSAGE))));
    assert.equal(error.code, code === "1000" || code === "1005" ? Code.UNAVAILABLE : wanted, "inside a frame");
  });
}

test("98 a socket that does not open is UNAVAILABLE, says where to look, and is retried", async (t) => {
  const sockets = new Sockets((socket, number) => (number < 3 ? socket.shut(1006) : answering(HEAD, frame(MESSAGE), OK)(socket)));
  const channel = await over(t, sockets, { serviceConfig: retrying() });
  const { attempts } = await channel.clientStreaming(METHOD, [message(1)]);
  assert.equal(attempts.length, 3);
  assert.deepEqual(attempts[0]?.httpStatus, undefined);
  const error = await refused((await over(t, new Sockets((socket) => socket.shut(1006)))).clientStreaming(METHOD, []));
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.match(
    error.message,
    /no WebSocket could be opened for https:.* with code 1006\. .*WithWebsockets\(true\).*WithWebsocketOriginFunc/,
  );
});

test("98 so is one of which only an error is told: Chromium does so where a policy forbids it", async (t) => {
  const sockets = new Sockets((socket, number) => {
    if (number > 1) return answering(HEAD, frame(MESSAGE), OK)(socket);
    socket.onerror?.({});
    return socket.shut(1006); // The end must be reported only once.
  });
  const { attempts } = await (await over(t, sockets, { serviceConfig: retrying() })).clientStreaming(METHOD, [message(1)]);
  assert.deepEqual(
    attempts.map(({ code }) => code),
    [Code.UNAVAILABLE, Code.OK],
  );
  assert.match(attempts[0]?.statusMessage ?? "", /no WebSocket could be opened for .*the socket failed before it opened/);
  const late = new Sockets((socket) => {
    socket.open().onerror?.({});
    socket.shut(1009);
  });
  const error = await refused((await over(t, late)).clientStreaming(METHOD, new Source(message(1))));
  assert.equal(error.code, Code.RESOURCE_EXHAUSTED, "an open one says with its close how it ended");
});

test("98 one that is lost before its head is retried too", async (t) => {
  const sockets = new Sockets((socket, number) =>
    number < 2 ? socket.open().shut(1006) : answering(HEAD, frame(MESSAGE), OK)(socket),
  );
  const { attempts } = await (await over(t, sockets, { serviceConfig: retrying() })).clientStreaming(METHOD, [message(1)]);
  assert.deepEqual(
    attempts.map(({ code }) => code),
    [Code.UNAVAILABLE, Code.OK],
  );
});

test("what the class throws is INTERNAL, and not retried", async (t) => {
  const fault = new DOMException("An insecure WebSocket connection may not be initiated", "SecurityError");
  class Refusing {
    constructor() {
      throw fault;
    }
  }
  const webSocket = Refusing as unknown as typeof WebSocket;
  const channel = await over(t, new Sockets(), { webSocket, serviceConfig: retrying() });
  const source = new Source(MESSAGE);
  const error = await refused(channel.clientStreaming(METHOD, source));
  assert.deepEqual([error.code, error.cause, error.attempts.length], [Code.INTERNAL, fault, 1]);
  assert.equal(source.asked, 0);
});

test("a server that talks something else over the socket is INTERNAL", async (t) => {
  const strange: unknown[] = ["welcome", "", new Blob(["welcome"]), new TextEncoder().encode('{"hello":"you"}'), frame(MESSAGE)];
  for (const data of strange) {
    const sockets = new Sockets((socket) => socket.open().give(data));
    const error = await refused(
      (await over(t, sockets, { serviceConfig: retrying() })).clientStreaming(METHOD, new Source(MESSAGE)),
    );
    assert.equal(error.code, Code.INTERNAL, error.message);
    assert.equal(sockets.all.length, 1);
    assert.equal(sockets.all[0]?.readyState, FakeSocket.prototype.CLOSING ?? 2);
  }
});

const bytes = (...values: number[]) => Uint8Array.from(values);
/** The prefix of a message of one byte, without that byte. */
const BROKEN_OFF = bytes(0, 0, 0, 0, 1);

const stages: Record<string, (socket: FakeSocket) => unknown> = {
  "while it opens": () => {},
  "before the head": (socket) => socket.open(),
  "behind the head": (socket) => socket.open().answer(HEAD, frame(MESSAGE)),
};
for (const [stage, serve] of Object.entries(stages)) {
  test(`99 cancel, an abort, a deadline and a close of the channel, each closes the socket ${stage}`, async (t) => {
    const clock = new Clock(t);
    for (const how of ["cancel", "abort", "deadline", "close"] as const) {
      const sockets = new Sockets(serve);
      const source = new Source(MESSAGE);
      const controller = new AbortController();
      const channel = await over(t, sockets, { serviceConfig: retrying() });
      const { signal } = controller;
      const stream = channel.bidiStreaming(METHOD, source, { signal, ...(how === "deadline" ? { timeoutMs: 50 } : {}) });
      const ended = refused(collect(stream));
      await settle();
      const [socket] = sockets.all as [FakeSocket];
      assert.ok(socket.readyState < 2);
      if (how === "cancel") stream.cancel();
      if (how === "abort") controller.abort();
      if (how === "close") channel.close();
      await clock.advance(50);
      assert.equal((await ended).code, how === "deadline" ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
      assert.equal(socket.readyState, 2, how);
      await settle();
      assert.ok(source.returned, how);
      const begun = stage !== "while it opens";
      assert.deepEqual(
        socket.request,
        begun ? concat(frame(MESSAGE), BROKEN_OFF) : bytes(),
        "a request that was given up breaks off",
      );
      assert.ok(!socket.ended);
      socket.shut(1006);
      assert.deepEqual([sockets.all.length, clock.timers.size], [1, 0]);
    }
  });
}

test("a request that was ended does not break off, whatever ends its call", async (t) => {
  const sockets = new Sockets((socket) => socket.open());
  const call = (await over(t, sockets)).bidiStreaming(METHOD, [MESSAGE]);
  const socket = await (await sockets.socket(1)).until(({ ended }) => ended);
  call.cancel();
  await refused(collect(call));
  assert.deepEqual([socket.readyState, socket.ended], [2, true]);
});

test("99 break closes the socket", async (t) => {
  const sockets = new Sockets((socket) => socket.open().answer(HEAD, frame(MESSAGE)));
  for await (const _ of (await over(t, sockets)).bidiStreaming(METHOD, new Source(MESSAGE))) break;
  assert.equal(sockets.all[0]?.readyState, 2);
});

test("messages are asked for as fast as the socket sends them, and no longer once it is closed", async (t) => {
  const clock = new Clock(t);
  const sockets = new Sockets((socket) => {
    socket.open().answer(HEAD);
    socket.bufferedAmount = 300_000;
  });
  const source = new Source(message(1), message(2), message(3));
  const stream = (await over(t, sockets)).bidiStreaming(METHOD, source);
  await clock.advance(1000);
  const [socket] = sockets.all as [FakeSocket];
  assert.deepEqual([source.asked, socket.sent.length], [2, 2]);
  socket.bufferedAmount = 200_000;
  await clock.advance(10);
  assert.deepEqual([source.asked, socket.sent.length], [4, 4]);
  socket.bufferedAmount = 300_000;
  source.send(message(4));
  await clock.advance(1000);
  assert.equal(clock.timers.size, 1);
  socket.shut(1001); // Nobody has read the message yet.
  await clock.advance(10);
  assert.equal(clock.timers.size, 0);
  assert.equal((await refused(collect(stream))).code, Code.UNAVAILABLE);
});

test("a socket that is given up leaves no timer behind", async (t) => {
  const clock = new Clock(t);
  const sockets = new Sockets((socket) => {
    socket.open();
    socket.bufferedAmount = 300_000;
  });
  const stream = (await over(t, sockets)).bidiStreaming(METHOD, new Source(message(1), message(2)));
  await clock.advance(100);
  stream.cancel();
  assert.equal((await refused(collect(stream))).code, Code.CANCELLED);
  await clock.advance(10);
  assert.equal(clock.timers.size, 0);
});

test("a page that was left: what it did to the socket is no failure of the server's", async (t) => {
  const page = new FakePage(t);
  for (const frames of [undefined, [], [HEAD, frame(MESSAGE)]]) {
    const sockets = new Sockets((socket) => {
      if (frames) socket.open().answer(...frames);
    });
    const stream = (await over(t, sockets, { serviceConfig: retrying() })).bidiStreaming(METHOD, new Source(MESSAGE));
    const ended = refused(collect(stream));
    await settle();
    page.hide();
    page.show();
    sockets.all[0]?.shut(1006);
    const error = await ended;
    assert.deepEqual([error.code, error.commitReason], [Code.CANCELLED, frames?.length ? "responseHeaders" : "drop"]);
    assert.equal(sockets.all.length, 1);
  }
});

test("waitForReady: no socket is opened before there is a network", async (t) => {
  const page = new FakePage(t, false);
  const sockets = new Sockets(answering(HEAD, frame(MESSAGE), OK));
  const channel = await over(t, sockets);
  const call = channel.clientStreaming(METHOD, [message(1)], { waitForReady: true });
  await settle();
  assert.equal(sockets.all.length, 0);
  page.online();
  await call;
  assert.equal(sockets.all.length, 1);
});
