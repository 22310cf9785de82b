// The channel's metadata function, which runs once per attempt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttemptContext, Code, type MetadataInit, type StatusError } from "hedgerow";
import { hedging, MESSAGE, METHOD, open, refused, retrying, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

test("the metadata function runs once per attempt, told which one; channel's before the call's", async (t) => {
  const contexts: AttemptContext[] = [];
  const metadata = async (context: AttemptContext): Promise<MetadataInit> => {
    contexts.push(context);
    return { authorization: `token ${contexts.length}` };
  };
  const fake = new FakeFetch(failed(Code.UNAVAILABLE), failed(Code.UNAVAILABLE), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: retrying(), metadata });
  await channel.unary(METHOD, MESSAGE, { metadata: { authorization: "mine" } });
  assert.deepEqual(
    fake.exchanges.map(({ headers }) => headers.filter(([name]) => name === "authorization").map(([, value]) => value)),
    [
      ["token 1", "mine"],
      ["token 2", "mine"],
      ["token 3", "mine"],
    ],
  );
  assert.deepEqual(
    contexts.map(({ method, attempt }) => [method, attempt]),
    [
      [METHOD, 1],
      [METHOD, 2],
      [METHOD, 3],
    ],
  );
  assert.ok(contexts.every(({ signal }) => signal instanceof AbortSignal));
});

test("a metadata function may answer at once, with nothing, or with pairs", async (t) => {
  for (const init of [undefined, {}, [["x-a", "1"]], new Map([["x-a", "1"]])]) {
    const fake = new FakeFetch(ok(MESSAGE));
    await (await open(t, fake, { metadata: () => init as MetadataInit })).unary(METHOD, MESSAGE);
    assert.equal(fake.exchanges.length, 1);
  }
});

test("44 grpc-timeout is computed when the metadata is at hand, and the hedging delay counts from the start", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  let give: ((init: MetadataInit) => void) | undefined;
  const metadata = ({ attempt }: AttemptContext) =>
    attempt === 1
      ? new Promise<MetadataInit>((resolve) => {
          give = resolve;
        })
      : ({} as MetadataInit);
  const channel = await open(t, fake, { metadata, serviceConfig: hedging({ maxAttempts: 2, hedgingDelay: "0.2s" }) });
  const call = channel.unary(METHOD, MESSAGE, { timeoutMs: 1000 });
  await clock.advance(150);
  assert.equal(fake.exchanges.length, 0);
  give?.({});
  await settle();
  assert.equal(fake.exchanges[0]?.header("grpc-timeout"), "850m");
  await clock.advance(50);
  assert.equal(fake.exchanges[1]?.header("grpc-timeout"), "800m");
  fake.exchanges[1]?.respond(ok(MESSAGE));
  await call;
});

test("a metadata function that fails: UNAUTHENTICATED, nothing sent, never retried", async (t) => {
  const mine = new Error("token service is down");
  for (const metadata of [
    () => Promise.reject(mine),
    () => {
      throw mine;
    },
  ]) {
    const fake = new FakeFetch();
    const events: string[] = [];
    const serviceConfig = retrying(
      { retryableStatusCodes: ["UNAUTHENTICATED"] },
      { retryThrottling: { maxTokens: 10, tokenRatio: 1 } },
    );
    const channel = await open(t, fake, { metadata, serviceConfig, onEvent: ({ type }) => events.push(type) });
    const error = await refused(channel.unary(METHOD, MESSAGE));
    assert.equal(error.code, Code.UNAUTHENTICATED);
    assert.match(error.message, /token service is down/);
    assert.equal(error.cause, mine);
    assert.equal(fake.exchanges.length, 0);
    assert.equal(events.includes("throttle"), false, "no token is taken");
  }
});

test("a StatusError of the metadata function ends the call as itself, details and trailer too", async (t) => {
  const answer = failed(Code.PERMISSION_DENIED, "no", { "grpc-status-details-bin": "CAc=", "x-why": "because" });
  const tokens = await open(t, new FakeFetch(answer));
  const fake = new FakeFetch();
  const channel = await open(t, fake, {
    serviceConfig: retrying({ retryableStatusCodes: ["PERMISSION_DENIED"] }),
    metadata: async () => {
      await tokens.unary("/pkg.Tokens/Get", MESSAGE);
      return {};
    },
  });
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.PERMISSION_DENIED);
  assert.equal(error.message, "no");
  assert.deepEqual(error.details, Uint8Array.of(8, 7));
  assert.equal(error.trailer.get("x-why"), "because");
  assert.equal(error.method, METHOD);
  assert.equal((error.cause as StatusError).method, "/pkg.Tokens/Get");
  assert.equal(fake.exchanges.length, 0);
});

test("the metadata function's signal is aborted by the deadline, and its late answer sends nothing", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  let context: AttemptContext | undefined;
  let give!: (init: MetadataInit) => void;
  const metadata = (given: AttemptContext) => {
    context = given;
    return new Promise<MetadataInit>((resolve) => {
      give = resolve;
    });
  };
  const channel = await open(t, fake, { metadata });
  const call = refused(channel.unary(METHOD, MESSAGE, { timeoutMs: 100 }));
  await clock.advance(99);
  assert.equal(context?.signal.aborted, false);
  await clock.advance(1);
  assert.equal(context?.signal.aborted, true);
  assert.equal((await call).code, Code.DEADLINE_EXCEEDED);
  give({});
  await settle();
  assert.equal(fake.exchanges.length, 0);
});

test("a hedge that lost while its metadata was being made is told by its signal, and sends nothing", async (t) => {
  const contexts: AttemptContext[] = [];
  const metadata = (context: AttemptContext): MetadataInit | Promise<MetadataInit> => {
    contexts.push(context);
    return context.attempt === 1 ? {} : new Promise(() => {});
  };
  const fake = new FakeFetch();
  const channel = await open(t, fake, { metadata, serviceConfig: hedging({ maxAttempts: 2 }) });
  const call = channel.unary(METHOD, MESSAGE);
  (await fake.request(1)).respond(ok(MESSAGE));
  await call;
  assert.deepEqual(
    contexts.map(({ signal }) => signal.aborted),
    [false, true],
  );
  assert.equal(fake.exchanges.length, 1);
});
