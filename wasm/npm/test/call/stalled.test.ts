// The warning of an exchange that seems stuck because fetch may be half-duplex.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CallEvent, ChannelOptions } from "hedgerow";
import { MESSAGE, METHOD, open, settle } from "../support/calls.js";
import { Clock } from "../support/clock.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { frame, streamed } from "../support/responses.js";
import { message, Source, Upload } from "../support/streaming.js";

/** A conversation with a silent server, on a clock that stands still. */
async function talk(t: TestContext, options: Partial<ChannelOptions> = {}) {
  const clock = new Clock(t);
  const warn = t.mock.method(console, "warn", () => {});
  const fake = new FakeFetch();
  const source = new Source(message(1));
  const events: CallEvent[] = [];
  const channel = await open(t, fake, options);
  const stream = channel.bidiStreaming(METHOD, source, { onEvent: (event) => events.push(event) });
  const answers = stream[Symbol.asyncIterator]();
  const warnings = () => events.flatMap((event) => (event.type === "warning" ? [event] : []));
  const read = () => {
    answers.next().catch(() => {});
  };
  return { clock, warn, fake, source, channel, warnings, read };
}

test("a conversation that stands still for 5 s: one warning, as event and on the console", async (t) => {
  for (const requestStreaming of [true, false]) {
    await t.test(`requestStreaming: ${requestStreaming}`, async (t) => {
      const { clock, warn, warnings, read } = await talk(t, { requestStreaming });
      read();
      await clock.advance(4999);
      assert.equal(warn.mock.callCount(), 0);
      await clock.advance(1);
      assert.deepEqual(
        warnings().map(({ warning, method }) => [warning, method]),
        [["halfDuplexStalled", METHOD]],
      );
      const [warning] = warnings();
      assert.match(warning?.text ?? "", /\/pkg\.Service\/Method.*5 s.*end the request's messages, or set a deadline/);
      assert.deepEqual(warn.mock.calls[0]?.arguments, [`hedgerow: ${warning?.text}`]);
      read();
      await clock.advance(60_000);
      assert.equal(warn.mock.callCount(), 1);
      assert.equal(warnings().length, 1);
    });
  }
});

test("the 5 s count from the read, not from the call's beginning", async (t) => {
  const { clock, warn, read } = await talk(t);
  await clock.advance(60_000);
  read();
  await clock.advance(4999);
  assert.equal(warn.mock.callCount(), 0);
  await clock.advance(1);
  assert.equal(warn.mock.callCount(), 1);
});

test("no warning where nothing is stuck: nobody reads, the request has ended, or an answer has come", async (t) => {
  for (const why of ["nobody reads", "half-closed", "answered"]) {
    await t.test(why, async (t) => {
      const { clock, warn, source, fake, read } = await talk(t);
      if (why !== "nobody reads") read();
      await clock.advance(3000);
      if (why === "half-closed") {
        source.end();
        await new Upload(await fake.request(1)).rest();
      }
      if (why === "answered") {
        const body = new TransformStream<Uint8Array, Uint8Array>();
        (await fake.request(1)).respond(streamed(body.readable));
        await body.writable.getWriter().write(frame(MESSAGE));
        await settle();
        read();
      }
      await clock.advance(60_000);
      assert.equal(warn.mock.callCount(), 0);
    });
  }
});

test("calls that send one message, or are answered by one, are never warned of", async (t) => {
  const { clock, warn, channel } = await talk(t);
  void channel.unary(METHOD, MESSAGE).catch(() => {});
  void channel.clientStreaming(METHOD, new Source(message(1))).catch(() => {});
  channel
    .serverStreaming(METHOD, MESSAGE)
    [Symbol.asyncIterator]()
    .next()
    .catch(() => {});
  await clock.advance(60_000);
  assert.equal(warn.mock.callCount(), 0);
});
