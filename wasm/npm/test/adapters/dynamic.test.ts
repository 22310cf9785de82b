// hedgerow/dynamic: what a server tells of itself, and calls of its methods in JSON.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, file_google_protobuf_any } from "@bufbuild/protobuf/wkt";
import { Code, createChannel } from "hedgerow";
import { type DynamicClient, fromFileDescriptorSet, fromRegistry, type JsonValue, reflect } from "hedgerow/dynamic";
import { createTestServer, fail, reply, type TestServer } from "hedgerow/testing";
import { file_chaos_v1_chaos as chaos } from "../gen/chaos/v1/chaos_pb.js";
import { retrying } from "../support/calls.js";
import { connect } from "../support/server.js";

const V1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const V1_ALPHA = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

test("the server tells its services, and all kinds of methods are called", async (t) => {
  const client = await reflect(connect(t));
  assert.deepEqual(client.services, [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "hedgerow.chaos.v1.Chaos",
    "helloworld.Greeter",
  ]);
  const ada = { name: "Ada" };
  const { message, attempts, commitReason } = await client.unary("helloworld.Greeter/SayHello", ada);
  assert.deepEqual([message, attempts.length, commitReason], [{ message: "Hello Ada" }, 1, "responseHeaders"]);
  const greetings = await client.unary("/helloworld.Greeter/LotsOfGreetings", [ada, { name: "Grace" }]);
  assert.deepEqual(greetings.message, { message: "Hello Ada, Grace" });
  assert.deepEqual(
    await collect(client, "helloworld.Greeter.LotsOfReplies", ada),
    [1, 2, 3, 4, 5].map((n) => ({ message: `Hello Ada, ${n} of 5` })),
  );
  assert.deepEqual(await collect(client, "helloworld.Greeter/BidiHello", [ada, ada]), [
    { message: "Hello Ada" },
    { message: "Hello Ada" },
  ]);
  assert.deepEqual(await collect(client, "helloworld.Greeter/LotsOfGreetings", [ada]), [{ message: "Hello Ada" }]);
});

test("retries are the channel's, and an Any is read by the registry", async (t) => {
  const client = await reflect(connect(t, { serviceConfig: retrying() }));
  const detail = { "@type": "type.googleapis.com/helloworld.HelloReply", message: "in an Any" };
  const steps = [{ status: { code: Code.UNAVAILABLE, details: [detail] } }, {}];
  const { attempts } = await client.unary("hedgerow.chaos.v1.Chaos/Do", { callId: crypto.randomUUID(), steps });
  assert.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ["failed", "committed"],
  );
});

test("mistakes are told before anything is sent", async (t) => {
  const { client, server } = await described(t);
  for (const [method, text] of [
    ["Do", /"Do" is not the name of a method: write it as "package.Service\/Method"/],
    ["hedgerow.chaos.v1.Order/Do", /there is no service hedgerow.chaos.v1.Order; the services are hedgerow.chaos.v1.Chaos/],
    ["hedgerow.chaos.v1.Chaos/Undo", /has no method Undo; it has Do, Stream, Collect, Converse, Report/],
    ["hedgerow.chaos.v1.Chaos/Stream", /is answered with a stream: use stream\(\)/],
    ["hedgerow.chaos.v1.Chaos/Do", /nothing/],
  ] as const)
    await assert.rejects(client.unary(method, { nothing: 1 }), text);
  await assert.rejects(client.unary("hedgerow.chaos.v1.Chaos/Collect", [{}, { nothing: 1 }]), /nothing/);
  await assert.rejects(collect(client, "hedgerow.chaos.v1.Chaos/Converse", { nothing: 1 }), /nothing/);
  await assert.rejects(client.unary("hedgerow.chaos.v1.Chaos/Do", []), /takes one message, and was given 0/);
  assert.equal(server.requests().length, 0);
});

test("messages of an iterable are read as they are sent", async (t) => {
  const client = await reflect(connect(t));
  async function* names(): AsyncGenerator<JsonValue> {
    yield { name: "Ada" };
    yield { name: "Grace" };
  }
  assert.deepEqual((await client.unary("helloworld.Greeter/LotsOfGreetings", names())).message, { message: "Hello Ada, Grace" });
});

test("a stream is begun when it is wanted, and ends when it is left", async (t) => {
  const { client, server } = await described(t);
  const unused = client.stream("hedgerow.chaos.v1.Chaos/Stream", {});
  assert.deepEqual([unused.attempts, unused.commitReason, server.requests().length], [[], undefined, 0]);
  const failed = client.stream("hedgerow.chaos.v1.Chaos/Nothing", {});
  await assert.rejects(failed.header, /has no method Nothing/);
  await assert.rejects(async () => {
    for await (const message of failed) assert.fail(String(message));
  }, /has no method Nothing/);
  server.on("/hedgerow.chaos.v1.Chaos/Stream", reply([new Uint8Array(), new Uint8Array()], { header: { "x-one": "1" } }));
  const stream = client.stream("hedgerow.chaos.v1.Chaos/Stream", {});
  assert.equal((await stream.header).get("x-one"), "1");
  for await (const message of stream) {
    assert.deepEqual(message, {});
    break;
  }
  assert.equal(stream.attempts.length, 1);
  const canceled = client.stream("hedgerow.chaos.v1.Chaos/Stream", {});
  canceled.cancel();
  await assert.rejects(canceled.trailer, { code: Code.CANCELLED });
});

test("an old server is asked by the old version, file by file", async (t) => {
  const server = createTestServer();
  const asked: string[] = [];
  const text = (field: number, value: string) => new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish();
  const bytes = (field: number, value: Uint8Array) =>
    new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(value).finish();
  const files = new Map(
    [chaos, file_google_protobuf_any].map(({ proto }) => [proto.name, toBinary(FileDescriptorProtoSchema, proto)]),
  );
  server.on(V1, fail(Code.UNIMPLEMENTED)).on(
    "*",
    ...Array.from({ length: 3 }, () => async ({ incoming }: { incoming: AsyncIterable<Uint8Array> }) => {
      for await (const question of incoming) {
        const reader = new BinaryReader(question);
        const [field] = reader.tag();
        const name = reader.string();
        asked.push(`${field} ${name}`);
        if (field === 7) return reply(bytes(6, bytes(1, text(1, "hedgerow.chaos.v1.Chaos"))));
        return reply(bytes(4, bytes(1, files.get(field === 4 ? chaos.proto.name : name) as Uint8Array)));
      }
      throw new Error("no question came");
    }),
  );
  const channel = await createChannel(server.options);
  t.after(() => channel.close());
  const client = await server.clock.runUntil(reflect(channel));
  assert.deepEqual(client.services, ["hedgerow.chaos.v1.Chaos"]);
  assert.deepEqual(asked, ["7 ", "4 hedgerow.chaos.v1.Chaos", "3 google/protobuf/any.proto"]);
  assert.deepEqual(
    server.requests().map(({ method }) => method),
    [V1, V1_ALPHA, V1_ALPHA, V1_ALPHA],
  );
  assert.equal(client.method("hedgerow.chaos.v1.Chaos/Do").methodKind, "unary");
});

test("reflection that is missing or fails", async (t) => {
  const error = new BinaryWriter()
    .tag(7, WireType.LengthDelimited)
    .bytes(new BinaryWriter().tag(2, WireType.LengthDelimited).string("out of order").finish());
  for (const [step, text] of [
    [fail(Code.UNIMPLEMENTED), /the server has no reflection.*use fromFileDescriptorSet instead/],
    [fail(Code.PERMISSION_DENIED, { message: "not for you" }), /not for you/],
    [reply([]), /answered nothing/],
    [reply(error.finish()), /does not describe its services: out of order/],
  ] as const) {
    const server = createTestServer().on("*", step, step);
    const channel = await createChannel(server.options);
    t.after(() => channel.close());
    await assert.rejects(server.clock.runUntil(reflect(channel)), text);
  }
});

test("a registry of generated files will do", async (t) => {
  const { server, channel } = await testServer(t);
  const { createRegistry } = await import("@bufbuild/protobuf");
  const client = fromRegistry(channel, createRegistry(chaos));
  server.on("/hedgerow.chaos.v1.Chaos/Do", reply(new Uint8Array()));
  assert.deepEqual((await client.unary("hedgerow.chaos.v1.Chaos/Do", { payload: "AQ==" })).message, {});
  assert.equal(server.requests().length, 1);
});

async function testServer(t: TestContext): Promise<{ server: TestServer; channel: Awaited<ReturnType<typeof createChannel>> }> {
  const server = createTestServer();
  const channel = await createChannel(server.options);
  t.after(() => channel.close());
  return { server, channel };
}

/** A client that knows the Chaos service from a set of files, and the server that it calls. */
async function described(t: TestContext): Promise<{ client: DynamicClient; server: TestServer }> {
  const { server, channel } = await testServer(t);
  const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_any.proto, chaos.proto] });
  return { client: fromFileDescriptorSet(channel, toBinary(FileDescriptorSetSchema, set)), server };
}

async function collect(client: DynamicClient, method: string, messages: JsonValue): Promise<JsonValue[]> {
  const all: JsonValue[] = [];
  for await (const message of client.stream(method, messages)) all.push(message);
  return all;
}
