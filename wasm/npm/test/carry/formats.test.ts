// Compression and text mode against the real server: every kind of call, what the server saw, and what it sent.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { type ChannelOptions, Code } from "hedgerow";
import { type Reply, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { collect, retrying } from "../support/calls.js";
import { LONG, noise, Watched } from "../support/gzip.js";
import { concat } from "../support/responses.js";
import { COLLECT, CONVERSE, connect, DO, reply, Script, STREAM, type StepInit, status } from "../support/server.js";

const options: [string, Partial<ChannelOptions>][] = [
  ["gzip", { sendCompression: "gzip", acceptCompression: ["gzip"] }],
  ["text", { format: "text" }],
  ["text and gzip", { format: "text", sendCompression: "gzip", acceptCompression: ["gzip"] }],
];

function request(payload: Uint8Array): Uint8Array {
  return toBinary(RequestSchema, create(RequestSchema, { payload }));
}

/** The names of those request headers, as the server saw them, that depend on the options. */
function formatHeaders({ requestHeader }: Reply): Record<string, string> {
  const names = ["accept", "content-type", "grpc-accept-encoding", "grpc-encoding"];
  return Object.fromEntries(requestHeader.filter(({ name }) => names.includes(name)).map(({ name, value }) => [name, value]));
}

const expected: Record<string, Record<string, string>> = {
  gzip: { accept: "*/*", "content-type": "application/grpc-web", "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" },
  text: { accept: "application/grpc-web-text", "content-type": "application/grpc-web-text" },
  "text and gzip": {
    accept: "application/grpc-web-text",
    "content-type": "application/grpc-web-text",
    "grpc-encoding": "gzip",
    "grpc-accept-encoding": "gzip",
  },
};

for (const [name, how] of options) {
  const gzip = how.sendCompression === "gzip";

  test(`${name}: all four kinds of calls, with messages of all kinds, and the headers that the server sees`, async (t) => {
    const inflated = new Watched(t, "DecompressionStream");
    const deflated = new Watched(t, "CompressionStream");
    const channel = await connect(t, how);
    const payloads = [LONG, noise(3000), new Uint8Array(), noise(70_000), LONG];
    for (const payload of payloads) {
      const answer = reply((await channel.unary(DO, new Script([], payload).bytes)).message);
      assert.deepEqual(answer.payload, payload);
      assert.deepEqual(formatHeaders(answer), expected[name]);
    }
    const script = new Script([{ messages: 4 }], LONG);
    const streamed = await collect(channel.serverStreaming(STREAM, script.bytes));
    assert.deepEqual(
      streamed.map((one) => reply(one).payload),
      [LONG, LONG, LONG, LONG],
    );
    const [first = new Uint8Array(), ...rest] = payloads;
    const messages = [new Script([], first).bytes, ...rest.map(request)];
    const { message } = await channel.clientStreaming(COLLECT, messages);
    assert.deepEqual(reply(message).payload, concat(...payloads));
    messages[0] = new Script([], first).bytes;
    const conversed = await collect(channel.bidiStreaming(CONVERSE, messages));
    assert.deepEqual(
      conversed.map((one) => reply(one).payload),
      payloads,
    );
    assert.equal(inflated.made > 10, gzip);
    assert.equal(deflated.made, gzip ? 16 : 0);
  });

  test(`${name}: a retry sends the same again, and a failure's message and trailers are read`, async (t) => {
    const channel = await connect(t, { ...how, serviceConfig: retrying() });
    const script = new Script([status(Code.UNAVAILABLE), status(Code.UNAVAILABLE), {}], LONG);
    const { message, attempts } = await channel.unary(DO, script.bytes);
    assert.equal(attempts.length, 3);
    assert.deepEqual(reply(message).payload, LONG);
    const step: StepInit = { messages: 1, ...status(Code.ABORTED, "näh"), trailer: [{ name: "x-tail", value: "yes" }] };
    const stream = channel.serverStreaming(STREAM, new Script([step], LONG).bytes);
    await assert.rejects(collect(stream), { code: Code.ABORTED, message: "näh" });
    await assert.rejects(
      stream.trailer,
      (error: { trailer: { get(name: string): string } }) => error.trailer.get("x-tail") === "yes",
    );
  });

  test(`${name}: messages of several MiB, both ways`, async (t) => {
    const channel = await connect(t, how);
    const payload = noise(3 << 20);
    const { message } = await channel.unary(DO, new Script([], payload).bytes);
    assert.ok(Buffer.from(reply(message).payload).equals(payload));
    const stream = await collect(channel.serverStreaming(STREAM, new Script([{ messages: 3, messageSize: 3_000_000 }]).bytes));
    assert.deepEqual(
      stream.map((one) => reply(one).payload.length),
      [3_000_000, 3_000_000, 3_000_000],
    );
  });

  test(`${name}: an abort amid a stream reaches the server`, async (t) => {
    const channel = await connect(t, how);
    const script = new Script([{ messages: 1, end: { case: "hang", value: {} } }], LONG);
    for await (const one of channel.serverStreaming(STREAM, script.bytes)) {
      assert.deepEqual(reply(one).payload, LONG);
      break;
    }
    await script.report(t, 1, 1);
  });
}

test("a server that compresses though nobody asked for it is read, and may be held to a limit of what is inflated", async (t) => {
  const inflated = new Watched(t, "DecompressionStream");
  const channel = await connect(t);
  const step: StepInit = { encoding: "gzip", messages: 3, messageSize: 2_000_000 };
  const messages = await collect(channel.serverStreaming(STREAM, new Script([step]).bytes));
  assert.deepEqual(
    messages.map((one) => reply(one).payload.length),
    [2_000_000, 2_000_000, 2_000_000],
  );
  assert.equal(inflated.made, 3);
  const large: StepInit = { encoding: "gzip", messageSize: 16 << 20 };
  const call = channel.unary(DO, new Script([large]).bytes);
  await assert.rejects(call, { code: Code.RESOURCE_EXHAUSTED, message: /inflated, is larger than the limit of 4194304 bytes/ });
});

/** Unary calls use fetch, whether or not this Node has a WebSocket. */
async function payloadOf(t: TestContext, how: Partial<ChannelOptions>): Promise<number> {
  const channel = await connect(t, how);
  return reply((await channel.unary(DO, new Script([], LONG).bytes)).message).payload.length;
}

test("compression one way alone: each is asked for by itself", async (t) => {
  const deflated = new Watched(t, "CompressionStream");
  const inflated = new Watched(t, "DecompressionStream");
  assert.equal(await payloadOf(t, { acceptCompression: ["gzip"] }), LONG.length);
  assert.equal(deflated.made, 0);
  assert.equal(await payloadOf(t, { sendCompression: "gzip" }), LONG.length);
  assert.equal(deflated.made, 1);
  assert.ok(inflated.made <= 2, "grpc-go answers in kind");
});
