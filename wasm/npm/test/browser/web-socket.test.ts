// Streams over WebSockets in Chromium, in a page of another origin than the server's: over ws:, and over wss:.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ChannelOptions } from "hedgerow";
import type { Page } from "playwright-core";
import { Ending, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { COLLECT, CONVERSE, cut, hang, reply, Script, SERVER, type StepInit, status } from "../support/server.js";
import { openPage, type SiteOptions } from "./pages.js";

const TLS = process.env["HEDGEROW_SERVER_TLS"] ?? "";
const Code = { OK: 0, CANCELLED: 1, DEADLINE_EXCEEDED: 4, INTERNAL: 13, UNAVAILABLE: 14 };
const busy = status(Code.UNAVAILABLE, "busy");
const bytes = (...values: number[]) => Uint8Array.from(values);
const more = (payload: Uint8Array) => toBinary(RequestSchema, create(RequestSchema, { payload }));

declare global {
  /** In the page: the sockets that were made. */
  var sockets: WebSocket[];
}

/** Describes a bidirectional stream that the page makes. */
interface Talk extends Pick<ChannelOptions, "baseUrl" | "serviceConfig"> {
  readonly method: string;
  /** The messages, in base64. Each is sent when the one before it was answered, or at once. */
  readonly messages: readonly string[];
  readonly inTurns?: boolean;
  /** How the stream is ended once there is an answer, or soon if there will be none. By default it is half-closed. */
  readonly how?: "break" | "abort" | "close" | "deadline";
}

interface Outcome {
  readonly answers: readonly string[];
  readonly attempts: readonly { readonly code?: number; readonly httpStatus?: number }[];
  readonly code: number;
  readonly message: string;
  /** How many of the sockets that were made are still open. */
  readonly open: number;
}

/** A page whose WebSockets are counted. */
async function counting(t: TestContext, options?: SiteOptions): Promise<Page> {
  const page = await openPage(t, options);
  await page.evaluate(() => {
    globalThis.sockets = [];
    globalThis.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        globalThis.sockets.push(this);
      }
    };
  });
  return page;
}

/** Makes the bidirectional stream in the page. */
function talk(page: Page, options: Talk): Promise<Outcome> {
  return page.evaluate(async ({ baseUrl, serviceConfig, method, messages, inTurns, how }) => {
    const { createChannel, StatusError } = globalThis.hedgerow;
    const channel = await createChannel({ baseUrl, serviceConfig, webSocket: true, maxReceiveMessageBytes: 16 << 20 });
    const controller = new AbortController();
    let heard = () => {};
    const wait = () =>
      new Promise<void>((go) => {
        heard = go;
      });
    async function* give() {
      for (const message of messages) {
        yield Uint8Array.from(atob(message), (c) => c.charCodeAt(0));
        if (inTurns) await wait();
      }
      if (how) await wait();
    }
    const stream = channel.bidiStreaming(method, give(), {
      signal: controller.signal,
      timeoutMs: how === "deadline" ? 1500 : 120_000,
    });
    const answers: string[] = [];
    const outcome = async (code: number, message: string, attempts: Outcome["attempts"]) => {
      heard();
      channel.close();
      const open = globalThis.sockets.filter(({ readyState }) => readyState < 2).length;
      return { answers, attempts, code, message, open };
    };
    try {
      for await (const answer of stream) {
        answers.push(btoa(Array.from(answer, (byte) => String.fromCharCode(byte)).join("")));
        if (how === "break") break;
        if (how === "abort") controller.abort();
        if (how === "close") channel.close();
        if (!how) heard();
      }
      return await outcome(0, "", stream.attempts);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return await outcome(error.code, error.message, error.attempts);
    }
  }, options);
}

const base64 = (message: Uint8Array) => Buffer.from(message).toString("base64");
const repliesOf = ({ answers }: Outcome) => answers.map((answer) => reply(Buffer.from(answer, "base64")));
const codesOf = ({ attempts }: Outcome) => attempts.map(({ code }) => code);

test("a hundred turns, each answer before the next message, over ws: and wss:", async (t) => {
  const page = await counting(t);
  for (const baseUrl of [SERVER, TLS]) {
    const script = new Script([], bytes(0));
    const messages = [script.bytes, ...Array.from({ length: 99 }, (_, i) => more(bytes(i + 1)))].map(base64);
    const outcome = await talk(page, { baseUrl, method: CONVERSE, messages, inTurns: true });
    assert.equal(outcome.code, Code.OK, outcome.message);
    assert.deepEqual(
      repliesOf(outcome).map(({ payload, received }) => [payload[0], received]),
      Array.from({ length: 100 }, (_, i) => [i, i + 1]),
    );
    assert.deepEqual([outcome.attempts[0]?.httpStatus, outcome.open], [101, 0]);
  }
  const made = await page.evaluate(() => globalThis.sockets.map(({ url, protocol }) => [new URL(url).protocol, protocol]));
  assert.deepEqual(made, [
    ["ws:", "grpc-websockets"],
    ["wss:", "grpc-websockets"],
  ]);
});

test("messages of every length, both ways", async (t) => {
  const page = await counting(t);
  const lengths = [0, 1, 32_762, 32_766, 32_767, 32_768, 3 << 20];
  const payloads = lengths.map((length) => Uint8Array.from({ length }, (_, i) => i % 251));
  for (const baseUrl of [SERVER, TLS]) {
    const messages = [new Script([]).bytes, ...payloads.map(more)].map(base64);
    const outcome = await talk(page, { baseUrl, method: CONVERSE, messages });
    const replies = repliesOf(outcome).slice(1);
    assert.equal(replies.length, lengths.length, outcome.message);
    for (const [i, { payload }] of replies.entries()) assert.ok(Buffer.compare(payload, payloads[i] as Uint8Array) === 0);
  }
});

test("61 98 what fails before the head, or is cut, is retried with all messages", async (t) => {
  const page = await counting(t);
  for (const baseUrl of [SERVER, TLS]) {
    const script = new Script([busy, cut(), { ...busy, pushback: ["1"] }, {}], bytes(1));
    const messages = [script.bytes, more(bytes(2)), more(bytes(3))].map(base64);
    const outcome = await talk(page, { baseUrl, method: COLLECT, messages, serviceConfig: retrying() });
    assert.deepEqual(codesOf(outcome), [Code.UNAVAILABLE, Code.UNAVAILABLE, Code.UNAVAILABLE, Code.OK], outcome.message);
    assert.deepEqual([...(repliesOf(outcome)[0]?.payload ?? [])], [1, 2, 3]);
    const { executions } = await script.report(t, 4, 4);
    assert.deepEqual(
      executions.map(({ previousAttempts }) => previousAttempts),
      ["", "1", "2", "3"],
    );
  }
});

test("52 103 behind an answer a lost connection is final", async (t) => {
  const page = await counting(t);
  const script = new Script([{ messages: 1, ...cut(20) }], bytes(1));
  const outcome = await talk(page, {
    baseUrl: SERVER,
    method: CONVERSE,
    messages: [base64(script.bytes)],
    serviceConfig: retrying(),
  });
  assert.deepEqual([outcome.code, outcome.answers.length, outcome.attempts.length], [Code.UNAVAILABLE, 1, 1]);
  assert.match(outcome.message, /the WebSocket was lost/);
});

test("79 99 the sockets of hedges that lost, and of calls that were ended, are closed: the server sees it", async (t) => {
  const page = await counting(t);
  const hanging: StepInit = { messages: 0, ...hang };
  const hedged = new Script([hanging, hanging, {}], bytes(1));
  const won = await talk(page, {
    baseUrl: SERVER,
    method: CONVERSE,
    messages: [base64(hedged.bytes)],
    serviceConfig: hedging(),
  });
  assert.deepEqual([won.code, repliesOf(won)[0]?.attempt, won.open], [Code.OK, 3, 0]);
  const { executions } = await hedged.report(t, 3, 3);
  assert.deepEqual(
    executions.map(({ ending }) => ending),
    [Ending.CANCELLED, Ending.CANCELLED, Ending.PLAYED],
  );
  for (const [how, code] of [
    ["break", Code.OK],
    ["abort", Code.CANCELLED],
    ["close", Code.CANCELLED],
    ["deadline", Code.DEADLINE_EXCEEDED],
  ] as const) {
    const script = new Script([], bytes(1));
    const outcome = await talk(page, { baseUrl: SERVER, method: CONVERSE, messages: [base64(script.bytes)], how });
    assert.deepEqual([outcome.code, outcome.open], [code, 0], how);
    const [execution] = (await script.report(t, 1, 1)).executions;
    assert.ok(execution?.ending === Ending.CANCELLED || (how === "deadline" && execution?.ending === Ending.DEADLINE), how);
  }
});

test("98 a server without WebSockets, and no network: UNAVAILABLE, with a hint; a policy that forbids them: INTERNAL, once", async (t) => {
  const message = base64(new Script([]).bytes);
  const page = await counting(t);
  const elsewhere = await talk(page, { baseUrl: page.url(), method: CONVERSE, messages: [message], serviceConfig: retrying() });
  assert.deepEqual(codesOf(elsewhere), Array(4).fill(Code.UNAVAILABLE));
  assert.match(elsewhere.message, /no WebSocket could be opened .*WithWebsockets\(true\).*WithWebsocketOriginFunc/);
  await page.context().setOffline(true);
  assert.equal((await talk(page, { baseUrl: SERVER, method: CONVERSE, messages: [message] })).code, Code.UNAVAILABLE);
  const strict = await counting(t, { policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" });
  const refused = await talk(strict, { baseUrl: SERVER, method: CONVERSE, messages: [message], serviceConfig: retrying() });
  assert.deepEqual([refused.code, refused.attempts.length], [Code.INTERNAL, 1]);
  assert.match(refused.message, /Content-Security-Policy.*connect-src/);
});
