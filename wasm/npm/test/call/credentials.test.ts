// The option credentialsRefresh (SEMANTICS 8.3), over a fake server that knows one token.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Channel, type ChannelOptions, Code, createChannel } from "hedgerow";
import { METHOD, refused, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, OK, ok, streamed, trailers, WEB } from "../support/responses.js";

type Refresh = NonNullable<ChannelOptions["credentialsRefresh"]>["refresh"];

interface Session {
  readonly channel: Channel;
  readonly requests: number;
}

/** A channel to a server that answers only calls with the token "fresh". refresh may change the token. */
async function open(
  t: TestContext,
  refresh: (change: (token: string) => void) => Refresh,
  more: Partial<ChannelOptions> = {},
): Promise<Session> {
  let token = "old";
  const answer = (request: { header(name: string): string | undefined }): Response =>
    request.header("authorization") === "fresh" ? ok(new Uint8Array()) : failed(Code.UNAUTHENTICATED, "expired");
  const fake = new FakeFetch(...Array.from({ length: 5000 }, () => answer));
  const channel = await createChannel({
    baseUrl: "https://api.test",
    fetch: fake.fetch,
    metadata: () => ({ authorization: token }),
    credentialsRefresh: {
      refresh: refresh((fresh) => {
        token = fresh;
      }),
    },
    ...more,
  });
  t.after(() => channel.close());
  return {
    channel,
    get requests() {
      return fake.exchanges.length;
    },
  };
}

test("a thousand calls share one refresh, and none fails", async (t) => {
  let refreshes = 0;
  const session = await open(t, (change) => async () => {
    refreshes++;
    await settle();
    change("fresh");
  });
  const calls = Array.from({ length: 1000 }, () => session.channel.unary(METHOD, new Uint8Array()));
  for (const { attempts } of await Promise.all(calls)) {
    assert.deepEqual(
      attempts.map(({ number, kind, code }) => [number, kind, code]),
      [
        [1, "first", Code.UNAUTHENTICATED],
        [1, "refresh", Code.OK],
      ],
    );
  }
  assert.equal(refreshes, 1);
});

test("a failed refresh is the cause of the error, whatever it is", async (t) => {
  const why = new Error("the session is over");
  for (const fail of [
    () => {
      throw why;
    },
    () => Promise.reject(why),
  ]) {
    const { channel } = await open(t, () => fail);
    const error = await refused(channel.unary(METHOD, new Uint8Array()));
    assert.equal(error.code, Code.UNAUTHENTICATED);
    assert.match(error.message, /the credentials could not be refreshed: Error: the session is over/);
    assert.equal(error.cause, why);
  }
});

test("a call from within refresh must say so, or it is refused at once", async (t) => {
  const said: unknown[] = [];
  const session = await open(t, (change) => async () => {
    const inside = refused(session.channel.unary(METHOD, new Uint8Array()));
    const own = refused(session.channel.unary(METHOD, new Uint8Array(), { credentialsRefresh: false }));
    for (const { code, message } of [await inside, await own]) said.push([code, message]);
    change("fresh");
  });
  await session.channel.unary(METHOD, new Uint8Array());
  assert.deepEqual(said, [
    [Code.INTERNAL, "a call from within refresh must set credentialsRefresh: false, or it would wait for itself"],
    [Code.UNAUTHENTICATED, "expired"],
  ]);
  assert.equal(session.requests, 3);
});

test("the signal is aborted when nobody waits any more, and when the channel is closed", async (t) => {
  for (const give of [(_: Channel, abort: AbortController) => abort.abort(), (channel: Channel) => channel.close()]) {
    const signals: AbortSignal[] = [];
    let late: (() => void) | undefined;
    const { channel } = await open(t, () => ({ signal }) => {
      signals.push(signal);
      return new Promise<void>((resolve) => {
        late = resolve;
      });
    });
    const abort = new AbortController();
    const call = refused(channel.unary(METHOD, new Uint8Array(), { signal: abort.signal }));
    await settle();
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [false],
    );
    give(channel, abort);
    assert.equal((await call).code, Code.CANCELLED);
    assert.equal(signals[0]?.aborted, true);
    late?.(); // which nobody hears
    await settle();
  }
});

test("metadata that rejects starts no refresh", async (t) => {
  const { channel } = await open(t, () => () => assert.fail("nothing was refused"), {
    metadata: () => Promise.reject(new Error("no token")),
  });
  assert.equal((await refused(channel.unary(METHOD, new Uint8Array()))).code, Code.UNAUTHENTICATED);
});

test("a refusal in the body is not refreshed, and one warning names firstFrame; with that it is", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const refusal = () => new Response(trailers("grpc-status: 16"), { headers: WEB });
  const fake = new FakeFetch(refusal(), refusal(), refusal(), ok(new Uint8Array()));
  const credentialsRefresh = { refresh: () => {} };
  const options = { baseUrl: "https://api.test", fetch: fake.fetch, credentialsRefresh };
  const strict = await createChannel(options);
  for (let i = 0; i < 2; i++) assert.equal((await refused(strict.unary(METHOD, new Uint8Array()))).attempts.length, 1);
  assert.equal(warn.mock.callCount(), 1);
  assert.match(String(warn.mock.calls[0]?.arguments[0]), /credentials were not refreshed .*headerCommit to "firstFrame"/);
  const firstFrame = await createChannel({ ...options, headerCommit: "firstFrame" });
  assert.equal((await firstFrame.unary(METHOD, new Uint8Array())).attempts.length, 2);
  strict.close();
  firstFrame.close();
});

test("a stream is sent again before its first message, and other codes can be named", async () => {
  const fake = new FakeFetch(failed(7), streamed(new Blob([OK]).stream() as ReadableStream<Uint8Array>));
  const channel = await createChannel({
    baseUrl: "https://api.test",
    fetch: fake.fetch,
    credentialsRefresh: { codes: ["PERMISSION_DENIED", Code.UNAUTHENTICATED], refresh: () => {} },
  });
  const stream = channel.serverStreaming(METHOD, new Uint8Array());
  for await (const _ of stream) assert.fail("there is no message");
  assert.deepEqual(
    stream.attempts.map(({ kind }) => kind),
    ["first", "refresh"],
  );
  channel.close();
});

test("what the options must be", async () => {
  const base = { baseUrl: "https://api.test" };
  const refresh = (): void => {};
  for (const [value, path] of [
    [true, "credentialsRefresh"],
    [{}, "credentialsRefresh"],
    [{ refresh: 5 }, "credentialsRefresh"],
    [{ refresh, codes: 16 }, "credentialsRefresh"],
    [{ refresh, codes: ["NOPE"] }, "credentialsRefresh.codes[0]"],
    [{ refresh, codes: [16, "16"] }, "credentialsRefresh.codes[1]"],
    [{ refresh, codes: [0] }, "credentialsRefresh.codes[0]"],
    [{ refresh, retries: 2 }, "credentialsRefresh.retries"],
  ] as const) {
    const opening = createChannel({ ...base, credentialsRefresh: value } as unknown as ChannelOptions);
    await assert.rejects(opening, (error: Error & { problems?: { path: string }[] }) => {
      assert.deepEqual(
        error.problems?.map((problem) => problem.path),
        [path],
      );
      return true;
    });
  }
  const channel = await createChannel(base);
  const call = channel.unary(METHOD, new Uint8Array(), { credentialsRefresh: true } as object);
  assert.match((await refused(call)).message, /credentialsRefresh must be false or left out, not true/);
  channel.close();
});
