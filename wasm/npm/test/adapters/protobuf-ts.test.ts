// hedgerow/protobuf-ts: the client that protobuf-ts generates for the Chaos service, over a channel, against the real server.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { stackIntercept } from "@protobuf-ts/runtime-rpc";
import { type CallEvent, type ChannelOptions, Code, createChannel } from "hedgerow";
import { type ChannelRpcOptions, createRpcTransport } from "hedgerow/protobuf-ts";
import { ChaosClient } from "../gen/protobuf-ts/chaos/v1/chaos.client.js";
import { Chaos, type Reply, Request } from "../gen/protobuf-ts/chaos/v1/chaos.js";
import { hedging, open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";
import { connect, hang, Script, SERVER, type StepInit, status } from "../support/server.js";

const unavailable: StepInit = { messages: 0, ...status(Code.UNAVAILABLE, "not yet") };
const fields: StepInit = {
  header: [
    { name: "x-text", value: "one" },
    { name: "x-raw-bin", binary: Uint8Array.of(0, 1, 254, 255) },
  ],
  trailer: [
    { name: "y-text", value: "two" },
    { name: "y-text", value: "three" },
    { name: "y-raw-bin", binary: Uint8Array.of(7) },
  ],
};
const empty = Request.create();

async function clientOf(t: TestContext, options: Partial<ChannelOptions> = {}, defaults?: ChannelRpcOptions) {
  return new ChaosClient(createRpcTransport(await connect(t, options), defaults));
}

function request(script: Script): Request {
  return Request.fromBinary(script.bytes);
}

const place = ({ attempt, index }: Reply) => `${attempt}.${index}`;

async function all(stream: AsyncIterable<Reply>): Promise<string[]> {
  const replies: string[] = [];
  for await (const reply of stream) replies.push(place(reply));
  return replies;
}

test("a unary call is retried by the channel, and tells header, status and trailer", async (t) => {
  const script = new Script([unavailable, unavailable, { ...fields, ...status(0) }]);
  const client = await clientOf(t, { serviceConfig: retrying() });
  const call = client.do(request(script), { meta: { "x-mine": "1" } });
  assert.deepEqual(call.requestHeaders, { "x-mine": "1" });
  const { response, headers, trailers, status: end, method } = await call;
  assert.deepEqual([response.attempt, method.name], [3, "Do"]);
  assert.equal((await script.report(t, 3, 3)).started, 3);
  assert.deepEqual([headers["x-text"], headers["x-raw-bin"]], ["one", "AAH+/w"]);
  assert.equal(headers["grpc-previous-rpc-attempts"], "2");
  assert.deepEqual([trailers["y-text"], trailers["y-raw-bin"]], [["two", "three"], "Bw"]);
  assert.deepEqual(end, { code: "OK", detail: "OK" });
});

test("a unary call is hedged, and the losers are canceled at the server", async (t) => {
  const script = new Script([hang, hang, status(0)]);
  const client = await clientOf(t, { serviceConfig: hedging() });
  assert.equal((await client.do(request(script)).response).attempt, 3);
  assert.equal((await script.report(t, 3, 3)).executions.length, 3);
});

test("a server stream is retried until its first message, read by a loop or by callbacks", async (t) => {
  const client = await clientOf(t, { serviceConfig: retrying() });
  for (const by of ["loop", "callbacks"]) {
    const script: Script = new Script([unavailable, { ...fields, messages: 3, ...status(0) }]);
    const call = client.stream(request(script));
    const replies: string[] = [];
    if (by === "loop") replies.push(...(await all(call.responses)));
    else {
      const ends: string[] = [];
      call.responses.onMessage((reply) => replies.push(place(reply)));
      call.responses.onComplete(() => ends.push("complete"));
      await call;
      assert.deepEqual(ends, ["complete"]);
    }
    assert.deepEqual(replies, ["2.1", "2.2", "2.3"], by);
    assert.equal((await call.headers)["x-text"], "one");
    assert.equal((await call.trailers)["y-raw-bin"], "Bw");
    assert.equal((await script.report(t, 2, 2)).started, 2);
  }
});

test("a stream's end can be waited for by who reads none of its messages", async (t) => {
  const client = await clientOf(t);
  const call = client.stream(request(new Script([{ messages: 50, messageSize: 10_000, ...status(0) }])));
  assert.equal((await call.status).code, "OK");
});

test("a client stream is replayed to the next attempt, and answered once it is complete", async (t) => {
  const client = await clientOf(t, { serviceConfig: retrying() });
  const script = new Script([
    { messages: 2, ...status(Code.UNAVAILABLE) },
    { ...fields, ...status(0) },
  ]);
  const call = client.collect();
  await call.requests.send(request(script));
  await call.requests.send({ ...empty, payload: Uint8Array.of(1) });
  await call.requests.send({ ...empty, payload: Uint8Array.of(2) });
  await call.requests.complete();
  const { response, headers, trailers } = await call;
  assert.deepEqual([response.attempt, response.received, response.payload], [2, 3, Uint8Array.of(1, 2)]);
  assert.deepEqual([headers["x-text"], trailers["y-raw-bin"]], ["one", "Bw"]);
  assert.equal((await script.report(t, 2, 2)).started, 2);
});

test("a duplex call is full duplex, and is retried until its first answer", async (t) => {
  const client = await clientOf(t, { serviceConfig: retrying() });
  const script = new Script([unavailable, { ...fields, ...status(0) }]);
  const call = client.converse();
  await call.requests.send(request(script));
  const received: number[] = [];
  for await (const reply of call.responses) {
    assert.equal(reply.attempt, 2);
    if (received.push(reply.received) < 3) await call.requests.send(empty);
    else await call.requests.complete();
  }
  assert.deepEqual(received, [1, 2, 3]);
  assert.equal((await call.headers)["x-text"], "one");
  assert.equal((await call.status).code, "OK");
  assert.equal((await script.report(t, 2, 2)).started, 2);
});

test("the stub's interceptors run once a call, and can change its options", async (t) => {
  const seen: string[] = [];
  const client = await clientOf(t, { serviceConfig: retrying() });
  const { response } = await client.do(request(new Script([unavailable, status(0)])), {
    interceptors: [
      {
        interceptUnary(next, method, input, options) {
          seen.push(`${method.service.typeName}/${method.name}`);
          return next(method, input, { ...options, meta: { ...options.meta, "x-added": "2" } });
        },
      },
    ],
  });
  assert.deepEqual(seen, ["hedgerow.chaos.v1.Chaos/Do"]);
  assert.equal(response.requestHeader.find(({ name }) => name === "x-added")?.value, "2");
});

test("a transport's defaults are merged into each call's options, those of a channel among them", async (t) => {
  const events: CallEvent["type"][] = [];
  const defaults: ChannelRpcOptions = {
    meta: { "x-default": "1", "x-both": "1" },
    maxReceiveMessageBytes: 10,
    onEvent: ({ type }) => events.push(type),
  };
  const fake = new FakeFetch(ok(new Uint8Array()), ok(new Uint8Array(11)));
  const transport = createRpcTransport(await open(t, fake), defaults);
  const client = new ChaosClient(transport);
  await client.do(empty, { meta: { "x-both": "2", "x-raw-bin": ["Ag==", "Aw"] } });
  const { headers } = await fake.request(1);
  assert.deepEqual(
    headers.filter(([name]) => name.startsWith("x-") && name !== "x-grpc-web" && name !== "x-user-agent"),
    [
      ["x-default", "1"],
      ["x-both", "2"],
      ["x-raw-bin", "Ag"],
      ["x-raw-bin", "Aw"],
    ],
  );
  await assert.rejects(client.do(empty).response, { code: "RESOURCE_EXHAUSTED" });
  assert.ok(events.includes("callEnded"));
  assert.equal(transport.mergeOptions(), transport.mergeOptions(undefined));
  const [method] = Chaos.methods;
  assert.ok(method);
  await assert.rejects(stackIntercept("unary", transport, method, transport.mergeOptions({ timeout: 0 }), empty).response, {
    code: "DEADLINE_EXCEEDED",
  });
});

test("a promise of a channel is waited for", async (t) => {
  const promise = createChannel({ baseUrl: SERVER });
  t.after(async () => (await promise).close());
  const client = new ChaosClient(createRpcTransport(promise));
  assert.equal((await client.do(empty).response).attempt, 1);
  const call = client.converse();
  await call.requests.send(empty);
  await call.requests.complete();
  assert.deepEqual(await all(call.responses), ["1.1"]);
});

test("a call that refreshes the credentials takes no part in the refresh", async (t) => {
  const refreshing = new Script([status(0)]);
  const client: ChaosClient = await clientOf(t, {
    credentialsRefresh: {
      refresh: async () => {
        await client.do(request(refreshing), { credentialsRefresh: false } as ChannelRpcOptions);
      },
    },
  });
  const { response } = await client.do(request(new Script([status(Code.UNAUTHENTICATED), status(0)])));
  assert.equal(response.attempt, 2);
  assert.equal((await refreshing.report(t, 1, 1)).started, 1);
});
