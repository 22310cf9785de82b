// With worker: true every call has the same result as without it: the answer, the error, the events, and what the server saw.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CallEvent, CallOptions, ChannelOptions } from "hedgerow";
import type { Page } from "playwright-core";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { COLLECT, CONVERSE, cut, DO, hang, Script, SERVER, STREAM, type StepInit, status } from "../support/server.js";
import { openPage } from "./pages.js";

const Code = {
  CANCELLED: 1,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};
const busy = status(Code.UNAVAILABLE, "busy");

/** What the page's metadata function does. */
type MetadataFunction = "attempt" | "throws" | "status" | "nonsense" | "never";

interface Case {
  readonly name: string;
  readonly code?: number;
  readonly method?: string;
  readonly steps?: StepInit[];
  /** Bytes of payload in the request. */
  readonly payload?: number;
  /** Further messages, of client and bidi streams. */
  readonly more?: number;
  readonly options?: Partial<ChannelOptions>;
  readonly call?: CallOptions;
  readonly metadata?: MetadataFunction;
  /** When the call is ended from outside. */
  readonly end?: "abort" | "close" | "break" | "cancel";
  /**
   * Ends the call when this event has come, perhaps before the server has seen anything. Without it, the call ends when a message
   * has come.
   */
  readonly on?: CallEvent["type"];
  /** When so many messages have come, the test begins one more attempt, for which the server waits. */
  readonly release?: number;
  /** How many attempts the server sees. */
  readonly attempts?: number;
}

const cases: Case[] = [
  {
    name: "a retried call with metadata both ways",
    steps: [busy, { header: [{ name: "x-head", value: "h" }], trailer: [{ name: "x-tail-bin", binary: Uint8Array.of(1, 2) }] }],
    options: { serviceConfig: retrying(), metadata: { "x-channel": ["a", "b"] } },
    call: { metadata: { "x-call": "c" } },
    attempts: 2,
  },
  { name: "a failure with trailers", code: 5, steps: [{ ...status(5, "zu groß"), trailer: [{ name: "x-tail", value: "t" }] }] },
  {
    name: "retries that are exhausted",
    code: 14,
    steps: [busy],
    options: { serviceConfig: retrying({ maxAttempts: 3 }) },
    attempts: 3,
  },
  {
    name: "retries that the throttle stops",
    code: 14,
    steps: [busy],
    options: { serviceConfig: retrying({}, { retryThrottling: { maxTokens: 2, tokenRatio: 1 } }) },
  },
  {
    name: "a hedge that wins",
    steps: [hang, {}],
    options: { serviceConfig: hedging({ maxAttempts: 2, hedgingDelay: "1s" }) },
    attempts: 2,
  },
  { name: "a deadline", code: 4, steps: [hang], call: { timeoutMs: 1500 } }, // Within this time the call must reach the server.
  { name: "a deadline that has passed", code: 4, call: { timeoutMs: 0 }, attempts: 0 },
  { name: "a default deadline", code: 4, steps: [hang], options: { defaultTimeoutMs: 1500 } },
  { name: "a stream", method: STREAM, steps: [{ messages: 5 }] },
  { name: "a stream that fails", method: STREAM, code: 14, steps: [{ messages: 2, ...busy }] },
  {
    name: "a stream that breaks off",
    method: STREAM,
    code: 14,
    // Without the wait, Chromium would drop what the page has not read.
    steps: [{ messages: 2, waitForStarted: 2, ...cut(10) }, {}],
    release: 2,
    attempts: 2,
  },
  {
    name: "a stream that is retried first",
    method: STREAM,
    steps: [busy, { messages: 2 }],
    options: { serviceConfig: retrying() },
    attempts: 2,
  },
  { name: "messages of a client stream", method: COLLECT, steps: [{}], more: 20 },
  {
    name: "messages of a bidi stream, retried",
    method: CONVERSE,
    steps: [{ messages: 0, ...busy }, {}],
    more: 5,
    options: { serviceConfig: retrying() },
    attempts: 2,
  },
  { name: "long messages", payload: 3 << 20, steps: [{}] },
  {
    name: "compressed messages",
    payload: 1 << 20,
    steps: [{}],
    options: { sendCompression: "gzip", acceptCompression: ["gzip"] },
  },
  { name: "the text format", payload: 1000, steps: [{}], options: { format: "text" } },
  { name: "an answer that is too long", code: 8, steps: [{ messageSize: 2000 }], call: { maxReceiveMessageBytes: 1000 } },
  { name: "a request that is too long", code: 8, payload: 2000, options: { maxSendMessageBytes: 1000 }, attempts: 0 },
  { name: "a server that is not there", code: 14, options: { baseUrl: "http://127.0.0.1:9" }, attempts: 0 },
  { name: "a method that is none", code: 13, method: "Do", attempts: 0 },
  { name: "an abort before an answer", code: 1, steps: [hang], end: "abort", on: "attemptStarted" },
  { name: "an abort within a stream", code: 1, method: STREAM, steps: [{ messages: 1, ...hang }], end: "abort" },
  { name: "a stream that is left", method: STREAM, steps: [{ messages: 3, ...hang }], end: "break" },
  { name: "a stream that is canceled", code: 1, method: STREAM, steps: [{ messages: 1, ...hang }], end: "cancel" },
  { name: "a channel that is closed", code: 1, steps: [hang], end: "close", on: "attemptStarted" },
  {
    name: "a metadata function, per attempt",
    metadata: "attempt",
    steps: [busy, {}],
    options: { serviceConfig: retrying() },
    attempts: 2,
  },
  { name: "a metadata function that throws", code: 16, metadata: "throws", attempts: 0 },
  { name: "a metadata function that rejects with a status", code: 7, metadata: "status", attempts: 0 },
  { name: "a metadata function that gives no metadata", code: 13, metadata: "nonsense", attempts: 0 },
  { name: "a metadata function that never answers", code: 4, metadata: "never", call: { timeoutMs: 400 }, attempts: 0 },
];

/** Makes the case's call in the page, and returns everything of its result that is the same every time. */
function run(page: Page, { steps: _, ...given }: Case, bytes: Uint8Array, worker: boolean) {
  return page.evaluate(
    async ({ given, bytes, worker, baseUrl, DO }) => {
      const { createChannel, StatusError, Metadata } = globalThis.hedgerow;
      const functions: { [name in MetadataFunction]: NonNullable<ChannelOptions["metadata"]> } = {
        attempt: async ({ attempt, method }) => ({ "x-attempt": `${attempt} of ${method}`, "x-own-bin": Uint8Array.of(attempt) }),
        throws: () => {
          throw new RangeError("no token");
        },
        status: async () => {
          const other = await createChannel({ baseUrl });
          const bytes = Uint8Array.of(0x12, 4, 0x5a, 2, 8, 7); // steps: [{ status: { code: 7 } }]
          await other.unary(DO, Uint8Array.from(bytes)).finally(() => other.close());
          return {};
        },
        nonsense: () => ({ "x-number": 7 as never }),
        never: ({ signal }) => {
          signal.addEventListener("abort", () => notes.push("the function was told to stop"));
          return new Promise(() => {});
        },
      };
      const notes: unknown[] = [];
      const ids = new Set<number>();
      const instants: number[] = [performance.now()];
      const abort = new AbortController();
      const reason = new Error("enough");
      let end = () => {};
      const metadata = given.metadata && functions[given.metadata];
      const channel = await createChannel({
        baseUrl,
        ...(given.options as Partial<ChannelOptions>),
        ...(metadata ? { metadata } : {}),
        worker,
        onEvent: (event) => {
          const { at, callId, delayMs: _d, boundMs: _b, ...rest } = event as CallEvent & { delayMs?: number; boundMs?: number };
          instants.push(at);
          ids.add(callId);
          notes.push(rest);
          if (event.type === given.on) end();
        },
      });
      const method = given.method ?? DO;
      // The payload is made here, as the request's third field. The message is a view.
      const payload = Uint8Array.from({ length: given.payload ?? 0 }, (_, i) => i * 7);
      const whole = new Uint8Array(3 + bytes.length + 5 + payload.length);
      whole.set(bytes, 3);
      const length = [0, 7, 14].map((bit) => ((payload.length >> bit) & 127) | 128);
      whole.set([0x1a, ...length, payload.length >> 21], 3 + bytes.length);
      whole.set(payload, 8 + bytes.length);
      const message = whole.subarray(3);
      const messages = [message, ...Array.from({ length: given.more ?? 0 }, () => new Uint8Array())];
      const unary = !/Stream|Converse/.test(method);
      const options = { ...given.call, signal: abort.signal };
      end = () => {
        if (given.end === "abort") abort.abort(reason);
        if (given.end === "close") channel.close();
      };
      const say = (value: unknown): unknown => {
        if (value instanceof Uint8Array) return `${value.length} bytes, ${value.reduce((sum, byte) => (sum * 31 + byte) | 0, 0)}`;
        if (value instanceof Metadata) return [...value].filter(([name]) => name !== "date").map(([n, v]) => [n, say(v)]);
        if (value === reason) return "the reason";
        if (value instanceof StatusError) {
          const { code, details, header, trailer, method, attempts, commitReason, cause } = value;
          const parts = [details, header, trailer, cause].map(say);
          return {
            code,
            message: value.message,
            parts,
            method,
            attempts: records(attempts),
            commitReason,
            text: String(value),
          };
        }
        return value instanceof Error ? `${value.name}: ${value.message}` : value;
      };
      const records = (attempts: readonly object[]) => {
        for (const { startedAt, headAt, endedAt } of attempts as { startedAt: number; headAt?: number; endedAt?: number }[])
          instants.push(...[startedAt, headAt, endedAt].filter((at) => at !== undefined));
        return attempts.map((record) => ({ ...record, startedAt: 0, headAt: 0, endedAt: 0 }));
      };
      const outcome: unknown[] = [];
      let code = 0;
      let echoed: unknown;
      try {
        if (unary) {
          const call = given.more ? channel.clientStreaming(method, messages, options) : channel.unary(method, message, options);
          if (!given.more) message.fill(0); // The call has its own copy already.
          const { message: answer, header, trailer, attempts, commitReason } = await call;
          // The payload comes back near the beginning; behind it are the request's headers, of which a worker's fetch has others.
          const offsets = Array.from({ length: 16 }, (_, offset) => offset);
          echoed = offsets.some((offset) => payload.every((byte, i) => answer[offset + i] === byte));
          outcome.push(header.get("x-head"), say(trailer), records(attempts), commitReason);
        } else {
          const stream = given.more
            ? channel.bidiStreaming(method, messages, options)
            : channel.serverStreaming(method, message, options);
          let count = 0;
          const header = stream.header.then(
            (header) => header.get("grpc-previous-rpc-attempts") ?? "first",
            () => "rejected",
          );
          try {
            for await (const _ of stream) {
              count++;
              if (given.end === "break" && count === 3) break;
              if (given.release === count) {
                const other = await createChannel({ baseUrl });
                await other.unary(DO, Uint8Array.from(bytes)).finally(() => other.close());
              }
              if (given.end === "cancel") stream.cancel();
              else end();
            }
          } finally {
            outcome.push(count, await header, ...(given.end === "break" ? [] : [records(stream.attempts)]), stream.commitReason);
          }
        }
      } catch (error) {
        code = (error as { code: number }).code;
        outcome.push(say(error));
      }
      channel.close();
      instants.push(performance.now());
      const [first = 0, last = 0] = [instants[0], instants.at(-1)];
      const inOrder = instants.every((at) => at >= first - 1 && at <= last + 1);
      return { code, outcome, notes: given.end ? [] : notes, echoed, ids: ids.size, inOrder };
    },
    { given, bytes: Array.from(bytes), worker, baseUrl: SERVER, DO },
  );
}

/** Leaves out the length of messages, which varies because the server's replies have the request's headers in them. */
function comparable<T>(outcome: T): T {
  return JSON.parse(JSON.stringify(outcome).replaceAll(/message of \d+ bytes/g, "message of so many bytes"));
}

async function seen(t: TestContext, script: Script, attempts: number) {
  const { started, executions } = await script.report(t, attempts, attempts);
  return [
    started,
    executions.map(({ ending, code, previousAttempts, received }) => [
      // When a deadline passes, the client and the server may notice in any order.
      ending === Ending.DEADLINE ? Ending.CANCELLED : ending,
      code === 4 ? 1 : code,
      previousAttempts,
      received,
    ]),
  ];
}

test("with worker: true and without", async (t) => {
  const page = await openPage(t);
  for (const one of cases) {
    await t.test(one.name, async (t) => {
      const outcomes: { outcome: Awaited<ReturnType<typeof run>>; server: unknown }[] = [];
      for (const worker of [false, true]) {
        const script = new Script(one.steps ?? []);
        const outcome = comparable(await run(page, one, script.bytes, worker));
        outcomes.push({ outcome, server: one.on ? undefined : await seen(t, script, one.attempts ?? 1) });
      }
      const [without, within] = outcomes;
      assert.equal(without?.outcome.code, one.code ?? 0);
      assert.ok(without?.outcome.inOrder && within?.outcome.inOrder, "instants are of the page's clock");
      assert.notEqual(without?.outcome.echoed, false);
      assert.deepEqual(within, without);
    });
  }
});
