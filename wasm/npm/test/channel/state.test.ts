// The option state (SEMANTICS 8.1): a place that may be empty, slow, broken or somebody else's.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type CallEvent, type ChannelOptions, createChannel } from "hedgerow";
import { METHOD, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";

type State = NonNullable<ChannelOptions["state"]>;

async function run(t: TestContext, state: State): Promise<{ warnings: string[]; waited: number }> {
  t.mock.method(console, "warn", () => {});
  const clock = new Clock(t);
  const warnings: string[] = [];
  const onEvent = (event: CallEvent): void => {
    if (event.type === "warning") warnings.push(`${event.warning} ${event.text}`);
  };
  const { fetch } = new FakeFetch(ok(new Uint8Array()), ok(new Uint8Array()));
  const opening = createChannel({ baseUrl: "https://api.test", fetch, onEvent, state });
  let open = false;
  void opening.then(() => {
    open = true;
  });
  const begun = clock.now;
  for (let i = 0; i < 1000 && !open; i++) {
    await settle();
    if (clock.timers.size > 0) await clock.advance(100);
    else await new Promise(setImmediate);
  }
  const waited = clock.now - begun;
  const channel = await opening;
  for (let i = 0; i < 2; i++) {
    await channel.unary(METHOD, new Uint8Array());
    await clock.advance(2000);
  }
  channel.close();
  channel.close();
  await settle();
  return { warnings, waited };
}

test("an empty place is as good as none", async (t) => {
  for (const empty of [undefined, null, "", Promise.resolve(undefined)]) {
    const { warnings } = await run(t, { get: () => empty as string, set: () => assert.fail("nothing was learned") });
    assert.deepEqual(warnings, []);
  }
});

test("a text that somebody else has written is replaced, with one warning", async (t) => {
  const sets: string[] = [];
  const { warnings } = await run(t, { get: () => "somebody else's\0", set: (text) => void sets.push(text) });
  assert.deepEqual(sets, [""]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /^stateUnusable .* not one that this version of Hedgerow has written/);
});

test("whatever the place does, the channel works, and one warning says what is wrong", async (t) => {
  const thrown = (): never => {
    throw new Error("no room");
  };
  const places: [State, RegExp][] = [
    [{ get: thrown, set: thrown }, /could not be read.*no room/],
    [{ get: () => Promise.reject(new Error("no room")), set: thrown }, /could not be read.*no room/],
    [{ get: () => 5 as unknown as string, set: thrown }, /other than a string/],
    [{ get: () => "x", set: thrown }, /not one that/],
    [{ get: () => "x", set: () => Promise.reject(new Error("no")) as unknown as undefined }, /not one that/],
  ];
  for (const [place, what] of places) {
    const { warnings } = await run(t, place);
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0] ?? "", what);
  }
});

test("a place that does not answer holds the channel up for a second", async (t) => {
  const { warnings, waited } = await run(t, { get: () => new Promise(() => {}), set: () => {} });
  assert.match(warnings[0] ?? "", /took more than 1000 ms/);
  assert.equal(waited, 1000);
});

test("a place must have get and set", async () => {
  for (const state of [5, {}, { get: () => "" }, null]) {
    await assert.rejects(
      createChannel({ baseUrl: "https://api.test", state } as unknown as ChannelOptions),
      /state: must be an object with get and set/,
    );
  }
});
