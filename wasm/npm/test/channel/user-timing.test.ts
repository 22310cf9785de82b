// userTiming: true, and listeners that come to a channel later, as the inspector does.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type CallEvent, Code, ConfigError, createChannel } from "hedgerow";
import { MESSAGE, METHOD, open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { failed, ok } from "../support/responses.js";

interface Entry {
  readonly name: string;
  readonly track: string;
  readonly color: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** The entries of User Timing, in the order in which they were made. */
function measured(t: TestContext): () => Entry[] {
  t.after(() => performance.clearMeasures());
  return () =>
    (performance.getEntriesByType("measure") as PerformanceMeasure[]).map(({ name, detail }) => {
      const { dataType, trackGroup, track, color, properties } = detail.devtools;
      assert.deepEqual([dataType, trackGroup], ["track-entry", "Hedgerow"]);
      return { name: name.replace(/#\d+/, "#N"), track, color, properties: Object.fromEntries(properties) };
    });
}

const quick = retrying({ initialBackoff: "0.001s", maxBackoff: "0.001s" });

test("userTiming: each attempt and the call are measured, with what the performance panel shows", async (t) => {
  const entries = measured(t);
  const pushback = { "grpc-retry-pushback-ms": "1" };
  const fake = new FakeFetch(failed(Code.UNAVAILABLE, "busy", pushback), ok(MESSAGE));
  const channel = await open(t, fake, { serviceConfig: quick, userTiming: true });
  const { attempts } = await channel.unary(METHOD, MESSAGE);
  const name = `${METHOD.slice(1)} #N`;
  const track = METHOD.slice(1, METHOD.lastIndexOf("/"));
  const attempt = { track, properties: { "HTTP status": "200" } };
  assert.deepEqual(
    entries().sort((a, b) => (a.name < b.name ? -1 : 1)),
    [
      {
        name,
        track,
        color: "primary",
        properties: { status: "OK", attempts: "2", "commit reason": "responseHeaders", policy: "retry" },
      },
      {
        ...attempt,
        name: `${name} attempt 1`,
        color: "error",
        properties: { kind: "first", outcome: "failed", status: "UNAVAILABLE: busy", "HTTP status": "200", pushback: "1 ms" },
      },
      {
        ...attempt,
        name: `${name} attempt 2`,
        color: "tertiary",
        properties: { kind: "retry", outcome: "committed", status: "OK", "HTTP status": "200" },
      },
    ],
  );
  const starts = performance.getEntriesByType("measure").map(({ startTime }) => startTime);
  assert.deepEqual(starts.slice().sort(), [...attempts.map(({ startedAt }) => startedAt), attempts[0]?.startedAt].sort());
});

test("userTiming: an attempt that the client ends is measured too", async (t) => {
  const entries = measured(t);
  const fake = new FakeFetch(undefined);
  const channel = await open(t, fake, { userTiming: true });
  const abort = new AbortController();
  const call = channel.unary(METHOD, MESSAGE, { signal: abort.signal });
  await fake.request(1);
  abort.abort();
  await assert.rejects(call);
  assert.deepEqual(
    entries().map(({ color, properties }) => [color, properties["outcome"] ?? properties["commit reason"]]),
    [
      ["secondary-light", "aborted"],
      ["error", "cancelled"],
    ],
  );
});

test("userTiming: the newest 1000 entries are kept", async (t) => {
  const entries = measured(t);
  const fake = new FakeFetch(...Array.from({ length: 501 }, () => () => ok(MESSAGE)));
  const channel = await open(t, fake, { userTiming: true });
  for (let i = 0; i < 501; i++) await channel.unary(METHOD, MESSAGE);
  assert.equal(entries().length, 1000);
});

test("without userTiming nothing is measured, and a value of another kind is refused", async (t) => {
  const entries = measured(t);
  const channel = await open(t, new FakeFetch(ok(MESSAGE)), { userTiming: false });
  await channel.unary(METHOD, MESSAGE);
  assert.deepEqual(entries(), []);
  const wrong = createChannel({ baseUrl: "https://api.test", userTiming: 1 as never });
  await assert.rejects(wrong, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, [{ path: "userTiming", reason: "must be true or false, not 1" }]);
    return true;
  });
});

test("a listener that comes later hears of the calls that start after it, until it leaves", async (t) => {
  const fake = new FakeFetch(ok(MESSAGE), ok(MESSAGE), ok(MESSAGE));
  const own: CallEvent[] = [];
  const channel = await open(t, fake, { onEvent: (event) => own.push(event) });
  const { observe } = channel as unknown as { observe(listener: (event: CallEvent) => void): () => void };
  const heard: CallEvent[] = [];
  await channel.unary(METHOD, MESSAGE);
  const leave = observe.call(channel, (event) => heard.push(event));
  await channel.unary(METHOD, MESSAGE);
  leave();
  leave();
  await channel.unary(METHOD, MESSAGE);
  const ids = [...new Set(own.map(({ callId }) => callId))];
  assert.equal(ids.length, 3);
  assert.deepEqual([...new Set(heard.map(({ callId }) => callId))], [ids[1]]);
  assert.deepEqual(
    heard,
    own.filter(({ callId }) => callId === ids[1]),
  );
});
