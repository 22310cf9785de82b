// The retryBudget that the tabs of a browser share (SEMANTICS 8.7f); other tabs are played by BroadcastChannels of the test's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, createChannel, type FetchLike } from "hedgerow";
import { always, createTestServer, fail, networkError, reply } from "hedgerow/testing";
import { METHOD, refused } from "../support/calls.js";
import { frame, OK, ok, WEB } from "../support/responses.js";

const serviceConfig = {
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.1s",
        maxBackoff: "1s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
  "x-hedgerow": { retryBudget: { ratio: 0.1 } },
};

test("a retry is paid, and one that cannot be paid is not made", async (t) => {
  const server = createTestServer().on(METHOD, fail(Code.UNAVAILABLE), networkError(), reply(Uint8Array.of(7)));
  const channel = await createChannel({ ...server.options, serviceConfig });
  t.after(() => channel.close());
  const budgets: (number | boolean)[] = [];
  const onEvent = (event: { type: string; tokens?: number; blocked?: boolean }) => {
    if (event.type === "budget") budgets.push(event.tokens!, event.blocked!);
  };
  const error = await server.clock.runUntil(
    channel.unary(METHOD, new Uint8Array(), { onEvent }).catch((error: unknown) => error),
  );
  assert.deepEqual(budgets, [0.1, false, 0.1, true]);
  assert.equal((error as { attempts: unknown[] }).attempts.length, 2);
  assert.equal((error as { commitReason: string }).commitReason, "throttled");
});

test("other tabs are told of a budget that changes", async (t) => {
  const server = createTestServer().on(METHOD, always(fail(Code.UNAVAILABLE, { pushbackMs: "stop" })));
  const channel = await createChannel({ ...server.options, serviceConfig });
  t.after(() => channel.close());
  const other = new BroadcastChannel(`hedgerow ${server.options.baseUrl}`);
  t.after(() => other.close());
  const told: unknown[] = [];
  other.onmessage = ({ data }: { data: unknown }) => told.push(data);
  // The part that tells is loaded only now, and nothing says when it is there: each call changes the budget anew.
  while (told.length === 0) {
    await server.clock.runUntil(refused(channel.unary(METHOD, new Uint8Array())));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(String(told[0]), /^\d+ \d+$/);
});

test("other tabs are told of a renewal that was paid", async (t) => {
  const other = new BroadcastChannel("hedgerow https://renewals.test");
  t.after(() => other.close());
  const told: number[] = [];
  let streams = 0;
  const lost = () => {
    let read = false;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (read) controller.error(new TypeError("network error"));
      else controller.enqueue(frame(Uint8Array.of(1)));
      read = true;
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers: WEB });
  };
  const fetch: FetchLike = async (url) => {
    if (url.endsWith("Once")) return ok(Uint8Array.of(1));
    if (++streams < 2) return lost();
    return new Response(OK, { headers: WEB });
  };
  const channel = await createChannel({ baseUrl: "https://renewals.test", fetch, serviceConfig });
  t.after(() => channel.close());
  other.onmessage = ({ data }: { data: unknown }) => told.push(Number.parseInt(String(data), 10));
  // The part that tells is loaded only now: each call changes the budget anew.
  while (told.length === 0) {
    await channel.unary("/S/Once", new Uint8Array());
    await new Promise((resolve) => setImmediate(resolve));
  }
  const source = { request: () => new Uint8Array(), cursor: () => 0 };
  for await (const _ of channel.resumableStreaming("/S/Stream", source)) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(
    told.some((tokens, i) => i > 0 && told[i - 1]! - tokens === 1_000_000),
    `told of ${told.join(", ")}`,
  );
});
