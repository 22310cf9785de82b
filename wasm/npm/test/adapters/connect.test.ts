// hedgerow/connect: clients of connect-es over a channel, with the Chaos service's generated code, against the real server.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  ConnectError,
  createClient,
  createContextKey,
  createContextValues,
  encodeBinaryHeader,
  type Interceptor,
} from "@connectrpc/connect";
import { type ChannelOptions, Code, createChannel } from "hedgerow";
import { callOptions, createTransport, type TransportOptions } from "hedgerow/connect";
import { Chaos, Ending, type Reply, type Request, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";
import { connect, hang, Script, SERVER, type StepInit, status } from "../support/server.js";

const unavailable: StepInit = status(Code.UNAVAILABLE, "not yet");

async function clientOf(
  t: TestContext,
  options: Partial<ChannelOptions> = {},
  transport: TransportOptions = {},
): Promise<Client<typeof Chaos>> {
  return createClient(Chaos, createTransport(await connect(t, options), transport));
}

function request(script: Script): Request {
  return fromBinary(RequestSchema, script.bytes);
}

async function all(stream: AsyncIterable<Reply>): Promise<string[]> {
  const replies: string[] = [];
  for await (const { attempt, index } of stream) replies.push(`${attempt}.${index}`);
  return replies;
}

async function* requests(...values: MessageInitShape<typeof RequestSchema>[]): AsyncGenerator<(typeof values)[number]> {
  yield* values;
}

/** Fields that a call was answered with. */
class Heard {
  header: Headers | undefined;
  trailer: Headers | undefined;
  readonly options: CallOptions = {
    onHeader: (header) => {
      this.header = header;
    },
    onTrailer: (trailer) => {
      this.trailer = trailer;
    },
  };
}

const fields = {
  header: [
    { name: "x-text", value: "one" },
    { name: "x-raw-bin", binary: Uint8Array.of(0, 1, 254, 255) },
  ],
  trailer: [
    { name: "y-text", value: "two" },
    { name: "y-raw-bin", binary: Uint8Array.of(7) },
  ],
};

test("a unary call is retried by the channel, and is one call to connect", async (t) => {
  const script = new Script([unavailable, unavailable, { ...fields, ...status(0) }]);
  const heard = new Heard();
  const client = await clientOf(t, { serviceConfig: retrying() });
  const reply = await client.do(request(script), heard.options);
  assert.equal(reply.attempt, 3);
  assert.equal((await script.report(t, 3, 3)).started, 3);
  assert.equal(heard.header?.get("x-text"), "one");
  assert.equal(heard.header?.get("x-raw-bin"), "AAH+/w", "base64 without padding, as gRPC writes it");
  assert.equal(heard.header?.get("grpc-previous-rpc-attempts"), "2");
  assert.equal(heard.trailer?.get("y-text"), "two");
  assert.equal(heard.trailer?.get("y-raw-bin"), "Bw");
});

test("a unary call is hedged, and the losers are canceled at the server", async (t) => {
  const script = new Script([hang, hang, status(0)]);
  const client = await clientOf(t, { serviceConfig: hedging() });
  assert.equal((await client.do(request(script))).attempt, 3);
  const { executions } = await script.report(t, 3, 3);
  assert.equal(executions.length, 3);
});

test("all kinds of stream are retried until their first message, and tell header and trailer", async (t) => {
  const client = await clientOf(t, { serviceConfig: retrying() });
  const last: StepInit = { ...fields, messages: 2, ...status(0) };
  for (const call of ["stream", "collect", "converse"] as const) {
    const script: Script = new Script([{ messages: 0, ...unavailable }, last]);
    const heard = new Heard();
    if (call === "collect") {
      const reply = await client.collect(requests(request(script), { payload: Uint8Array.of(9) }), heard.options);
      assert.deepEqual([reply.attempt, reply.received, reply.payload], [2, 2, Uint8Array.of(9)]);
    } else if (call === "stream") assert.deepEqual(await all(client.stream(request(script), heard.options)), ["2.1", "2.2"]);
    else assert.deepEqual(await all(client.converse(requests(request(script), {}), heard.options)), ["2.1", "2.2"]);
    assert.equal((await script.report(t, 2, 2)).started, 2, call);
    assert.equal(heard.header?.get("x-text"), "one", call);
    assert.equal(heard.trailer?.get("y-raw-bin"), "Bw", call);
  }
});

test("a bidirectional stream is full duplex: an answer is read before the next message is made", async (t) => {
  const client = await clientOf(t);
  const script = new Script([status(0)]);
  let answered = (): void => {};
  async function* messages() {
    yield request(script);
    for (let i = 0; i < 2; i++) {
      await new Promise<void>((go) => {
        answered = go;
      });
      yield {};
    }
  }
  const received: number[] = [];
  for await (const reply of client.converse(messages())) {
    received.push(reply.received);
    answered();
  }
  assert.deepEqual(received, [1, 2, 3]);
});

test("a stream over a channel that commits to the first frame gets its header", async (t) => {
  const client = await clientOf(t, { headerCommit: "firstFrame", serviceConfig: retrying() });
  const script = new Script([unavailable, { ...fields, messages: 2, ...status(0) }]);
  const heard = new Heard();
  assert.deepEqual(await all(client.stream(request(script), heard.options)), ["2.1", "2.2"]);
  assert.equal(heard.header?.get("x-text"), "one");
});

test("interceptors run once a call, see it whole, and can change its header and message", async (t) => {
  const key = createContextKey("nothing");
  const seen: unknown[] = [];
  const interceptor: Interceptor = (next) => async (req) => {
    seen.push([req.stream, req.method.name, req.service.typeName, req.url, req.requestMethod, req.contextValues.get(key)]);
    assert.equal(req.signal.aborted, false);
    assert.equal(req.header.get("x-given"), "1");
    req.header.set("x-added", "2");
    if (!req.stream) Object.assign(req.message, { payload: Uint8Array.of(5) });
    const answer = await next(req);
    answer.header.set("x-answer", "3");
    return answer;
  };
  const client = await clientOf(t, { serviceConfig: retrying() }, { interceptors: [interceptor] });
  const options = { headers: { "x-given": "1" }, contextValues: createContextValues().set(key, "something") };
  const heard = new Heard();
  const script = new Script([unavailable, status(0)]);
  const reply = await client.do(request(script), { ...options, ...heard.options });
  assert.deepEqual(reply.payload, Uint8Array.of(5));
  assert.equal(heard.header?.get("x-answer"), "3");
  const sent = new Map(reply.requestHeader.map(({ name, value }) => [name, value]));
  assert.deepEqual([sent.get("x-given"), sent.get("x-added")], ["1", "2"]);
  await all(client.stream(request(new Script([{ messages: 1, ...status(0) }])), options));
  const base = `${SERVER}/hedgerow.chaos.v1.Chaos`;
  assert.deepEqual(seen, [
    [false, "Do", "hedgerow.chaos.v1.Chaos", `${base}/Do`, "POST", "something"],
    [true, "Stream", "hedgerow.chaos.v1.Chaos", `${base}/Stream`, "POST", "something"],
  ]);
});

test("values of -bin headers go out as the bytes that they stand for, padded or not, one or several", async (t) => {
  const headers = new Headers({ "x-one-bin": encodeBinaryHeader(Uint8Array.of(1)), "x-two-bin": "Ag==" });
  const { requestHeader } = await (await clientOf(t)).do(request(new Script([status(0)])), { headers });
  const sent = requestHeader.filter(({ name }) => name.endsWith("-bin")).map(({ name, value }) => [name, value]);
  assert.deepEqual(sent, [
    ["x-one-bin", "AQ"],
    ["x-two-bin", "Ag"],
  ]);
  headers.append("x-two-bin", "Aw");
  const fake = new FakeFetch(ok(new Uint8Array())); // grpc-go's server accepts only one value of a name.
  await createClient(Chaos, createTransport(await open(t, fake))).do({}, { headers });
  const fields = (await fake.request(1)).headers.filter(([name]) => name === "x-two-bin");
  assert.deepEqual(fields, [
    ["x-two-bin", "Ag"],
    ["x-two-bin", "Aw"],
  ]);
});

test("a promise of a channel is waited for", async (t) => {
  const promise = createChannel({ baseUrl: SERVER });
  t.after(async () => (await promise).close());
  const client = createClient(Chaos, createTransport(promise));
  assert.equal((await client.do({})).attempt, 1);
});

test("binaryOptions reach the messages", async (t) => {
  const unknown = Uint8Array.of(8, 1, 0xa0, 6, 5); // attempt: 1, and a field 100 that Reply does not have
  for (const readUnknownFields of [true, false]) {
    const channel = await open(t, new FakeFetch(ok(unknown)));
    const client = createClient(Chaos, createTransport(channel, { binaryOptions: { readUnknownFields } }));
    const reply = await client.do({});
    assert.deepEqual([reply.attempt, reply.$unknown?.length], [1, readUnknownFields ? 1 : undefined]);
  }
});

test("from connect-es 2.3 on, leaving the loop over a stream ends the call at the server", {
  skip: process.env["HEDGEROW_CONNECT"] !== "2.3" && "the version under test does not tell the transport",
}, async (t) => {
  const client = await clientOf(t);
  const left = new Script([{ messages: 1, ...hang }]);
  for await (const _ of client.stream(request(left))) break;
  assert.equal((await left.report(t, 1, 1)).executions[0]?.ending, Ending.CANCELLED);
  const returned = new Script([{ messages: 1, ...hang }]);
  const stream = client.stream(request(returned))[Symbol.asyncIterator]();
  await stream.next();
  await stream.return?.();
  assert.equal((await returned.report(t, 1, 1)).executions[0]?.ending, Ending.CANCELLED);
});

test("from connect-es 2.3 on, interceptors are read to their end, whether the caller leaves the loop or cancels the call", {
  skip: process.env["HEDGEROW_CONNECT"] !== "2.3" && "the version under test leaves them where they are",
}, async (t) => {
  const seen: string[] = [];
  async function* watched<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* messages;
      seen.push("end");
    } catch (error) {
      seen.push(Code[ConnectError.from(error).code] ?? "");
      throw error;
    } finally {
      seen.push("cleaned up");
    }
  }
  const watching: Interceptor = (next) => async (request) => {
    const response = await next(request);
    return response.stream ? { ...response, message: watched(response.message) } : response;
  };
  const client = await clientOf(t, {}, { interceptors: [watching] });
  const hanging = () => request(new Script([{ messages: 1, ...hang }]));
  for await (const _ of client.stream(hanging())) break;
  assert.deepEqual(seen.splice(0), ["end", "cleaned up"]);
  const abort = new AbortController();
  const canceled = (async () => {
    for await (const _ of client.stream(hanging(), { signal: abort.signal })) abort.abort();
  })();
  await assert.rejects(canceled);
  assert.deepEqual(seen.splice(0), ["CANCELLED", "cleaned up"]);
});

test("options that connect does not have are passed as a context value: a call that refreshes the credentials", async (t) => {
  const kinds: string[] = [];
  const refreshing = new Script([status(0)]);
  const client: Client<typeof Chaos> = await clientOf(t, {
    credentialsRefresh: {
      refresh: async () => {
        await client.do(request(refreshing), {
          contextValues: createContextValues().set(callOptions, { credentialsRefresh: false }),
        });
      },
    },
  });
  const script = new Script([status(Code.UNAUTHENTICATED), status(0)]);
  const contextValues = createContextValues().set(callOptions, {
    onEvent: (event) => {
      if (event.type === "attemptStarted") kinds.push(event.kind);
    },
  });
  assert.equal((await client.do(request(script), { contextValues })).attempt, 2);
  assert.deepEqual(kinds, ["first", "refresh"]);
  assert.equal((await refreshing.report(t, 1, 1)).started, 1);
});

test("an option of a context value that no call has is refused", async (t) => {
  const client = await clientOf(t);
  const contextValues = createContextValues().set(callOptions, { retries: 3 } as object);
  await assert.rejects(client.do({}, { contextValues }), /retries/);
});
