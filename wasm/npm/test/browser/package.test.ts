// The built package in Chromium: calls to a server of another origin, and the death of the WebAssembly. Its load is in load.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceConfig } from "hedgerow";
import type { Page } from "playwright-core";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { DO, hang, reply, Script, SERVER, STREAM, status } from "../support/server.js";
import { built, listen, openPage } from "./pages.js";

const Code = { CANCELLED: 1, DEADLINE_EXCEEDED: 4, INTERNAL: 13, UNAVAILABLE: 14 };
const TLS = process.env["HEDGEROW_SERVER_TLS"] ?? "";

interface Call {
  readonly baseUrl: string;
  readonly method: string;
  readonly bytes: number[];
  readonly serviceConfig: ServiceConfig;
  readonly timeoutMs?: number;
  /** How many calls without a script are made first, so that there are connections and the preflight's answer is known. */
  readonly warm?: number;
  /** Abort after so many messages. */
  readonly abortAfter?: number;
}

interface Outcome {
  readonly messages: number[][];
  readonly attempts: readonly { readonly kind: string; readonly outcome: string; readonly code?: number }[];
  readonly previous?: string | undefined;
  readonly code?: number;
  readonly message?: string;
}

/** Makes a call in the page. It is always a stream, because all kinds of calls use the same machine. */
function call(page: Page, options: Partial<Call> & { script?: Script }): Promise<Outcome> {
  const { script, ...rest } = options;
  const bytes = Array.from(script?.bytes ?? []);
  const whole: Call = { baseUrl: SERVER, method: script ? STREAM : DO, bytes, serviceConfig: {}, ...rest };
  return page.evaluate(async ({ baseUrl, method, bytes, serviceConfig, timeoutMs, warm = 0, abortAfter }) => {
    const { createChannel, StatusError } = globalThis.hedgerow;
    const channel = await createChannel({ baseUrl, serviceConfig });
    const message = Uint8Array.from(bytes);
    await Promise.all(Array.from({ length: warm }, () => channel.unary(method.replace("Stream", "Do"), new Uint8Array())));
    const controller = new AbortController();
    const stream = channel.serverStreaming(method, message, { signal: controller.signal, ...(timeoutMs ? { timeoutMs } : {}) });
    const messages: number[][] = [];
    try {
      for await (const message of stream) if (messages.push(Array.from(message)) === abortAfter) controller.abort();
      const previous = (await stream.header).get("grpc-previous-rpc-attempts");
      return { messages, attempts: stream.attempts, previous };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { messages, attempts: error.attempts, code: error.code, message: error.message };
    } finally {
      channel.close();
    }
  }, whole);
}

test("a stream from another origin, over HTTP/1.1 and over TLS with HTTP/2", async (t) => {
  const page = await openPage(t);
  for (const baseUrl of [SERVER, TLS]) {
    const { messages } = await call(page, { baseUrl, script: new Script([{ messages: 3 }]) });
    assert.deepEqual(
      messages.map((message) => reply(Uint8Array.from(message)).index),
      [1, 2, 3],
    );
  }
  const protocols = await page.evaluate(() =>
    (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
      .filter(({ name }) => name.includes("Chaos/Stream"))
      .map(({ nextHopProtocol }) => nextHopProtocol),
  );
  assert.deepEqual(protocols, ["http/1.1", "h2"]);
});

test("unary from another origin: header, trailer and message", async (t) => {
  const page = await openPage(t);
  const script = new Script([{ trailer: [{ name: "x-tail", value: "yes" }] }], Uint8Array.of(1, 2, 3));
  const { message, tail } = await page.evaluate(
    async ({ baseUrl, method, bytes }) => {
      const channel = await globalThis.hedgerow.createChannel({ baseUrl });
      const { message, trailer } = await channel.unary(method, Uint8Array.from(bytes));
      return { message: Array.from(message), tail: trailer.get("x-tail") };
    },
    { baseUrl: SERVER, method: DO, bytes: Array.from(script.bytes) },
  );
  assert.deepEqual(reply(Uint8Array.from(message)).payload, Uint8Array.of(1, 2, 3));
  assert.equal(tail, "yes");
});

test("19 a retry across origins: the server sees the attempts header, the page the history", async (t) => {
  const page = await openPage(t);
  for (const baseUrl of [SERVER, TLS]) {
    const script = new Script([status(Code.UNAVAILABLE, "busy"), status(Code.UNAVAILABLE, "busy"), { messages: 1 }]);
    const outcome = await call(page, { baseUrl, script, serviceConfig: retrying() });
    assert.deepEqual(
      outcome.attempts.map(({ kind, code }) => [kind, code]),
      [
        ["first", 14],
        ["retry", 14],
        ["retry", 0],
      ],
    );
    assert.equal(outcome.previous, "2");
    const { executions } = await script.report(t, 3, 3);
    assert.deepEqual(
      executions.map(({ previousAttempts }) => previousAttempts),
      ["", "1", "2"],
    );
  }
});

test("79 a hedge across origins: one wins, the server sees the others canceled", async (t) => {
  const page = await openPage(t);
  const script = new Script([hang, hang, { messages: 1 }]);
  const outcome = await call(page, { script, serviceConfig: hedging({ hedgingDelay: "0.05s" }), warm: 3 });
  // The attempts may reach the server in any order, and it answers the last.
  assert.deepEqual(outcome.attempts.map(({ outcome }) => outcome).sort(), ["aborted", "aborted", "committed"]);
  const { executions } = await script.report(t, 3, 3);
  assert.deepEqual(
    executions.map(({ ending }) => ending),
    [Ending.CANCELLED, Ending.CANCELLED, Ending.PLAYED],
  );
});

test("99 an abort and a deadline reach the server", async (t) => {
  const page = await openPage(t);
  const aborted = new Script([{ messages: 1, ...hang }]);
  assert.equal((await call(page, { script: aborted, abortAfter: 1 })).code, Code.CANCELLED);
  assert.equal((await aborted.report(t, 1, 1)).executions[0]?.ending, Ending.CANCELLED);
  const late = new Script([hang]);
  assert.equal((await call(page, { script: late, timeoutMs: 1500 })).code, Code.DEADLINE_EXCEEDED);
  const [execution] = (await late.report(t, 1, 1)).executions;
  assert.ok(execution?.ending === Ending.CANCELLED || execution?.ending === Ending.DEADLINE);
});

test("98 a server that is down: UNAVAILABLE, retried, and the message says where to look, CORS too", async (t) => {
  const page = await openPage(t);
  const { origin, server } = await listen(t, () => {});
  await new Promise((resolve) => server.close(resolve));
  const outcome = await call(page, { baseUrl: origin, serviceConfig: retrying({ maxAttempts: 2 }) });
  assert.equal(outcome.code, Code.UNAVAILABLE);
  assert.equal(outcome.attempts.length, 2);
  assert.ok(outcome.message?.includes(`POST ${origin}${DO}`), outcome.message);
  assert.match(outcome.message ?? "", /CORS/);
});

test("98 a server that CORS does not let through: UNAVAILABLE with a hint at CORS and its headers", async (t) => {
  const page = await openPage(t);
  const { origin } = await listen(t, (_, response) => void response.writeHead(200).end());
  const outcome = await call(page, { baseUrl: origin });
  assert.equal(outcome.code, Code.UNAVAILABLE);
  assert.match(outcome.message ?? "", /CORS.*grpc-previous-rpc-attempts/);
});

test("101 a status that CORS hides: UNKNOWN with a hint to expose it", async (t) => {
  const page = await openPage(t);
  const { origin } = await listen(t, (request, response) => {
    response.setHeader("access-control-allow-origin", "*").setHeader("access-control-allow-headers", "*");
    if (request.method === "OPTIONS") response.writeHead(204).end();
    else response.writeHead(200, { "content-type": "application/grpc-web", "grpc-status": "14" }).end();
  });
  const outcome = await call(page, { baseUrl: origin, serviceConfig: retrying() });
  assert.equal(outcome.code, 2);
  assert.match(outcome.message ?? "", /Access-Control-Expose-Headers: grpc-status/);
  assert.equal(outcome.attempts.length, 1);
});

test("a base URL relative to the page: no preflight, and no word of CORS when it fails", async (t) => {
  const seen: string[] = [];
  const page = await openPage(t, {
    api: (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.destroy();
    },
  });
  const outcome = await call(page, { baseUrl: "/api" });
  assert.equal(outcome.code, Code.UNAVAILABLE);
  assert.doesNotMatch(outcome.message ?? "", /CORS/);
  assert.deepEqual(new Set(seen), new Set([`POST /api${DO}`]));
});

test("a death of the WebAssembly: pending calls are told, and a fresh instance takes the next call at once", async (t) => {
  const page = await openPage(t, { wasm: { body: await built("dist-debug/hedgerow.wasm") } });
  const pending = new Script([hang]);
  const good = new Script([]);
  for (const fault of ["Panic", "Overflow", "Exit"]) {
    const { codes, attempt, deaths } = await page.evaluate(
      async ({ baseUrl, method, fault, pending, good }) => {
        let deaths = 0;
        const onFatal = () => {
          deaths++;
        };
        const channel = await globalThis.hedgerow.createChannel({ baseUrl, onFatal });
        const code = (error: unknown) => (error as { code: number }).code;
        const calls = [Uint8Array.from(pending), new Uint8Array()].map((message, i) =>
          channel.unary(i === 0 ? method : `/hedgerow.Fault/${fault}`, message).then(() => 0, code),
        );
        const next = channel.unary(method, Uint8Array.from(good)); // in the same turn: there is no time to compile
        const codes = await Promise.all(calls);
        return { codes, attempt: Array.from((await next).message), deaths };
      },
      { baseUrl: SERVER, method: DO, fault, pending: Array.from(pending.bytes), good: Array.from(good.bytes) },
    );
    assert.deepEqual(codes, [Code.INTERNAL, Code.INTERNAL], fault);
    assert.ok(reply(Uint8Array.from(attempt)).attempt > 0);
    assert.equal(deaths, 1);
  }
});

test("in a module worker the package works as in a page", async (t) => {
  const page = await openPage(t, {
    api: (_, response) => {
      const source = `
        import { createChannel } from "/package/index.js";
        const channel = await createChannel({ baseUrl: ${JSON.stringify(SERVER)} });
        const { message } = await channel.unary("/helloworld.Greeter/SayHello", Uint8Array.of(10, 1, 65));
        postMessage(new TextDecoder().decode(message.subarray(2)));`;
      response.writeHead(200, { "content-type": "text/javascript" }).end(source);
    },
  });
  const answer = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
      }),
  );
  assert.equal(answer, "Hello A");
});
