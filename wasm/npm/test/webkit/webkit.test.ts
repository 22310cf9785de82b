// What the package does in WebKit, the engine of Safari, of which WebKitGTK is the build that runs on Linux: one call of each kind. The
// suite for Chromium and Firefox (../browser) has the rest. The network below WebKitGTK is another than Safari's.
import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import type { AttemptRecord, ChannelOptions } from "hedgerow";
import { type SiteOptions, serveSite } from "../browser/pages.js";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { COLLECT, CONVERSE, cut, DO, hang, reply, Script, SERVER, STREAM, type StepInit, status } from "../support/server.js";
import { WebKit } from "./driver.js";

const Code = { OK: 0, CANCELLED: 1, DEADLINE_EXCEEDED: 4, INTERNAL: 13, UNAVAILABLE: 14 };
const busy = status(Code.UNAVAILABLE, "busy");

let page: WebKit;
before(async () => {
  page = await WebKit.launch();
});
after(() => page?.close());

/** Loads a page of a site of its own, with the package in `hedgerow`. */
async function open(t: TestContext, options: SiteOptions = {}): Promise<string> {
  const origin = await serveSite(t, options);
  await page.goto(origin);
  await page.until(() => "hedgerow" in globalThis);
  return origin;
}

interface Call {
  readonly options?: Omit<Partial<ChannelOptions>, "metadata" | "clock" | "onEvent">;
  readonly method?: string;
  readonly messages: readonly (readonly number[])[];
  readonly timeoutMs?: number;
  /** The caller aborts at the first message. */
  readonly abort?: boolean;
  readonly entry?: string;
}

interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly answers: readonly (readonly number[])[];
  readonly attempts: readonly AttemptRecord[];
  readonly warnings: readonly string[];
}

declare global {
  var controller: AbortController;
  var outcome: Promise<Outcome>;
}

async function call(made: Call): Promise<Outcome> {
  await begin(made);
  return page.run(() => globalThis.outcome);
}

/**
 * Begins a call of the page. It is a bidirectional stream, because all kinds of calls use the same machine. A driver runs one script at a
 * time, so this one does not wait for the outcome.
 */
async function begin({ options, method = DO, ...more }: Call): Promise<void> {
  await page.run(
    ({ options, method, messages, timeoutMs, abort, entry }) => {
      globalThis.controller = new AbortController();
      const { controller } = globalThis;
      const make = async (): Promise<Outcome> => {
        const { createChannel, StatusError }: typeof import("hedgerow") = await import(entry ?? "/package/index.js");
        const channel = await createChannel(options as ChannelOptions);
        const warnings: string[] = [];
        const answers: number[][] = [];
        const onEvent: ChannelOptions["onEvent"] = (event) => {
          if (event.type === "warning") warnings.push(event.warning);
        };
        const request = messages.map((message) => Uint8Array.from(message));
        const stream = channel.bidiStreaming(method, request, { signal: controller.signal, timeoutMs, onEvent });
        try {
          for await (const answer of stream) {
            answers.push(Array.from(answer));
            if (abort) controller.abort();
          }
          return { code: 0, message: "", answers, attempts: stream.attempts, warnings };
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
          const { code, message, attempts } = error;
          return { code, message, answers, attempts, warnings };
        } finally {
          channel.close();
        }
      };
      globalThis.outcome = make();
      globalThis.outcome.catch(() => {});
    },
    { options: { baseUrl: SERVER, ...options }, method, ...more },
  );
}

const play = (steps: StepInit[]) => {
  const script = new Script(steps);
  return { script, messages: [Array.from(script.bytes)] };
};
const codes = ({ attempts }: Outcome) => attempts.map(({ code }) => code);
const reached = ({ answers }: Outcome) => answers.map((answer) => reply(Uint8Array.from(answer)).attempt);

test("unary", async (t) => {
  await open(t);
  const outcome = await call(play([{}]));
  assert.deepEqual([outcome.code, reached(outcome)], [Code.OK, [1]], outcome.message);
});

test("stream", async (t) => {
  await open(t);
  const outcome = await call({ method: STREAM, ...play([{ messages: 5 }]) });
  assert.deepEqual([outcome.code, outcome.answers.length], [Code.OK, 5], outcome.message);
});

test("retry: 19 98 a status, a failure of HTTP and a lost connection; the server sees the attempts header", async (t) => {
  await open(t);
  const { script, messages } = play([busy, { end: { case: "raw", value: { httpStatus: 503 } } }, cut(), {}]);
  const outcome = await call({ messages, options: { serviceConfig: retrying() } });
  assert.deepEqual(codes(outcome), [Code.UNAVAILABLE, Code.UNAVAILABLE, Code.UNAVAILABLE, Code.OK], outcome.message);
  const { executions } = await script.report(t, 4, 4);
  assert.deepEqual(
    executions.map(({ previousAttempts }) => previousAttempts),
    ["", "1", "2", "3"],
  );
});

test("hedge: 79 one wins, and the server sees the others canceled", async (t) => {
  await open(t);
  const { script, messages } = play([hang, hang, {}]);
  const outcome = await call({ messages, options: { serviceConfig: hedging() } });
  assert.deepEqual([outcome.code, reached(outcome)], [Code.OK, [3]], outcome.message);
  const { executions } = await script.report(t, 3, 3);
  assert.deepEqual(executions.map(({ ending }) => ending).sort(), [Ending.PLAYED, Ending.CANCELLED, Ending.CANCELLED]);
});

test("deadline", async (t) => {
  await open(t);
  const { script, messages } = play([hang]);
  const { code, attempts } = await call({ messages, timeoutMs: 1000, options: { serviceConfig: retrying() } });
  assert.deepEqual([code, attempts.length], [Code.DEADLINE_EXCEEDED, 1]);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("abort: before an answer and within a stream, the server sees it", async (t) => {
  await open(t);
  const waiting = play([hang]);
  await begin({ messages: waiting.messages });
  await waiting.script.report(t, 1, 0);
  await page.run(() => globalThis.controller.abort());
  assert.equal((await page.run(() => globalThis.outcome)).code, Code.CANCELLED);
  const begun = play([{ messages: 1, ...hang }]);
  const late = await call({ method: STREAM, messages: begun.messages, abort: true });
  assert.deepEqual([late.code, late.answers.length], [Code.CANCELLED, 1]);
  for (const { script } of [waiting, begun]) assert.equal((await script.report(t, 1, 1)).executions[0]?.ending, Ending.CANCELLED);
});

test("CORS: 100 a server that does not allow the attempts header: the retry heals, and warns once", async (t) => {
  await open(t);
  const baseUrl = `${SERVER}/fixed-list`;
  const outcome = await call({ ...play([busy, {}]), options: { baseUrl, serviceConfig: retrying() } });
  assert.deepEqual([outcome.code, reached(outcome)], [Code.OK, [2]], outcome.message);
  assert.deepEqual(
    outcome.attempts.map(({ kind }) => kind),
    ["first", "retry", "transparent"],
  );
  assert.deepEqual(outcome.warnings, ["corsSuspected"]);
});

test("WebSocket: what fails is retried with all messages", async (t) => {
  await open(t);
  const { script, messages } = play([busy, cut(), {}]);
  const outcome = await call({ method: COLLECT, messages, options: { webSocket: true, serviceConfig: retrying() } });
  assert.deepEqual(codes(outcome), [Code.UNAVAILABLE, Code.UNAVAILABLE, Code.OK], outcome.message);
  assert.equal(outcome.attempts[2]?.httpStatus, 101);
  assert.equal((await script.report(t, 3, 3)).started, 3);
});

test("worker", async (t) => {
  await open(t);
  const { script, messages } = play([busy, hang, {}]);
  const outcome = await call({ messages, options: { worker: true, serviceConfig: retrying() }, timeoutMs: 2000 });
  assert.deepEqual([outcome.code, outcome.attempts.length], [Code.DEADLINE_EXCEEDED, 2], outcome.message);
  assert.equal((await script.report(t, 2, 2)).started, 2);
});

test("service worker: a call without a policy is retried by it", async (t) => {
  const program = `import { install } from "/package/service-worker.js";
    install({ origins: ["${SERVER}"], serviceConfig: ${JSON.stringify(retrying())} });
    addEventListener("install", () => skipWaiting());
    addEventListener("activate", (event) => event.waitUntil(clients.claim()));`;
  await open(t, { api: (_, response) => void response.writeHead(200, { "content-type": "text/javascript" }).end(program) });
  await page.run(async () => {
    const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
    await navigator.serviceWorker.register("/sw.js", { type: "module" });
    await controlled;
  });
  const { script, messages } = play([busy, {}]);
  const outcome = await call({ messages });
  assert.deepEqual([outcome.code, reached(outcome), outcome.attempts.length], [Code.OK, [2], 1], outcome.message);
  assert.equal((await script.report(t, 2, 2)).started, 2);
});

const strict = "default-src 'none'; script-src 'self'";

test("inline: nothing is fetched but the calls", async (t) => {
  await open(t, { policy: `${strict} 'wasm-unsafe-eval'; connect-src ${SERVER}` });
  const outcome = await call({ ...play([{}]), entry: "/package/inline.js" });
  assert.equal(outcome.code, Code.OK, outcome.message);
});

test("strict CSP: with wasm-unsafe-eval and connect-src all is well", async (t) => {
  await open(t, { policy: `${strict} 'wasm-unsafe-eval'; connect-src 'self' ${SERVER}` });
  assert.equal((await call(play([{}]))).code, Code.OK);
});

test("CSP without wasm-unsafe-eval: the LoadError names the remedy, and so does hedgerow/inline", async (t) => {
  await open(t, { policy: `${strict}; connect-src 'self'` });
  for (const entry of ["/package/index.js", "/package/inline.js"]) {
    const said = await page.run(async (entry) => {
      const { createChannel, LoadError }: typeof import("hedgerow") = await import(entry);
      const error: unknown = await createChannel({ baseUrl: "https://api.test" }).catch((error) => error);
      return error instanceof LoadError ? error.message : `no LoadError: ${String(error)}`;
    }, entry);
    assert.match(said, /could not be compiled.*script-src 'wasm-unsafe-eval'$/);
  }
});

test("CSP whose connect-src forbids the server: INTERNAL, once, and the directive is named, by fetch and by WebSocket", async (t) => {
  await open(t, { policy: `${strict} 'wasm-unsafe-eval'; connect-src 'self'` });
  for (const webSocket of [false, true]) {
    const outcome = await call({ method: CONVERSE, ...play([{}]), options: { webSocket, serviceConfig: retrying() } });
    assert.deepEqual([outcome.code, outcome.attempts.length], [Code.INTERNAL, 1], outcome.message);
    assert.match(outcome.message, /Content-Security-Policy forbids.*connect-src/);
  }
});

test("requestStreaming is refused, and nothing is sent in its place", async (t) => {
  await open(t);
  const { script, messages } = play([{}]);
  const outcome = await call({ messages, options: { requestStreaming: true, serviceConfig: retrying() } });
  assert.deepEqual([outcome.code, outcome.attempts.length], [Code.INTERNAL, 1]);
  assert.match(outcome.message, /cannot send a stream: leave requestStreaming out$/);
  assert.equal((await script.report(t, 0, 0)).started, 0);
});

test("leaving the page: 32 what it ends is not retried, and takes no token", async (t) => {
  const origin = await open(t, {
    api: async (_, response) => {
      await pass(300); // The page that is left has time to do something wrong.
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>elsewhere</title>");
    },
  });
  const { script, messages } = play([hang]);
  await page.run(
    async ({ baseUrl, method, bytes, serviceConfig }) => {
      const seen: string[] = [];
      const channel = await globalThis.hedgerow.createChannel({
        baseUrl,
        serviceConfig,
        onEvent: ({ type }) => {
          seen.push(type);
          localStorage.setItem("seen", JSON.stringify(seen)); // which the next page can read
        },
      });
      channel.unary(method, Uint8Array.from(bytes)).catch(() => {});
    },
    {
      baseUrl: SERVER,
      method: DO,
      bytes: messages[0] ?? [],
      serviceConfig: retrying({}, { retryThrottling: { maxTokens: 10, tokenRatio: 1 } }),
    },
  );
  await script.report(t, 1, 0);
  await page.run((url) => {
    setTimeout(() => {
      location.href = url;
    });
  }, `${origin}/elsewhere`);
  await page.until(() => document.title === "elsewhere");
  const { started, executions } = await script.report(t, 1, 1);
  assert.deepEqual([started, executions[0]?.ending], [1, Ending.CANCELLED]);
  const seen: string[] = JSON.parse(await page.run(() => localStorage.getItem("seen") ?? ""));
  assert.deepEqual(
    seen.filter((what) => ["throttle", "backoff"].includes(what)),
    [],
  );
});
