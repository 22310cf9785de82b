import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Relay } from "./relay.js";

/** A connection through a relay, with both its ends. */
async function connected(t: TestContext): Promise<{ relay: Relay; near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay = await Relay.start((server.address() as AddressInfo).port, () => 0);
  const accepted = once(server, "connection");
  const near = connect({ port: relay.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(near, "connect");
  const [far]: Socket[] = await accepted;
  assert.ok(far);
  t.after(() => {
    relay.close();
    server.close();
    for (const socket of [near, far]) socket.destroy();
  });
  near.on("error", () => {});
  return { relay, near, far };
}

async function text(socket: Socket, length: number): Promise<string> {
  let got = "";
  socket.setEncoding("utf8");
  while (got.length < length) got += (await once(socket, "data"))[0];
  return got;
}

test("bytes pass in both directions, in order, also while they are slow", async (t) => {
  const { relay, near, far } = await connected(t);
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    let n = 0;
    relay.random = () => (n++ % 2 ? 0 : 1); // Every other piece is slow.
    relay.weather = { latency: [0, 20], closing: 0 };
    let sent = "";
    const got = text(to, 20 * 7);
    for (let i = 0; i < 20; i++) {
      const piece = `piece${String(i).padStart(2, "0")}`;
      sent += piece;
      from.write(piece);
      await new Promise((resolve) => setImmediate(resolve)); // The pieces are to arrive one by one.
    }
    assert.equal(await got, sent);
  }
});

test("the end of one side is passed on as such, and the other may go on", async (t) => {
  const { relay, near, far } = await connected(t);
  near.end("question");
  assert.equal(await text(far, 8), "question");
  far.resume();
  await once(far, "end");
  far.end("answer");
  assert.equal(await text(near, 6), "answer");
  near.resume();
  await once(near, "close");
  assert.ok(relay.connections <= 1);
});

test("a reset is told to both sides, as such", async (t) => {
  const { relay, near, far } = await connected(t);
  const errors = [near, far].map(async (socket) => (await once(socket, "error"))[0].code);
  relay.reset(1);
  assert.deepEqual(await Promise.all(errors), ["ECONNRESET", "ECONNRESET"]);
});

test("a side that breaks off breaks off the other", async (t) => {
  const { near, far } = await connected(t);
  const error = once(near, "error");
  far.resetAndDestroy();
  assert.equal((await error)[0].code, "ECONNRESET");
});

test("a silent connection passes nothing, and no end hears of the other's, until it is reset", async (t) => {
  const { relay, near, far } = await connected(t);
  const reset = relay.silence(1);
  const heard: string[] = [];
  far.on("data", () => heard.push("data")).on("end", () => heard.push("end"));
  near.write("lost");
  near.end();
  // A second connection goes through, and after it nothing of the first can be on its way any more.
  const other = connect(relay.port, "127.0.0.1");
  await once(other, "connect");
  t.after(() => other.destroy());
  other.on("error", () => {});
  assert.deepEqual(heard, []);
  const error = once(far, "error");
  reset();
  assert.equal((await error)[0].code, "ECONNRESET");
  assert.deepEqual(heard, []);
});

test("a slow close is heard of after what came before", async (t) => {
  const { relay, near, far } = await connected(t);
  relay.weather = { latency: [0, 0], closing: 50 };
  const events: string[] = [];
  far.setEncoding("utf8").on("data", (data) => events.push(String(data)));
  const ended = once(far, "end");
  const begun = performance.now();
  near.end("last");
  await ended;
  assert.deepEqual(events, ["last"]);
  assert.ok(performance.now() - begun >= 49, "the close was not slow");
});
