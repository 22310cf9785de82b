// Client and bidirectional streams in a page: whole bodies over HTTP/1.1, streamed ones over HTTP/2, and pages that are offline.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ServiceConfig } from "hedgerow";
import type { Page } from "playwright-core";
import { RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { COLLECT, CONVERSE, DO, hang, reply, Script, SERVER, type StepInit, status } from "../support/server.js";
import { onlyChromium } from "./launch.js";
import { openPage } from "./pages.js";

const TLS = process.env["HEDGEROW_SERVER_TLS"] ?? "";
const Code = { CANCELLED: 1, DEADLINE_EXCEEDED: 4, INTERNAL: 13, UNAVAILABLE: 14 };
/** Elsewhere only their refusal is tested. */
const streaming = onlyChromium("only Chromium can stream requests");
const canStream = !streaming.skip;
const busy = status(Code.UNAVAILABLE, "busy");
/**
 * Answers as a proxy does. A cut connection could not be used here, because over HTTP/1.1 browsers would retry the request by
 * themselves.
 */
const unavailable: StepInit = { end: { case: "raw", value: { httpStatus: 503 } } };
const bytes = (...values: number[]) => Uint8Array.from(values);
const more = (...payload: number[]) => Array.from(toBinary(RequestSchema, create(RequestSchema, { payload: bytes(...payload) })));

interface Talk {
  readonly baseUrl: string;
  readonly method: string;
  /** The messages, which are sent one after another. */
  readonly messages: readonly (readonly number[])[];
  readonly requestStreaming?: boolean;
  readonly serviceConfig?: ServiceConfig;
  readonly timeoutMs?: number;
  /** Whether the request stays open after the messages. */
  readonly open?: boolean;
}

interface Outcome {
  readonly answers: readonly (readonly number[])[];
  readonly attempts: readonly { readonly code?: number; readonly outcome: string }[];
  readonly warnings: readonly string[];
  readonly code?: number;
  readonly message?: string;
  /** Whether the source of the messages came to its end, or was closed. */
  readonly left: boolean;
}

declare global {
  var abortCall: (() => void) | undefined;
}

/** Makes a call in the page. It is always a bidirectional stream, because all kinds of calls use the same machine. */
function talk(page: Page, options: Talk): Promise<Outcome> {
  return page.evaluate(async ({ baseUrl, method, messages, requestStreaming, serviceConfig, timeoutMs, open }) => {
    const { createChannel, StatusError } = globalThis.hedgerow;
    const channel = await createChannel({ baseUrl, requestStreaming, serviceConfig });
    let left = false;
    let leave = () => {};
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    async function* give() {
      try {
        for (const message of messages) yield Uint8Array.from(message);
        if (open) await gone;
      } finally {
        left = true;
      }
    }
    const controller = new AbortController();
    globalThis.abortCall = () => controller.abort();
    const answers: number[][] = [];
    const warnings: string[] = [];
    const stream = channel.bidiStreaming(method, give(), {
      signal: controller.signal,
      timeoutMs,
      onEvent: (event) => {
        if (event.type === "warning") warnings.push(event.warning);
      },
    });
    const rest = async () => {
      leave();
      await new Promise((resolve) => setTimeout(resolve));
      channel.close();
      return { answers, warnings, left };
    };
    try {
      for await (const answer of stream) answers.push(Array.from(answer));
      return { attempts: stream.attempts, ...(await rest()) };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { attempts: error.attempts, code: error.code, message: error.message, ...(await rest()) };
    }
  }, options);
}

const script = (steps: StepInit[]) => new Script(steps, bytes(1));
const messagesOf = (script: Script) => [Array.from(script.bytes), more(2), more(3)];
const payloads = ({ answers }: Outcome) => answers.map((answer) => Array.from(reply(Uint8Array.from(answer)).payload));

test("over HTTP/1.1 and HTTP/2, all messages go out together at the half-close", async (t) => {
  const page = await openPage(t);
  for (const baseUrl of [SERVER, TLS]) {
    const collect = script([]);
    assert.deepEqual(payloads(await talk(page, { baseUrl, method: COLLECT, messages: messagesOf(collect) })), [[1, 2, 3]]);
    const converse = script([]);
    assert.deepEqual(payloads(await talk(page, { baseUrl, method: CONVERSE, messages: messagesOf(converse) })), [[1], [2], [3]]);
    const outcome = await talk(page, { baseUrl, method: COLLECT, messages: messagesOf(script([])), open: true, timeoutMs: 300 });
    assert.equal(outcome.code, Code.DEADLINE_EXCEEDED);
    assert.match(outcome.message ?? "", /before the end of the request, which the transport waits for: nothing was sent/);
  }
});

test("over HTTP/2 with requestStreaming the server gets messages while the request is open", streaming, async (t) => {
  const page = await openPage(t);
  const collect = script([{ messages: 3 }]);
  const outcome = await talk(page, {
    baseUrl: TLS,
    method: COLLECT,
    messages: messagesOf(collect),
    requestStreaming: true,
    open: true,
  });
  assert.deepEqual(payloads(outcome), [[1, 2, 3]], outcome.message);
  assert.ok(outcome.left, "and the messages that it did not wait for are not asked for");
  const converse = script([]);
  const talked = await talk(page, { baseUrl: TLS, method: CONVERSE, messages: messagesOf(converse), requestStreaming: true });
  assert.deepEqual(payloads(talked), [[1], [2], [3]]);
});

test("61 replays all messages and the half-close, in whole bodies and in streamed ones", async (t) => {
  const page = await openPage(t);
  for (const [baseUrl, requestStreaming] of [
    [SERVER, false],
    [TLS, false],
    [TLS, true],
  ] as const) {
    if (requestStreaming && !canStream) continue;
    const retried = script([busy, unavailable, {}]);
    const outcome = await talk(page, {
      baseUrl,
      method: COLLECT,
      messages: messagesOf(retried),
      requestStreaming,
      serviceConfig: retrying(),
    });
    assert.deepEqual(payloads(outcome), [[1, 2, 3]], outcome.message);
    assert.deepEqual(
      outcome.attempts.map(({ code }) => code),
      [Code.UNAVAILABLE, Code.UNAVAILABLE, 0],
    );
    const { executions } = await retried.report(t, 3, 3);
    assert.deepEqual(
      executions.map(({ received, previousAttempts }) => [received, previousAttempts]),
      [
        [3, ""],
        [3, "1"],
        [3, "2"],
      ],
    );
  }
});

test("89 hedges of a streamed request each send all of it", streaming, async (t) => {
  const page = await openPage(t);
  const hedged = script([hang, hang, {}]);
  const outcome = await talk(page, {
    baseUrl: TLS,
    method: COLLECT,
    messages: messagesOf(hedged),
    requestStreaming: true,
    serviceConfig: hedging(),
  });
  assert.deepEqual(payloads(outcome), [[1, 2, 3]], outcome.message);
  assert.deepEqual(outcome.attempts.map(({ outcome }) => outcome).sort(), ["aborted", "aborted", "committed"]);
});

test("99 an abort and a deadline end a streamed request at the server", streaming, async (t) => {
  const page = await openPage(t);
  for (const timeoutMs of [undefined, 1500]) {
    const waiting = script([]);
    const call = talk(page, {
      baseUrl: TLS,
      method: COLLECT,
      messages: messagesOf(waiting),
      requestStreaming: true,
      open: true,
      ...(timeoutMs ? { timeoutMs } : {}),
    });
    await waiting.report(t, 1, 0);
    if (!timeoutMs) await page.evaluate(() => globalThis.abortCall?.());
    const { code, left } = await call;
    assert.equal(code, timeoutMs ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
    assert.ok(left);
    await waiting.report(t, 1, 1);
  }
});

test("over HTTP/1.1 requestStreaming is UNAVAILABLE, and the message says why", streaming, async (t) => {
  const page = await openPage(t);
  const call = script([]);
  const outcome = await talk(page, { baseUrl: SERVER, method: COLLECT, messages: messagesOf(call), requestStreaming: true });
  assert.equal(outcome.code, Code.UNAVAILABLE);
  assert.match(outcome.message ?? "", /requestStreaming.*HTTP\/2/);
  assert.equal((await call.report(t, 0, 0)).started, 0);
});

test("a browser that cannot stream requests: INTERNAL, once, and nothing is sent in its place", async (t) => {
  const page = await openPage(t);
  // Firefox and Safari do not know streams as bodies, and convert the stream to text.
  if (canStream)
    await page.evaluate(() => {
      globalThis.Request = class extends Request {
        constructor(url: string) {
          super(url, { method: "POST", body: "[object ReadableStream]" });
        }
      } as typeof Request;
    });
  const call = script([]);
  const outcome = await talk(page, {
    baseUrl: TLS,
    method: COLLECT,
    messages: messagesOf(call),
    requestStreaming: true,
    serviceConfig: retrying({ retryableStatusCodes: ["INTERNAL", "UNAVAILABLE"] }),
  });
  assert.deepEqual([outcome.code, outcome.attempts.length], [Code.INTERNAL, 1]);
  assert.match(outcome.message ?? "", /no request can be made.*cannot send a stream: leave requestStreaming out$/);
  assert.equal((await call.report(t, 0, 0)).started, 0);
  assert.deepEqual(payloads(await talk(page, { baseUrl: TLS, method: COLLECT, messages: messagesOf(script([])) })), [[1, 2, 3]]);
});

/** Two unary calls in a page that is offline: one waits, one does not. */
function offline(page: Page, timeoutMs?: number) {
  return page.evaluate(
    async ({ baseUrl, method, timeoutMs }) => {
      const channel = await globalThis.hedgerow.createChannel({ baseUrl });
      const online = navigator.onLine;
      const call = (waitForReady: boolean) =>
        channel.unary(method, new Uint8Array(), { waitForReady, timeoutMs }).then(
          () => ({ code: 0, message: "" }),
          ({ code, message }) => ({ code: code as number, message: message as string }),
        );
      const waits = call(true);
      globalThis.waiting = waits;
      return { online, fails: await call(false) };
    },
    { baseUrl: SERVER, method: DO, timeoutMs },
  );
}
declare global {
  var waiting: Promise<{ readonly code: number; readonly message: string }>;
}

test("offline: a call fails as UNAVAILABLE, one with waitForReady waits for the network, or for its deadline", async (t) => {
  const page = await openPage(t);
  await page.evaluate(() => globalThis.hedgerow.preload());
  await page.context().setOffline(true);
  const first = await offline(page);
  assert.equal(first.online, false);
  assert.equal(first.fails.code, Code.UNAVAILABLE);
  await page.context().setOffline(false);
  assert.deepEqual(await page.evaluate(() => globalThis.waiting), { code: 0, message: "" });
  await page.context().setOffline(true);
  await offline(page, 200);
  const { code, message } = await page.evaluate(() => globalThis.waiting);
  assert.equal(code, Code.DEADLINE_EXCEEDED);
  assert.equal(message, "the deadline of 200 ms passed while waiting for a network to begin attempt 1");
});
