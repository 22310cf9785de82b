// Hedges over a fake fetch and a clock that stands still: instants are exact.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type FetchLike } from "hedgerow";
import { collect, hedging, MESSAGE, METHOD, open, refused, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { Chunks, failed, frame, OK, ok, streamed } from "../support/responses.js";

const busy = () => failed(Code.UNAVAILABLE, "busy");

test("69 hedging without a delay sends all at once; the first good one wins, the rest are aborted", async (t) => {
  const fake = new FakeFetch();
  const channel = await open(t, fake, { serviceConfig: hedging({ maxAttempts: 5 }) });
  const call = channel.unary(METHOD, MESSAGE);
  assert.deepEqual(fake.previous, [undefined, "1", "2", "3", "4"]);
  fake.exchanges[3]?.respond(ok(MESSAGE));
  const { attempts, header } = await call;
  assert.deepEqual(
    fake.exchanges.map(({ signal }) => signal.aborted),
    [true, true, true, false, true],
  );
  assert.deepEqual(
    attempts.map(({ outcome }) => outcome),
    ["aborted", "aborted", "aborted", "committed", "aborted"],
  );
  assert.equal(header.get("grpc-previous-rpc-attempts"), "3");
});

test("70 hedges begin at 0, 500, 1000 and 1500 ms, and no fifth", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch();
  const channel = await open(t, fake, { serviceConfig: hedging({ maxAttempts: 4, hedgingDelay: "0.5s" }) });
  const call = refused(channel.unary(METHOD, MESSAGE));
  await clock.advance(10_000);
  assert.deepEqual(
    fake.exchanges.map(({ at }) => at - 1000),
    [0, 500, 1000, 1500],
  );
  assert.equal(clock.timers.size, 0);
  channel.close();
  assert.equal((await call).code, Code.CANCELLED);
});

test("72 a failure that is not fatal releases the next hedge at once", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(busy(), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: hedging({ hedgingDelay: "10s" }) });
  const { attempts } = await channel.unary(METHOD, MESSAGE);
  assert.deepEqual(
    attempts.map(({ startedAt, kind }) => [startedAt, kind]),
    [
      [1000, "first"],
      [1000, "hedge"],
    ],
  );
  await settle();
  assert.equal(clock.timers.size, 0);
});

test("73 a fatal failure of one hedge ends the call and aborts the other", async (t) => {
  const clock = new Clock(t);
  const fake = new FakeFetch(undefined, failed(Code.INVALID_ARGUMENT, "bad"));
  const channel = await open(t, fake, { serviceConfig: hedging({ hedgingDelay: "0.1s" }) });
  const call = refused(channel.unary(METHOD, MESSAGE));
  await clock.advance(1000);
  const error = await call;
  assert.equal(error.message, "bad");
  assert.equal(error.commitReason, "fatalStatus");
  assert.equal(fake.exchanges.length, 2);
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
});

test("79 a loser's late answer is let go of and never told", async (t) => {
  const fake = new FakeFetch();
  const late = new Chunks(frame(Uint8Array.of(66)), OK);
  let answer!: (response: Response) => void;
  const stubborn = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  // The first request's fetch ignores its signal.
  const fetch: FetchLike = (url, init) => {
    const response = fake.fetch(url, init);
    if (fake.exchanges.length > 1) return response;
    response.catch(() => {});
    return stubborn;
  };
  const channel = await open(t, fake, { serviceConfig: hedging({ maxAttempts: 2 }), fetch });
  const stream = channel.serverStreaming(METHOD, MESSAGE);
  (await fake.request(2)).respond(ok(MESSAGE));
  assert.equal((await stream.header).get("grpc-previous-rpc-attempts"), "1");
  answer(streamed(late.body));
  await settle();
  assert.ok(late.cancelled !== undefined);
  assert.deepEqual(await collect(stream), [MESSAGE]);
});
