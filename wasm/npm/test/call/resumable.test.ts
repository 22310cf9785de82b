// channel.resumableStreaming (SEMANTICS 8.4), over a fake server that continues behind a number.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Channel, Code, ConfigError, createChannel, type ResumableSource, StatusError } from "hedgerow";
import { METHOD, retrying, settle } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, failed, frame, OK, trailers, WEB } from "../support/responses.js";

const numbers: ResumableSource<number> = {
  request: (cursor = 0) => Uint8Array.of(cursor),
  cursor: ([number = 0]) => number,
};

/** How a stream ends after its two messages; or a response instead of it. */
type End = "lost" | "cut" | "ok" | Code | (() => Response);

/** A channel to a server whose streams hold two numbers each, behind the one that is asked for, and end as the list says. */
async function open(
  t: TestContext,
  ends: End[],
  codes: (string | number)[] = ["UNAVAILABLE"],
): Promise<{ channel: Channel; fake: FakeFetch }> {
  const fake = new FakeFetch(
    ...ends.map((end) => ({ body }: { body: Uint8Array }) => {
      if (typeof end === "function") return end();
      const after = body[5] ?? 0;
      const messages = concat(frame(Uint8Array.of(after + 1)), frame(Uint8Array.of(after + 2)));
      if (end === "cut") return new Response(messages, { headers: WEB });
      if (end !== "lost")
        return new Response(concat(messages, end === "ok" ? OK : trailers(`grpc-status: ${end}`)), { headers: WEB });
      let read = false;
      const lost = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            if (read) controller.error(new TypeError("network error"));
            else controller.enqueue(messages);
            read = true;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(lost, { headers: WEB });
    }),
  );
  const policy = { initialBackoff: "0.002s", maxBackoff: "0.004s", retryableStatusCodes: codes };
  const channel = await createChannel({
    baseUrl: "https://api.test",
    fetch: fake.fetch,
    serviceConfig: retrying({ maxAttempts: 2, ...policy }),
  });
  t.after(() => channel.close());
  return { channel, fake };
}

async function all(stream: AsyncIterable<Uint8Array>, got: number[] = []): Promise<number[]> {
  for await (const [number = 0] of stream) got.push(number);
  return got;
}

test("137 lost connections, cut answers and listed codes are resumed behind the cursor", async (t) => {
  const { channel } = await open(
    t,
    ["lost", Code.ABORTED, "cut", () => failed(Code.ABORTED), () => failed(Code.ABORTED), "lost", "ok"],
    ["ABORTED"],
  );
  const states: string[] = [];
  const stream = channel.resumableStreaming(METHOD, numbers, { onState: (state) => states.push(state) });
  assert.deepEqual(await all(stream), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.equal(states.filter((state) => state === "waiting").length, 5);
  assert.equal(states[0], "live");
});

test("138 other codes are thrown, also UNAVAILABLE that the server has sent and the policy does not list", async (t) => {
  for (const code of [Code.NOT_FOUND, Code.UNAVAILABLE]) {
    const { channel } = await open(t, ["lost", code], ["ABORTED"]);
    const got: number[] = [];
    await assert.rejects(
      all(channel.resumableStreaming(METHOD, numbers), got),
      (error) => error instanceof StatusError && error.code === code,
    );
    assert.deepEqual(got, [1, 2, 3, 4]);
  }
});

test("139 without a retryPolicy nothing is sent", async () => {
  const fake = new FakeFetch();
  const channel = await createChannel({ baseUrl: "https://api.test", fetch: fake.fetch });
  await assert.rejects(all(channel.resumableStreaming(METHOD, numbers)), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /resumableStreaming needs a retryPolicy for the method/);
    return true;
  });
  assert.equal(fake.exchanges.length, 0);
  channel.close();
});

test("140 leaving the loop, aborting the signal and closing the channel end it", async (t) => {
  const quiet = (): Response =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(frame(Uint8Array.of(9))) }), { headers: WEB });
  const { channel, fake } = await open(t, [quiet, quiet, quiet]);
  for await (const _ of channel.resumableStreaming(METHOD, numbers)) break;
  assert.equal(fake.exchanges[0]?.signal.aborted, true);
  const abort = new AbortController();
  await assert.rejects(
    (async () => {
      for await (const _ of channel.resumableStreaming(METHOD, numbers, { signal: abort.signal })) abort.abort();
    })(),
    { code: Code.CANCELLED },
  );
  await assert.rejects(
    (async () => {
      for await (const _ of channel.resumableStreaming(METHOD, numbers)) channel.close();
    })(),
    { code: Code.CANCELLED },
  );
  assert.equal(fake.exchanges.length, 3);
});

test("141 a source that throws ends it with INTERNAL", async (t) => {
  const thrown = (): never => {
    throw new Error("no cursor");
  };
  for (const source of [
    { ...numbers, request: thrown },
    { ...numbers, cursor: thrown },
  ]) {
    const { channel } = await open(t, ["ok"]);
    await assert.rejects(all(channel.resumableStreaming(METHOD, source)), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.code, Code.INTERNAL);
      assert.match(error.message, /the subscription's own function threw: Error: no cursor/);
      return true;
    });
  }
});

test("142 timeoutMs bounds the whole", async (t) => {
  const { channel } = await open(
    t,
    Array.from({ length: 1000 }, () => () => failed(Code.UNAVAILABLE)),
  );
  await assert.rejects(all(channel.resumableStreaming(METHOD, numbers, { timeoutMs: 50 })), (error) => {
    assert.ok(error instanceof StatusError);
    assert.ok(error.code === Code.DEADLINE_EXCEEDED || error.code === Code.UNAVAILABLE);
    return true;
  });
});

/** A page that can be hidden, and events on the global scope. */
function page(t: TestContext): { tell(type: string): void; hide(hidden: boolean): void } {
  const events = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const scope = {
    document,
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
  };
  for (const [name, value] of Object.entries(scope)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => Reflect.deleteProperty(globalThis, name));
  }
  return {
    tell: (type) => events.dispatchEvent(new Event(type)),
    hide: (hidden) => {
      document.visibilityState = hidden ? "hidden" : "visible";
      document.dispatchEvent(new Event("visibilitychange"));
    },
  };
}

test("143 a wait ends at once when the network or the page comes back", async (t) => {
  const { tell, hide } = page(t);
  const policy = { initialBackoff: "1000s", maxBackoff: "1000s", retryableStatusCodes: ["ABORTED"] };
  for (const back of [() => tell("online"), () => tell("pageshow"), () => hide(false)]) {
    const fake = new FakeFetch(
      () => new Response(concat(frame(Uint8Array.of(1)), trailers("grpc-status: 10")), { headers: WEB }),
      () => new Response(concat(frame(Uint8Array.of(2)), OK), { headers: WEB }),
    );
    const channel = await createChannel({
      baseUrl: "https://api.test",
      fetch: fake.fetch,
      random: 1,
      serviceConfig: retrying({ maxAttempts: 2, ...policy }),
    });
    const onState = (state: string): void => void (state === "waiting" && setTimeout(back));
    assert.deepEqual(await all(channel.resumableStreaming(METHOD, numbers, { onState })), [1, 2]);
    channel.close();
  }
});

test("144 whileHidden pause ends the stream while the page is hidden, and resumes it behind the cursor", async (t) => {
  const { hide } = page(t);
  const endless = (number: number) => (): Response =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(frame(Uint8Array.of(number))) }), {
      headers: WEB,
    });
  const { channel, fake } = await open(t, [endless(1), "ok"]);
  const states: string[] = [];
  const got: number[] = [];
  for await (const [number = 0] of channel.resumableStreaming(METHOD, numbers, {
    whileHidden: "pause",
    onState: (state) => states.push(state),
  })) {
    got.push(number);
    if (number !== 1) continue;
    hide(true);
    setTimeout(async () => {
      await settle();
      assert.equal(fake.exchanges[0]?.signal.aborted, true);
      assert.equal(fake.exchanges.length, 1);
      hide(false);
    });
  }
  assert.deepEqual(got, [1, 2, 3]);
  assert.deepEqual(states, ["live", "paused", "live"]);
});
