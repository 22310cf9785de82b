// hedgerow/connect: how calls fail, are canceled and exceed their deadlines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { type Channel, ConfigError, createChannel, Code as GrpcCode, LoadError, StatusError } from "hedgerow";
import { createTransport, type TransportOptions } from "hedgerow/connect";
import { Chaos, Ending, MetadataSchema, type Request, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { open, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok, streamed, trailers } from "../support/responses.js";
import { connect, hang, Script, type StepInit, status } from "../support/server.js";

const unavailable: StepInit = status(Code.Unavailable, "not yet");

function clientOf(channel: Channel | Promise<Channel>, options?: TransportOptions) {
  return createClient(Chaos, createTransport(channel, options));
}

/** The ConnectError that a call rejects with. */
async function connectError(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => assert.fail("the call was expected to fail"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ConnectError, `expected a ConnectError, not ${String(error)}`);
  return error;
}

async function drained(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count++;
  return count;
}

function request(script: Script): Request {
  return fromBinary(RequestSchema, script.bytes);
}

const detail = create(MetadataSchema, { name: "reason", value: "full" });

test("a failure is a ConnectError with code, metadata and details, and the StatusError is its cause", async (t) => {
  const step: StepInit = {
    trailer: [
      { name: "x-text", value: "one" },
      { name: "x-raw-bin", binary: Uint8Array.of(255) },
    ],
    end: {
      case: "status",
      value: { code: Code.NotFound, message: "no such – thing", details: [anyPack(MetadataSchema, detail)] },
    },
  };
  const client = clientOf(await connect(t, { serviceConfig: retrying() }));
  for (const kind of ["do", "stream"] as const) {
    const script: Script = new Script([unavailable, step]);
    const error = await connectError(kind === "do" ? client.do(request(script)) : drained(client.stream(request(script))));
    assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, "no such – thing"]);
    assert.deepEqual([error.metadata.get("x-text"), error.metadata.get("x-raw-bin")], ["one", "/w"]);
    assert.deepEqual(error.findDetails(MetadataSchema), [detail]);
    assert.ok(error.cause instanceof StatusError);
    assert.deepEqual(
      error.cause.attempts.map(({ code }) => code),
      [Code.Unavailable, Code.NotFound],
    );
    assert.equal((await script.report(t, 2, 2)).started, 2);
  }
});

test("a stream that fails behind its messages gives them first, and its metadata has header and trailer", async (t) => {
  const step: StepInit = {
    header: [{ name: "x-head", value: "1" }],
    trailer: [{ name: "x-trail", value: "2" }],
    messages: 2,
    ...status(Code.Aborted, "late"),
  };
  const stream = clientOf(await connect(t, { serviceConfig: retrying() })).stream(request(new Script([step])));
  let came = 0;
  const error = await connectError(
    (async () => {
      for await (const _ of stream) came++;
    })(),
  );
  assert.deepEqual([came, error.code, error.rawMessage], [2, Code.Aborted, "late"]);
  assert.deepEqual([error.metadata.get("x-head"), error.metadata.get("x-trail")], ["1", "2"]);
});

test("details that cannot be read are none, and metadata that Headers cannot hold is left to the cause", async (t) => {
  const body = frameOfTrailers("grpc-status: 5", "grpc-status-details-bin: Gv8", "ok-name: f\u00fcr \u2192", "bad name: x");
  const channel = await open(t, new FakeFetch(streamed(body)));
  const error = await connectError(clientOf(channel).do({}));
  assert.deepEqual([error.code, error.details], [Code.NotFound, []]);
  assert.deepEqual(new TextDecoder().decode(Buffer.from(error.metadata.get("ok-name") ?? "", "latin1")), "f\u00fcr \u2192");
  assert.equal((error.cause as StatusError).trailer.get("bad name"), "x");
});

test("a response that cannot be read is Internal, and ends the call", async (t) => {
  const broken = Uint8Array.of(0x0a); // a field without a value
  const fake = new FakeFetch(ok(broken), ok(broken, broken));
  const client = clientOf(await open(t, fake));
  assert.equal((await connectError(client.do({}))).code, Code.Internal);
  assert.equal((await connectError(drained(client.stream({})))).code, Code.Internal);
  assert.equal((await fake.request(2)).signal.aborted, true);
});

test("a deadline holds while the channel is made, and while an interceptor waits", async (t) => {
  const never = new Promise<never>(() => {});
  const late = await connectError(clientOf(never).do({}, { timeoutMs: 1 }));
  assert.equal(late.code, Code.DeadlineExceeded);
  const fake = new FakeFetch();
  const waiting: Interceptor = (next) => async (req) => {
    await new Promise<void>((go) => req.signal.addEventListener("abort", () => go()));
    return next(req);
  };
  const client = clientOf(await open(t, fake), { interceptors: [waiting] });
  assert.equal((await connectError(client.do({}, { timeoutMs: 1 }))).code, Code.DeadlineExceeded);
  assert.equal(fake.exchanges.length, 0);
});

test("a signal that is aborted already sends nothing; one that is aborted later cancels at the server", async (t) => {
  const fake = new FakeFetch();
  const nothing = clientOf(await open(t, fake));
  const aborted = AbortSignal.abort();
  assert.equal((await connectError(nothing.do({}, { signal: aborted }))).code, Code.Canceled);
  assert.equal((await connectError(drained(nothing.stream({}, { signal: aborted })))).code, Code.Canceled);
  assert.equal(fake.exchanges.length, 0);

  const client = clientOf(await connect(t));
  const script = new Script([{ messages: 1, ...hang }]);
  const controller = new AbortController();
  const reason = new Error("the page was left");
  const error = await connectError(
    (async () => {
      for await (const _ of client.stream(request(script), { signal: controller.signal })) controller.abort(reason);
    })(),
  );
  assert.deepEqual([error.code, error.cause], [Code.Canceled, reason]);
  const { executions } = await script.report(t, 1, 1);
  assert.equal(executions[0]?.ending, Ending.CANCELLED);
});

test("a request stream that fails ends the call, and an error of the application's own stays what it is", async (t) => {
  const client = clientOf(await connect(t));
  const own = new ConnectError("no more", Code.DataLoss);
  for (const [thrown, code] of [
    [own, Code.DataLoss],
    [new Error("no more"), Code.Canceled],
  ] as const) {
    async function* requests() {
      yield {};
      throw thrown;
    }
    const error = await connectError(client.collect(requests()));
    assert.equal(error.code, code);
    if (thrown === own) assert.equal(error, own);
  }
});

test("metadata that no request may carry is told by name, and nothing is sent", async (t) => {
  const fake = new FakeFetch();
  const client = clientOf(await open(t, fake));
  const error = await connectError(client.do({}, { headers: { "grpc-timeout": "1S" } }));
  assert.equal(error.code, Code.Internal);
  assert.match(error.rawMessage, /grpc-timeout/);
  assert.equal((await connectError(client.do({}, { headers: { "x-bin": "*" } }))).code, Code.DataLoss);
  assert.equal(fake.exchanges.length, 0);
});

test("a channel that could not be made fails its calls, and is no unhandled rejection", async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const unloaded = clientOf(Promise.reject(new LoadError("no wasm")));
  const misconfigured = clientOf(createChannel({ baseUrl: "" }));
  await settle();
  const [first, second] = [await connectError(unloaded.do({})), await connectError(drained(misconfigured.stream({})))];
  assert.deepEqual([first.code, first.rawMessage], [Code.Internal, "no wasm"]); // a passing outage would be tried again
  assert.ok(first.cause instanceof LoadError);
  assert.equal(second.code, Code.Internal);
  assert.match(second.rawMessage, /baseUrl/);
  assert.ok(second.cause instanceof ConfigError);
  assert.equal(unhandled.mock.callCount(), 0);
});

test("a call leaves no listener on the caller's signal", async (t) => {
  const { signal } = new AbortController();
  const [added, removed] = [t.mock.method(signal, "addEventListener"), t.mock.method(signal, "removeEventListener")];
  const client = clientOf(await open(t, new FakeFetch(ok(new Uint8Array()), ok(new Uint8Array()), failed(GrpcCode.ABORTED))));
  await client.do({}, { signal });
  await drained(client.stream({}, { signal }));
  await connectError(drained(client.stream({}, { signal })));
  assert.equal(added.mock.callCount(), 3);
  assert.equal(removed.mock.callCount(), 3);
});

/** A body of trailers alone. */
function frameOfTrailers(...lines: string[]): ReadableStream<Uint8Array> {
  return new Blob([trailers(...lines)]).stream();
}
