// hedgerow/grpc-web: the stubs that protoc-gen-grpc-web generates for the Chaos service, over a channel, against the real server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcWebClientBase, MethodDescriptor, MethodType, type StreamInterceptor, type UnaryInterceptor } from "grpc-web";
import { Code, createChannel } from "hedgerow";
import { createClientBase, withChannel } from "hedgerow/grpc-web";
import { hedging, open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import {
  ChaosPromiseClient,
  calledBack,
  calling,
  promising,
  type Reply,
  Request,
  request,
  Told,
  typedStub,
} from "../support/grpc-web-stubs.js";
import { ok } from "../support/responses.js";
import { connect, hang, Script, SERVER, type StepInit, status } from "../support/server.js";

const unavailable: StepInit = status(Code.UNAVAILABLE, "not yet");
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

test("a call of a promise client is retried by the channel", async (t) => {
  const script = new Script([unavailable, unavailable, status(0)]);
  const client = promising(await connect(t, { serviceConfig: retrying() }));
  assert.ok(client instanceof ChaosPromiseClient);
  const reply = await client.do(request(script), { "x-mine": "1", "x-raw-bin": "Ag==" });
  assert.equal(reply.getAttempt(), 3);
  const sent = new Map(reply.getRequestHeaderList().map((field) => [field.getName(), field.getValue()]));
  assert.deepEqual([sent.get("x-mine"), sent.get("x-raw-bin")], ["1", "Ag"]);
  assert.equal((await script.report(t, 3, 3)).started, 3);
});

test("a call is hedged, and the losers are canceled at the server", async (t) => {
  const script = new Script([hang, hang, status(0)]);
  const client = promising(await connect(t, { serviceConfig: hedging() }));
  assert.equal((await client.do(request(script))).getAttempt(), 3);
  assert.equal((await script.report(t, 3, 3)).executions.length, 3);
});

test("a call with a callback is retried, calls back once, and tells metadata, status and end", async (t) => {
  const script = new Script([unavailable, { ...fields, ...status(0) }]);
  const client = calling(await connect(t, { serviceConfig: retrying() }));
  const { error, response, also } = await calledBack((callback) => client.do(request(script), {}, callback));
  assert.deepEqual([error, response?.getAttempt()], [null, 2]);
  assert.deepEqual(also, ["metadata", "status 0", "end"], "message and error are the callback's");
  assert.equal((await script.report(t, 2, 2)).started, 2);
});

test("a stream is retried until its first message, and tells its events in order", async (t) => {
  const channel = await connect(t, { serviceConfig: retrying() });
  for (const client of [promising(channel), calling(channel)]) {
    const script: Script = new Script([unavailable, { ...fields, messages: 3, ...status(0) }]);
    const told: Told = new Told(client.stream(request(script)));
    await told.done;
    assert.deepEqual(told.names, ["metadata", "data", "data", "data", "status", "end"]);
    assert.deepEqual(
      told.replies.map((reply) => `${reply.getAttempt()}.${reply.getIndex()}`),
      ["2.1", "2.2", "2.3"],
    );
    assert.deepEqual([told.metadata["x-text"], told.metadata["x-raw-bin"]], ["one", "AAH+/w"]);
    assert.deepEqual([told.status?.code, told.status?.details], [0, ""]);
    assert.deepEqual([told.status?.metadata?.["y-text"], told.status?.metadata?.["y-raw-bin"]], ["two, three", "Bw"]);
    assert.equal((await script.report(t, 2, 2)).started, 2);
  }
});

test("the stub in TypeScript makes its calls over the channel too", async (t) => {
  const Stub = await typedStub();
  const client = withChannel(new Stub(SERVER), await connect(t, { serviceConfig: retrying() }));
  const script = new Script([unavailable, { messages: 2, ...status(0) }]);
  assert.equal((await client.do(request(script))).getAttempt(), 2);
  const { response } = await calledBack((callback) => client.do(request(new Script([status(0)])), {}, callback));
  assert.equal(response?.getAttempt(), 1);
  const told = new Told(client.stream(request(new Script([{ messages: 2, ...status(0) }]))));
  await told.done;
  assert.equal(told.replies.length, 2);
});

test("a promise of a channel is waited for", async (t) => {
  const promise = createChannel({ baseUrl: SERVER });
  t.after(async () => (await promise).close());
  assert.equal((await promising(promise).do(new Request())).getAttempt(), 1);
});

test("unary interceptors run once a call, the last one outermost, and see request and response", async (t) => {
  const seen: string[] = [];
  const interceptor = (name: string): UnaryInterceptor<Request, Reply> => ({
    async intercept(request, invoker) {
      seen.push(`${name} ${request.getMethodDescriptor().getName()}`);
      request.getMetadata()[`x-${name}`] = "added";
      request.getRequestMessage().setPayload(Uint8Array.of(5));
      const response = await invoker(request);
      const { code, metadata } = response.getStatus();
      seen.push(`${name} ${response.getMetadata()["x-text"]} ${code} ${metadata?.["y-raw-bin"]}`);
      assert.equal(response.getMethodDescriptor(), request.getMethodDescriptor());
      return response;
    },
  });
  const unaryInterceptors = [interceptor("inner"), interceptor("outer")] as UnaryInterceptor<unknown, unknown>[];
  const client = promising(await connect(t, { serviceConfig: retrying() }), { unaryInterceptors });
  const given = { "x-given": "1" };
  const reply = await client.do(request(new Script([unavailable, { ...fields, ...status(0) }])), given);
  assert.deepEqual(reply.getPayload_asU8(), Uint8Array.of(5));
  const method = "/hedgerow.chaos.v1.Chaos/Do";
  assert.deepEqual(seen, [`outer ${method}`, `inner ${method}`, "inner one 0 Bw", "outer one 0 Bw"]);
  const sent = reply.getRequestHeaderList().map((field) => field.getName());
  assert.deepEqual(
    sent.filter((name) => /^x-(inner|outer|given)$/.test(name)),
    ["x-given", "x-inner", "x-outer"],
  );
  assert.deepEqual(given, { "x-given": "1" }, "the caller's own metadata stays as it was");
});

test("stream interceptors run around streams and callbacks, and may answer with a stream of their own", async (t) => {
  const counted: string[] = [];
  const interceptor: StreamInterceptor<unknown, unknown> = {
    intercept(request, invoker) {
      const stream = invoker(request);
      stream.on("data", () => counted.push("data"));
      const own = {
        on: (name: never, listener: never) => {
          stream.on(name, listener);
          return own;
        },
        removeListener: (name: never, listener: never) => stream.removeListener(name, listener),
        cancel: () => stream.cancel(),
      };
      return own;
    },
  };
  const client = calling(await connect(t), { streamInterceptors: [interceptor] });
  const told = new Told(client.stream(request(new Script([{ messages: 2, ...status(0) }]))));
  await told.done;
  const { response } = await calledBack((callback) => client.do(request(new Script([status(0)])), {}, callback));
  assert.equal(response?.getAttempt(), 1);
  assert.deepEqual(counted, ["data", "data", "data"]);
});

test("a base by itself serves stubs that pass a call's options", async (t) => {
  const base = createClientBase(await open(t, new FakeFetch(ok(Uint8Array.of(8, 1)))));
  const descriptor = new MethodDescriptor(
    "/pkg.Service/Method",
    MethodType.UNARY,
    Request as never,
    Request as never,
    () => new Uint8Array(),
    (bytes: Uint8Array) => [...bytes],
  );
  const { signal } = new AbortController();
  assert.deepEqual(await base.thenableCall("https://x.test/pkg.Service/Method", {}, {}, descriptor, { signal }), [8, 1]);
});

test("what is no generated client is refused, and so are interceptors that would be lost", async (t) => {
  const channel = await open(t, new FakeFetch());
  assert.throws(() => withChannel({}, channel), /no client_/);
  assert.throws(() => withChannel({ client_: 1 }, channel), /no client_/);
  const unaryInterceptors = [{ intercept: (request: never, next: (request: never) => never) => next(request) }];
  const made = new ChaosPromiseClient("", null, { unaryInterceptors });
  assert.throws(() => withChannel(made, channel), /pass them to withChannel/);
  assert.ok((made as unknown as { client_: unknown }).client_ instanceof GrpcWebClientBase);
});
