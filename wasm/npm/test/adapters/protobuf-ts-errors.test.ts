// hedgerow/protobuf-ts: how calls fail, are aborted and exceed their deadlines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RpcError } from "@protobuf-ts/runtime-rpc";
import { type Channel, Code, ConfigError, createChannel, LoadError, StatusError } from "hedgerow";
import { createRpcTransport } from "hedgerow/protobuf-ts";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { ChaosClient } from "../gen/protobuf-ts/chaos/v1/chaos.client.js";
import { Request } from "../gen/protobuf-ts/chaos/v1/chaos.js";
import { open, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";
import { connect, hang, Script, type StepInit, status } from "../support/server.js";

const unavailable: StepInit = { messages: 0, ...status(Code.UNAVAILABLE, "not yet") };
const empty = Request.create();

function clientOf(channel: Channel | Promise<Channel>): ChaosClient {
  return new ChaosClient(createRpcTransport(channel));
}

function request(script: Script): Request {
  return Request.fromBinary(script.bytes);
}

/** The RpcError that something rejects with. */
async function rpcError(promise: PromiseLike<unknown>): Promise<RpcError> {
  const error = await promise.then(
    () => assert.fail("the call was expected to fail"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof RpcError, `expected an RpcError, not ${String(error)}`);
  return error;
}

async function drained(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count++;
  return count;
}

test("a failure is an RpcError with code, meta and method, and the StatusError is its cause", async (t) => {
  const step: StepInit = {
    trailer: [
      { name: "x-text", value: "one" },
      { name: "x-raw-bin", binary: Uint8Array.of(255) },
    ],
    end: {
      case: "status",
      value: { code: Code.NOT_FOUND, message: "no such – thing", details: [{ typeUrl: "x.test/pkg.Detail" }] },
    },
  };
  const client = clientOf(await connect(t, { serviceConfig: retrying() }));
  for (const kind of ["do", "stream", "collect", "converse"] as const) {
    const script: Script = new Script([unavailable, { messages: 0, ...step }]);
    const call = kind === "do" || kind === "stream" ? client[kind](request(script)) : client[kind]();
    if ("requests" in call) {
      await call.requests.send(request(script)).catch(() => {});
      await call.requests.complete();
    }
    const error = await rpcError("response" in call ? call.response : drained(call.responses));
    assert.deepEqual([error.code, error.message], ["NOT_FOUND", "no such – thing"], kind);
    assert.deepEqual([error.meta["x-text"], error.meta["x-raw-bin"]], ["one", "/w"]);
    assert.match(atob(String(error.meta["grpc-status-details-bin"])), /x\.test\/pkg\.Detail/);
    assert.equal(`${error.serviceName}/${error.methodName}`.toLowerCase(), `hedgerow.chaos.v1.chaos/${kind}`);
    assert.ok(error.cause instanceof StatusError);
    assert.equal(error.cause.attempts.length, 2);
    for (const promise of [call.headers, call.status, call.trailers, call]) assert.equal(await rpcError(promise), error);
    assert.equal((await script.report(t, 2, 2)).started, 2);
  }
});

test("a stream that fails behind its messages gives them first, and its header stays what it was", async (t) => {
  const step: StepInit = { header: [{ name: "x-head", value: "1" }], messages: 2, ...status(Code.ABORTED, "") };
  const call = clientOf(await connect(t)).stream(request(new Script([step])));
  let came = 0;
  const ends: unknown[] = [];
  call.responses.onNext((message, error, complete) => {
    if (message) came++;
    else ends.push(error ?? complete);
  });
  const error = await rpcError(call.status);
  assert.deepEqual([came, error.code, error.message], [2, "ABORTED", "ABORTED"]);
  assert.deepEqual(ends, [error]);
  assert.equal((await call.headers)["x-head"], "1");
});

test("a response that cannot be read is INTERNAL, and ends the call", async (t) => {
  const broken = Uint8Array.of(0x0a); // a field without a value
  const fake = new FakeFetch(ok(broken), ok(broken, broken));
  const client = clientOf(await open(t, fake));
  assert.equal((await rpcError(client.do(empty).response)).code, "INTERNAL");
  assert.equal((await rpcError(drained(client.stream(empty).responses))).code, "INTERNAL");
  assert.equal((await fake.request(2)).signal.aborted, true);
});

test("a deadline that has passed sends nothing", async (t) => {
  const fake = new FakeFetch();
  const late = clientOf(await open(t, fake));
  for (const timeout of [0, new Date(0)]) {
    assert.equal((await rpcError(late.do(empty, { timeout }).response)).code, "DEADLINE_EXCEEDED");
    assert.equal((await rpcError(late.converse({ timeout }).status)).code, "DEADLINE_EXCEEDED");
  }
  assert.equal(fake.exchanges.length, 0);
});

test("a deadline and an abort hold while the channel is made", async () => {
  const client = clientOf(new Promise<never>(() => {}));
  assert.equal((await rpcError(client.do(empty, { timeout: 1 }).response)).code, "DEADLINE_EXCEEDED");
  const controller = new AbortController();
  const call = client.collect({ abort: controller.signal });
  const sending = call.requests.send(empty);
  controller.abort();
  const error = await rpcError(sending);
  assert.equal(error.code, "CANCELLED");
  assert.equal(error, await rpcError(call.response));
});

test("a signal that is aborted already sends nothing; one that is aborted later cancels at the server", async (t) => {
  const fake = new FakeFetch();
  const nothing = clientOf(await open(t, fake));
  const error = await rpcError(nothing.do(empty, { abort: AbortSignal.abort() }).response);
  assert.deepEqual([error.code, error.methodName], ["CANCELLED", "Do"]);
  assert.equal(fake.exchanges.length, 0);

  const client = clientOf(await connect(t));
  const script = new Script([{ messages: 1, ...hang }]);
  const controller = new AbortController();
  const reason = new Error("the page was left");
  const call = client.stream(request(script), { abort: controller.signal });
  call.responses.onMessage(() => controller.abort(reason));
  const failure = await rpcError(call.status);
  assert.deepEqual([failure.code, (failure.cause as StatusError).cause], ["CANCELLED", reason]);
  const { executions } = await script.report(t, 1, 1);
  assert.equal(executions[0]?.ending, Ending.CANCELLED);
});

test("what is sent into a call that failed is refused with its error; behind the end, by itself", async (t) => {
  const call = clientOf(await connect(t)).converse();
  await call.requests.send(request(new Script([{ messages: 0, ...status(Code.PERMISSION_DENIED) }]))).catch(() => {});
  const error = await rpcError(call.status);
  assert.equal(await rpcError(call.requests.send(empty)), error);
  await call.requests.complete();
  assert.equal((await rpcError(call.requests.send(empty))).code, "INTERNAL");
});

test("what is sent into a call that the server ended well is dropped", async (t) => {
  const call = clientOf(await connect(t)).converse();
  await call.requests.send(request(new Script([{ messages: 1, ...status(0) }])));
  assert.equal((await call.status).code, "OK");
  await call.requests.send(empty);
});

test("an error that a listener throws ends the call", async (t) => {
  const fake = new FakeFetch(ok(new Uint8Array(), new Uint8Array()));
  const call = clientOf(await open(t, fake)).stream(empty);
  const thrown = new Error("full");
  call.responses.onMessage(() => {
    throw thrown;
  });
  const error = await rpcError(call.status);
  assert.deepEqual([error.code, error.cause], ["INTERNAL", thrown]);
  assert.equal((await fake.request(1)).signal.aborted, true);
});

test("metadata that no request may carry is told by name, and nothing is sent", async (t) => {
  const fake = new FakeFetch();
  const client = clientOf(await open(t, fake));
  const error = await rpcError(client.do(empty, { meta: { "grpc-timeout": "1S" } }).response);
  assert.equal(error.code, "INTERNAL");
  assert.match(error.message, /grpc-timeout/);
  assert.equal((await rpcError(client.do(empty, { meta: { "x-bin": "*" } }).response)).code, "INTERNAL");
  assert.equal(fake.exchanges.length, 0);
});

test("a channel that could not be made fails its calls, and nothing is an unhandled rejection", async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const unloaded = clientOf(Promise.reject(new LoadError("no wasm")));
  const misconfigured = clientOf(createChannel({ baseUrl: "" }));
  const [first, second] = [await rpcError(unloaded.do(empty).status), await rpcError(misconfigured.converse().status)];
  unloaded.stream(empty);
  void unloaded.collect().requests.send(empty);
  await settle();
  assert.deepEqual([first.code, first.message], ["INTERNAL", "no wasm"]);
  assert.equal(second.code, "INTERNAL");
  assert.ok(second.cause instanceof ConfigError);
  assert.equal(unhandled.mock.callCount(), 0);
});
