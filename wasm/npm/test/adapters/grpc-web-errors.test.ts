// hedgerow/grpc-web: how calls fail, are canceled and exceed their deadlines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientReadableStream, MethodDescriptor, MethodType, RpcError, StatusCode } from "grpc-web";
import { Code, ConfigError, createChannel, LoadError, StatusError } from "hedgerow";
import { createClientBase } from "hedgerow/grpc-web";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { open, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { calledBack, calling, promising, type Reply, Request, request, Told } from "../support/grpc-web-stubs.js";
import { ok } from "../support/responses.js";
import { connect, hang, Script, type StepInit, status } from "../support/server.js";

const unavailable: StepInit = status(Code.UNAVAILABLE, "not yet");
const empty = new Request();

/** The RpcError that a call rejects with. */
async function rpcError(promise: Promise<unknown>): Promise<RpcError> {
  const error = await promise.then(
    () => assert.fail("the call was expected to fail"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof RpcError, `expected an RpcError, not ${String(error)}`);
  return error;
}

test("a failure is the peer's RpcError with code and metadata, and the StatusError is its cause", async (t) => {
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
  const channel = await connect(t, { serviceConfig: retrying() });
  const [byPromise, byCallback] = [promising(channel), calling(channel)];
  for (const kind of ["promise", "callback", "stream"]) {
    const script: Script = new Script([unavailable, step]);
    let error: RpcError | null | undefined;
    if (kind === "promise") error = await rpcError(byPromise.do(request(script)));
    else if (kind === "callback") {
      const outcome = await calledBack((callback) => byCallback.do(request(script), {}, callback));
      assert.deepEqual([outcome.response, outcome.also], [null, ["status 5"]]);
      error = outcome.error;
    } else {
      const told: Told = new Told(byCallback.stream(request(script)));
      await told.done;
      assert.deepEqual(told.names, ["error", "status"]);
      assert.deepEqual([told.status?.code, told.status?.details], [StatusCode.NOT_FOUND, "no such – thing"]);
      assert.equal(told.status?.metadata?.["x-text"], "one");
      error = told.error;
    }
    assert.ok(error instanceof RpcError, kind);
    assert.deepEqual([error.code, error.message], [StatusCode.NOT_FOUND, "no such – thing"]);
    assert.deepEqual([error.metadata["x-text"], error.metadata["x-raw-bin"]], ["one", "/w"]);
    assert.match(atob(String(error.metadata["grpc-status-details-bin"])), /x\.test\/pkg\.Detail/);
    assert.ok(error.cause instanceof StatusError);
    assert.equal(error.cause.attempts.length, 2);
    assert.equal((await script.report(t, 2, 2)).started, 2);
  }
});

test("a stream that fails behind its messages gives them first", async (t) => {
  const step: StepInit = { header: [{ name: "x-head", value: "1" }], messages: 2, ...status(Code.ABORTED, "late") };
  const told = new Told(calling(await connect(t)).stream(request(new Script([step]))));
  await told.done;
  assert.deepEqual(told.names, ["metadata", "data", "data", "error", "status"]);
  assert.equal(told.error?.code, StatusCode.ABORTED);
});

test("a response that cannot be read is INTERNAL, and ends the call", async (t) => {
  const broken = Uint8Array.of(0x08, 0x80); // a number that does not end
  const fake = new FakeFetch(ok(broken), ok(broken, broken));
  const client = promising(await open(t, fake));
  assert.equal((await rpcError(client.do(empty))).code, StatusCode.INTERNAL);
  const told = new Told(client.stream(empty));
  await told.done;
  assert.equal(told.error?.code, StatusCode.INTERNAL);
  assert.equal((await fake.request(2)).signal.aborted, true);
});

test("the key deadline is the call's deadline, in milliseconds since 1970, and no metadata", async (t) => {
  const client = promising(await connect(t));
  const later = await client.do(empty, { deadline: String(Date.now() + 60_000) });
  const sent = new Map(later.getRequestHeaderList().map((field) => [field.getName(), field.getValue()]));
  assert.match(sent.get("grpc-timeout") ?? "", /^\d+[mu]$/);
  assert.equal(sent.has("deadline"), false);
  const never = await client.do(empty, { deadline: "Infinity" });
  assert.ok(!never.getRequestHeaderList().some((field) => field.getName() === "grpc-timeout"));

  const fake = new FakeFetch();
  const late = promising(await open(t, fake));
  assert.equal((await rpcError(late.do(empty, { deadline: "1000" }))).code, StatusCode.DEADLINE_EXCEEDED);
  assert.equal((await rpcError(late.do(empty, { deadline: "soon" }))).code, StatusCode.INTERNAL);
  assert.equal(fake.exchanges.length, 0);
  const waiting = promising(new Promise<never>(() => {}));
  assert.equal((await rpcError(waiting.do(empty, { deadline: String(Date.now() + 1) }))).code, StatusCode.DEADLINE_EXCEEDED);
});

test("cancel ends a stream and a call with a callback, at the server too, and nothing more is told", async (t) => {
  const client = calling(await connect(t));
  for (const kind of ["stream", "callback"]) {
    const script = new Script([{ messages: 1, ...hang }]);
    const told: string[] = [];
    const stream: ClientReadableStream<Reply> =
      kind === "stream"
        ? client.stream(request(script))
        : client.do(request(script), {}, () => {
            told.push("called back");
          });
    for (const name of ["error", "status", "end"]) stream.on(name as "end", () => told.push(name));
    if (kind === "stream") await new Promise<void>((go) => stream.on("data", () => go()));
    else await script.report(t, 1, 0);
    stream.cancel();
    const { executions } = await script.report(t, 1, 1);
    assert.equal(executions[0]?.ending, Ending.CANCELLED);
    await settle();
    assert.deepEqual(told, [], kind);
  }
});

test("a listener that was removed is told nothing", async (t) => {
  const stream = calling(await open(t, new FakeFetch(ok(new Uint8Array(), new Uint8Array())))).stream(empty);
  const listener = t.mock.fn();
  stream.on("data", listener);
  stream.removeListener("data", listener);
  stream.removeListener("data", listener);
  await new Told(stream).done;
  assert.equal(listener.mock.callCount(), 0);
});

test("what a listener throws is the application's own, and the call goes on", async (t) => {
  const stream = calling(await open(t, new FakeFetch(ok(new Uint8Array(), new Uint8Array())))).stream(empty);
  const thrown: unknown[] = [];
  const later = queueMicrotask;
  t.mock.method(globalThis, "queueMicrotask", (act: () => void) =>
    later(() => {
      try {
        act();
      } catch (error) {
        thrown.push(error);
      }
    }),
  );
  const full = new Error("full");
  stream.on("data", () => {
    throw full;
  });
  const told = new Told(stream);
  await told.done;
  assert.deepEqual(told.names, ["metadata", "data", "data", "status", "end"]);
  assert.deepEqual(thrown, [full, full]);
});

test("a signal in a call's options cancels it, before it begins or later", async (t) => {
  const fake = new FakeFetch();
  const base = createClientBase(await open(t, fake));
  const name = "/pkg.Service/Method";
  const bytes = () => new Uint8Array();
  const descriptor = new MethodDescriptor(name, MethodType.UNARY, Request as never, Request as never, bytes, bytes);
  const of = (signal: AbortSignal) => base.thenableCall(name, empty, {}, descriptor, { signal });
  assert.equal((await rpcError(of(AbortSignal.abort()))).code, StatusCode.CANCELLED);
  assert.equal(fake.exchanges.length, 0);
  const controller = new AbortController();
  const call = of(controller.signal);
  await fake.request(1);
  const reason = new Error("the page was left");
  controller.abort(reason);
  const error = await rpcError(call);
  assert.deepEqual([error.code, (error.cause as StatusError).cause], [StatusCode.CANCELLED, reason]);
});

test("metadata that no request may carry is told by name, and nothing is sent", async (t) => {
  const fake = new FakeFetch();
  const client = promising(await open(t, fake));
  const error = await rpcError(client.do(empty, { "grpc-timeout": "1S" }));
  assert.equal(error.code, StatusCode.INTERNAL);
  assert.match(error.message, /grpc-timeout/);
  assert.equal((await rpcError(client.do(empty, { "x-bin": "*" }))).code, StatusCode.INTERNAL);
  assert.equal(fake.exchanges.length, 0);
});

test("a channel that could not be made fails its calls, and nothing is an unhandled rejection", async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const unloaded = promising(Promise.reject(new LoadError("no wasm")));
  const misconfigured = promising(createChannel({ baseUrl: "" }));
  unloaded.stream(empty);
  await settle();
  const first = await rpcError(unloaded.do(empty));
  assert.deepEqual([first.code, first.message], [StatusCode.INTERNAL, "no wasm"]);
  const told = new Told(misconfigured.stream(empty));
  await told.done;
  assert.equal(told.error?.code, StatusCode.INTERNAL);
  assert.ok(told.error?.cause instanceof ConfigError);
  assert.equal(unhandled.mock.callCount(), 0);
});
