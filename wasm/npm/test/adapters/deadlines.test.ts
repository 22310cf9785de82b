// Deadlines of calls through the adapters, at exact instants.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code as ConnectCode, ConnectError, createClient } from "@connectrpc/connect";
import { RpcError } from "@protobuf-ts/runtime-rpc";
import { Code, StatusError } from "hedgerow";
import { createTransport } from "hedgerow/connect";
import { createRpcTransport } from "hedgerow/protobuf-ts";
import { Chaos } from "../gen/chaos/v1/chaos_pb.js";
import { ChaosClient } from "../gen/protobuf-ts/chaos/v1/chaos.client.js";
import { Request } from "../gen/protobuf-ts/chaos/v1/chaos.js";
import { open, retrying } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed } from "../support/responses.js";

async function rejection(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => assert.fail("the call was expected to fail"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof Error);
  return error;
}

/** Lets 300 ms pass of a call whose second attempt is not answered, and returns the call's error. */
async function expired(t: TestContext, call: (channel: Awaited<ReturnType<typeof open>>) => Promise<unknown>): Promise<Error> {
  const clock = new Clock(t);
  const fake = new FakeFetch(failed(Code.UNAVAILABLE));
  let ended = false;
  const failing = rejection(call(await open(t, fake, { serviceConfig: retrying() }))).finally(() => {
    ended = true;
  });
  await clock.advance(299);
  assert.equal((await fake.request(1)).header("grpc-timeout"), "300m");
  assert.deepEqual([fake.exchanges.length, ended], [2, false]);
  await clock.advance(1);
  const error = await failing;
  assert.ok(error.cause instanceof StatusError);
  assert.deepEqual([error.cause.attempts.length, error.cause.commitReason], [2, "deadline"]);
  return error;
}

test("connect: timeoutMs is the whole call's, and the error tells what was tried", async (t) => {
  const error = await expired(t, (channel) => createClient(Chaos, createTransport(channel)).do({}, { timeoutMs: 300 }));
  assert.ok(error instanceof ConnectError);
  assert.equal(error.code, ConnectCode.DeadlineExceeded);
});

test("connect: the transport's default timeout holds where a call sets none, and 0 goes without", async (t) => {
  new Clock(t);
  const fake = new FakeFetch();
  const client = createClient(Chaos, createTransport(await open(t, fake), { defaultTimeoutMs: 60_000 }));
  const timeouts: (string | undefined)[] = [];
  for (const timeoutMs of [undefined, 5000, 0]) {
    const controller = new AbortController();
    const call = client.do({}, { signal: controller.signal, ...(timeoutMs !== undefined && { timeoutMs }) });
    timeouts.push((await fake.request(timeouts.length + 1)).header("grpc-timeout"));
    controller.abort();
    await rejection(call);
  }
  assert.deepEqual(timeouts, ["60000m", "5000m", undefined]);
});

test("connect: the deadline holds while the one message of a server stream is waited for", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const transport = createTransport(await open(t, fake));
  async function* nothing() {
    await new Promise(() => {});
    yield {};
  }
  const failing = rejection(transport.stream(Chaos.method.stream, undefined, 300, undefined, nothing()));
  await clock.advance(300);
  const error = await failing;
  assert.ok(error instanceof ConnectError);
  assert.deepEqual([error.code, fake.exchanges.length], [ConnectCode.DeadlineExceeded, 0]);
});

for (const kind of ["number", "Date"]) {
  test(`protobuf-ts: a timeout that is a ${kind} is the whole call's, and the error tells what was tried`, async (t) => {
    t.mock.method(Date, "now", () => 1_000_000);
    const timeout = kind === "Date" ? new Date(1_000_300) : 300;
    const empty = Request.create();
    const error = await expired(t, (channel) => new ChaosClient(createRpcTransport(channel)).do(empty, { timeout }).response);
    assert.ok(error instanceof RpcError);
    assert.equal(error.code, "DEADLINE_EXCEEDED");
  });
}
