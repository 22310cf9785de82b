// createChannel({ worker: true }) in Chromium: the same API, its WebAssembly in a module worker.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { hedging, retrying } from "../support/calls.js";
import { DO, hang, reply, Script, SERVER, STREAM, status } from "../support/server.js";
import { openPage } from "./pages.js";

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:49151";

const Code = { CANCELLED: 1, DEADLINE_EXCEEDED: 4, UNAUTHENTICATED: 16, INTERNAL: 13, UNAVAILABLE: 14 };

const bytesOf = (script: Script) => Array.from(script.bytes);

/** Runs code in the page, with the package and what it is given. */
function inPage<A, R>(page: Page, run: (given: A) => Promise<R>, given: A): Promise<R> {
  return page.evaluate(run as never, given as never) as Promise<R>;
}

test("worker: a unary call is retried there, and all of its answer comes back, on the page's clock", async (t) => {
  const page = await openPage(t);
  const workers: string[] = [];
  page.on("worker", (worker) => workers.push(worker.url()));
  const busy = status(Code.UNAVAILABLE, "busy");
  const script = new Script(
    [busy, { header: [{ name: "x-head", value: "h" }], trailer: [{ name: "x-tail", value: "t" }] }],
    Uint8Array.of(7),
  );
  const seen = await inPage(
    page,
    async ({ baseUrl, method, bytes, serviceConfig }) => {
      const types: string[] = [];
      const ids = new Set<number>();
      const begun = performance.now();
      const channel = await globalThis.hedgerow.createChannel({
        baseUrl,
        serviceConfig,
        worker: true,
        metadata: ({ attempt }) => ({ "x-attempt": String(attempt) }),
        onEvent: (event) => {
          types.push(event.type);
          ids.add(event.callId);
        },
      });
      const message = Uint8Array.from(bytes);
      const call = channel.unary(method, message);
      message.fill(0); // The call has its own copy already.
      const { header, trailer, attempts, commitReason, message: answer } = await call;
      const ordered = [begun, ...attempts.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt ?? 0]), performance.now()];
      channel.close();
      return {
        answer: Array.from(answer),
        head: header.get("x-head"),
        before: header.get("grpc-previous-rpc-attempts"),
        tail: trailer.get("x-tail"),
        kinds: attempts.map(({ kind }) => kind),
        commitReason,
        types,
        ids: ids.size,
        inOrder: ordered.every((at, i) => i === 0 || at >= (ordered[i - 1] as number)),
      };
    },
    { baseUrl: SERVER, method: DO, bytes: bytesOf(script), serviceConfig: retrying() },
  );
  assert.deepEqual(reply(Uint8Array.from(seen.answer)).payload, Uint8Array.of(7));
  assert.deepEqual([seen.head, seen.before, seen.tail, seen.kinds], ["h", "1", "t", ["first", "retry"]]);
  assert.deepEqual([seen.commitReason, seen.ids, seen.inOrder], ["responseHeaders", 1, true]);
  assert.deepEqual([seen.types[0], seen.types.at(-1)], ["callStarted", "callEnded"]);
  assert.equal(workers.length, 1);
  const { executions } = await script.report(t, 2, 2);
  assert.deepEqual(
    executions.map(({ previousAttempts }) => previousAttempts),
    ["", "1"],
  );
});

test("158 worker: calls leave an endpoint that is gone, and a relative address is the page's", async (t) => {
  const page = await openPage(t);
  const script = new Script([{}]);
  const seen = await inPage(
    page,
    async ({ baseUrl, method, bytes, serviceConfig }) => {
      const channel = await globalThis.hedgerow.createChannel({ baseUrl, serviceConfig, worker: true });
      const ends: (string | undefined)[][] = [];
      for (let call = 0; call < 2; call++) {
        const { attempts } = await channel.unary(method, Uint8Array.from(bytes));
        ends.push(attempts.map(({ endpoint }) => endpoint));
      }
      channel.close();
      const refused = await globalThis.hedgerow
        .createChannel({ baseUrl: ["/api", "/api/", "ftp://x.test"], worker: true })
        .catch((error: { problems: { path: string; reason: string }[] }) => error.problems);
      return {
        ends,
        refused: (refused as { path: string; reason: string }[]).map(({ path, reason }) => `${path}: ${reason}`),
        origin: location.origin,
      };
    },
    { baseUrl: [NOWHERE, SERVER], method: DO, bytes: bytesOf(script), serviceConfig: retrying() },
  );
  assert.deepEqual(seen.ends, [[NOWHERE, SERVER], [SERVER]]);
  assert.match(seen.refused[0] ?? "", /^baseUrl\[1\]: "http.*\/api\/" is in the list already$/);
  assert.match(seen.refused[1] ?? "", /^baseUrl\[2\]: "ftp:/);
  assert.ok(seen.refused[0]?.includes(seen.origin));
});

test("worker: a stream is read, left by break, aborted, and ended by its deadline; the server sees each canceled", async (t) => {
  const page = await openPage(t);
  const left = new Script([{ messages: 1000 }]);
  const aborted = new Script([{ messages: 1, ...hang }]);
  const late = new Script([{ messages: 1, ...hang }]);
  const outcome = await inPage(
    page,
    async ({ baseUrl, method, left, aborted, late }) => {
      const channel = await globalThis.hedgerow.createChannel({ baseUrl, worker: true });
      let read = 0;
      for await (const _ of channel.serverStreaming(method, Uint8Array.from(left))) if (++read === 3) break;
      const abort = new AbortController();
      const reason = new Error("enough");
      const codes: unknown[] = [];
      const stream = channel.serverStreaming(method, Uint8Array.from(aborted), { signal: abort.signal });
      try {
        for await (const _ of stream) abort.abort(reason);
      } catch (error) {
        const failure = error as { code: number; cause: unknown };
        codes.push(
          failure.code,
          failure.cause === reason,
          failure instanceof globalThis.hedgerow.StatusError,
          stream.attempts.length,
        );
      }
      try {
        for await (const _ of channel.serverStreaming(method, Uint8Array.from(late), { timeoutMs: 1500 }));
      } catch (error) {
        codes.push((error as { code: number }).code);
      }
      channel.close();
      return { read, codes };
    },
    { baseUrl: SERVER, method: STREAM, left: bytesOf(left), aborted: bytesOf(aborted), late: bytesOf(late) },
  );
  assert.deepEqual(outcome, { read: 3, codes: [Code.CANCELLED, true, true, 1, Code.DEADLINE_EXCEEDED] });
  for (const script of [left, aborted, late]) assert.equal((await script.report(t, 1, 1)).ended, 1);
});

test("worker: hedging, close while calls run, and a fresh worker afterwards", async (t) => {
  const page = await openPage(t);
  const hedged = new Script([hang, {}]);
  const hung = new Script([hang]);
  const seen = await inPage(
    page,
    async ({ baseUrl, method, hedged, hung, serviceConfig }) => {
      const { createChannel } = globalThis.hedgerow;
      const channel = await createChannel({ baseUrl, serviceConfig, worker: true });
      const { attempts } = await channel.unary(method, Uint8Array.from(hedged));
      const running = channel.unary(method, Uint8Array.from(hung)).catch((error: { code: number; message: string }) => error);
      channel.close();
      const ended = (await running) as { code: number; message: string };
      const later = await channel.unary(method, new Uint8Array()).catch((error: { code: number }) => error.code);
      const again = await createChannel({ baseUrl, worker: true });
      const { commitReason } = await again.unary(method, new Uint8Array());
      again.close();
      return {
        kinds: attempts.map(({ kind, outcome }) => [kind, outcome]),
        code: ended.code,
        message: ended.message,
        later,
        commitReason,
      };
    },
    {
      baseUrl: SERVER,
      method: DO,
      hedged: bytesOf(hedged),
      hung: bytesOf(hung),
      serviceConfig: hedging({ maxAttempts: 2, hedgingDelay: "1s" }),
    },
  );
  assert.deepEqual(seen.kinds, [
    ["first", "aborted"],
    ["hedge", "committed"],
  ]);
  assert.deepEqual([seen.code, seen.later, seen.commitReason], [Code.CANCELLED, Code.CANCELLED, "responseHeaders"]);
  assert.match(seen.message, /channel was closed/);
});

test("worker: options that are wrong there or here are refused together, and functions cannot go there", async (t) => {
  const page = await openPage(t);
  const problems = await page.evaluate(async () => {
    const { createChannel } = globalThis.hedgerow;
    const paths = async (options: object) => {
      const error = (await createChannel({ baseUrl: "/", worker: true, ...options } as never).catch(
        (error: unknown) => error,
      )) as {
        name: string;
        problems?: { path: string }[];
      };
      return [error.name, ...(error.problems ?? []).map(({ path }) => path)];
    };
    return [
      await paths({ fetch: () => fetch("/") }),
      await paths({ webSocket: WebSocket, metadata: 7 }),
      await paths({ clock: {}, onEvent: 7, metadata: { "x-bin": "text" }, jitter: "none", maxRetryAttempts: 0 }),
      await paths({ serviceConfig: { methodConfig: 7 }, maxRetryAttempts: 0, nonsense: 1 }),
      await paths({ workerUrl: "/nowhere.js" }),
    ];
  });
  assert.deepEqual(problems, [
    ["ConfigError", "fetch"],
    ["ConfigError", "metadata", "webSocket"],
    ["ConfigError", "onEvent", "metadata", "clock", "jitter", "maxRetryAttempts"],
    ["ConfigError", "maxRetryAttempts", "nonsense", "methodConfig"],
    ["LoadError"],
  ]);
});
