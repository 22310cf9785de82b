// connect-query over hedgerow/connect: a query is a unary call of connect-es, so the channel retries it, and the cache has its answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code as ConnectCode, ConnectError } from "@connectrpc/connect";
import { createConnectQueryKey, createQueryOptions } from "@connectrpc/connect-query-core";
import { QueryClient } from "@tanstack/query-core";
import { Code } from "hedgerow";
import { createTransport } from "hedgerow/connect";
import { Greeter, HelloReplySchema } from "../gen/helloworld/helloworld_pb.js";
import { open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

const { sayHello } = Greeter.method;

test("a query is retried by the channel, and its answer is kept under its key", async (t) => {
  const reply = toBinary(HelloReplySchema, create(HelloReplySchema, { message: "Hello Ada" }));
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), ok(reply));
  const transport = createTransport(await open(t, fake, { serviceConfig: retrying() }));
  const queries = new QueryClient();
  t.after(() => queries.clear());
  const input = { name: "Ada" };
  const { message } = await queries.fetchQuery(createQueryOptions(sayHello, input, { transport }));
  assert.deepEqual([message, fake.exchanges.length], ["Hello Ada", 2]);
  const key = createConnectQueryKey({ schema: sayHello, input, transport, cardinality: "finite" });
  assert.equal(queries.getQueryData<{ message: string }>(key)?.message, "Hello Ada");
});

test("a query that fails has a ConnectError, and one that is canceled aborts its request", async (t) => {
  const fake = new FakeFetch(failed(Code.NOT_FOUND, "nobody"));
  const transport = createTransport(await open(t, fake));
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  t.after(() => queries.clear());
  const error = await queries.fetchQuery(createQueryOptions(sayHello, { name: "x" }, { transport })).catch((e: unknown) => e);
  assert.ok(error instanceof ConnectError);
  assert.deepEqual([error.code, error.rawMessage], [ConnectCode.NotFound, "nobody"]);
  const options = createQueryOptions(sayHello, { name: "y" }, { transport });
  const canceled = queries.fetchQuery(options).catch(() => "canceled");
  const { signal } = await fake.request(2);
  await queries.cancelQueries({ queryKey: options.queryKey });
  assert.equal(await canceled, "canceled");
  assert.ok(signal.aborted);
});
