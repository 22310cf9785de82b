// Compression and text mode must leave nothing behind, and large messages must not make the WebAssembly's memory grow.
import assert from "node:assert/strict";
import { getEventListeners, setMaxListeners } from "node:events";
import { test } from "node:test";
import { type ChannelOptions, Code, createChannel, type FetchLike } from "hedgerow";
import { collect, MESSAGE, METHOD, refused, retrying } from "../support/calls.js";
import { held, MiB, show } from "../support/garbage.js";
import { GZIP, gzipped, LONG, noise, packed } from "../support/gzip.js";
import { memory } from "../support/memory.js";
import { concat, failed, frame, OK } from "../support/responses.js";

test("large messages in gzip pass by the WebAssembly's memory, and those in text mode go through it in slices", async (t) => {
  const large = noise(3 * MiB);
  const plain = concat(frame(large), OK);
  const answers: [Uint8Array | string, Record<string, string>][] = [
    [concat(packed(large), OK), GZIP],
    [Buffer.from(plain).toString("base64"), { "content-type": "application/grpc-web-text" }],
  ];
  (await createChannel({ baseUrl: "https://api.test", fetch })).close();
  const before = memory();
  for (const [i, [body, headers]] of answers.entries()) {
    const format: Partial<ChannelOptions> = i === 0 ? { sendCompression: "gzip" } : { format: "text" };
    const fetch: FetchLike = async () => new Response(body as BodyInit, { headers });
    const channel = await createChannel({ baseUrl: "https://api.test", fetch, ...format });
    for (let n = 0; n < 5; n++) assert.equal((await channel.unary(METHOD, large)).message.length, large.length);
    channel.close();
  }
  t.diagnostic(`linear memory: ${show(before)} before, ${show(memory())} after`);
  assert.ok(memory() - before <= MiB, show(memory()));
});

const body = concat(packed(LONG), OK);
const inText = Buffer.from(body).toString("base64");
const bomb = concat(frame(gzipped(new Uint8Array(MiB)), 1), OK);
const damaged = concat(frame(MESSAGE, 1), OK);

/** Answers. The last character of the method says how. */
const fetch: FetchLike = async (url, { signal }) => {
  if (signal?.aborted) throw signal.reason;
  switch (url.at(-1)) {
    case "0":
      return new Response(body, { headers: GZIP });
    case "1":
      return new Response(inText, { headers: { ...GZIP, "content-type": "application/grpc-web-text" } });
    case "2":
      return new Response(bomb, { headers: GZIP });
    case "3":
      return new Response(damaged, { headers: GZIP });
    default:
      return failed(Code.UNAVAILABLE);
  }
};

test("2,000 calls with gzip and in text mode, of every fate, leave nothing behind", async (t) => {
  const formats: Partial<ChannelOptions>[] = [
    { sendCompression: "gzip", acceptCompression: ["gzip"] },
    { format: "text", sendCompression: "gzip" },
  ];
  const channels = await Promise.all(
    formats.map((format) =>
      createChannel({
        baseUrl: "https://api.test",
        fetch,
        serviceConfig: retrying({ maxAttempts: 2 }),
        maxReceiveMessageBytes: 100_000,
        ...format,
      }),
    ),
  );
  const shared = new AbortController();
  setMaxListeners(0, shared.signal); // or Node warns of a hundred calls at once
  const refs: WeakRef<object>[] = [];
  const one = async (i: number): Promise<void> => {
    const channel = channels[i % 2];
    assert.ok(channel);
    const onEvent = () => {};
    const own = new AbortController();
    refs.push(new WeakRef(onEvent));
    const signal = i % 7 === 0 ? own.signal : shared.signal;
    const options = { signal, timeoutMs: i % 11 === 0 ? 1 : 60_000, onEvent };
    const method = `${METHOD}${i % 5}`;
    const call: Promise<unknown> =
      i % 3 ? channel.unary(method, LONG, options) : collect(channel.bidiStreaming(method, [LONG, MESSAGE], options));
    if (i % 7 === 0) setImmediate(() => own.abort());
    await call.catch((error) => assert.ok([1, 4, 8, 13, 14].includes(error.code), String(error)));
  };
  const many = async (from: number, to: number) => {
    for (let i = from; i < to; i += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => one(i + n)));
  };
  await many(0, 1000);
  const warm = memory();
  await many(1000, 2000);
  t.diagnostic(`linear memory: ${show(warm)} after 1,000 calls, ${show(memory())} after 2,000`);
  assert.ok(memory() <= 2 * warm, show(memory()));
  assert.equal(getEventListeners(shared.signal, "abort").length, 0);
  for (const channel of channels) channel.close();
  assert.equal(await held(refs), 0);
});

test("a committed stream keeps neither its request nor the payloads that it was given", async (t) => {
  const refs: WeakRef<object>[] = [];
  let give!: (chunk: Uint8Array) => void;
  const fetch: FetchLike = async (_url, init) => {
    refs.push(new WeakRef(init.body as Uint8Array));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        give = (chunk) => controller.enqueue(chunk);
      },
    });
    return new Response(body, { headers: GZIP });
  };
  const channel = await createChannel({ baseUrl: "https://api.test", fetch, sendCompression: "gzip", serviceConfig: retrying() });
  t.after(() => channel.close());
  const stream = channel.serverStreaming(METHOD, LONG);
  await stream.header;
  const messages = stream[Symbol.asyncIterator]();
  await (async () => {
    for (let i = 0; i < 5; i++) {
      const chunk = packed(LONG);
      refs.push(new WeakRef(chunk));
      give(chunk);
      const { value } = await messages.next();
      refs.push(new WeakRef(value as Uint8Array));
    }
  })();
  // The last chunk may still be in the hands of the stream machinery, and its message in those of the iterator.
  const kept = await held(refs);
  assert.ok(kept <= 2, `${kept} of ${refs.length}`);
  stream.cancel();
  assert.equal(
    (await refused(messages.next().then((result) => (result.done ? Promise.reject(undefined) : result)))).code,
    Code.CANCELLED,
  );
});
