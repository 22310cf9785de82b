// A server of another origin whose CORS answers leave something out: what a page sees of it, and that the lists of hedgerow/cors
// are complete.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import type { AttemptRecord, CallEvent, ChannelOptions, ServiceConfig } from "hedgerow";
import { allowedHeaders, allowedMethods, exposedHeaders } from "hedgerow/cors";
import type { Page } from "playwright-core";
import { retrying } from "../support/calls.js";
import { DO, Script, status } from "../support/server.js";
import { listen, openPage } from "./pages.js";

const UNAVAILABLE = 14;
const busy = status(UNAVAILABLE, "busy");
const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";

/** Starts the real server once more, so that it lets pages of other origins send only these headers. */
async function serverAllowing(t: TestContext, headers: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hedgerow-cors-"));
  const addresses = join(folder, "addresses.json");
  const args = ["-addr", "127.0.0.1:0", "-tls-addr", "", "-addresses", addresses, "-allow-headers", headers.join(",")];
  const server = spawn(join(packageDir, "..", "..", "bin", "server"), args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => server.once("close", resolve));
  t.after(async () => {
    server.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true });
  });
  for await (const line of createInterface(server.stdout)) if (line === "ready") break;
  return JSON.parse(await readFile(addresses, "utf8")).http;
}

interface Options extends Pick<ChannelOptions, "baseUrl" | "attemptHeader"> {
  readonly serviceConfig: ServiceConfig;
}

type Warning = Extract<CallEvent, { readonly type: "warning" }>;

interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly attempts: readonly AttemptRecord[];
  readonly warnings: readonly Warning[];
}

/** Makes calls of the page, one after the other, over one channel. */
function calls(page: Page, scripts: readonly Uint8Array[], options: Options): Promise<Outcome[]> {
  return page.evaluate(
    async ({ method, messages, options }) => {
      const { createChannel, StatusError } = globalThis.hedgerow;
      let warnings: Warning[] = [];
      const onEvent = (event: CallEvent) => {
        if (event.type === "warning") warnings.push(event);
      };
      const channel = await createChannel({ ...options, onEvent });
      const outcomes: Outcome[] = [];
      for (const message of messages) {
        warnings = [];
        try {
          const { attempts } = await channel.unary(method, Uint8Array.from(message), { timeoutMs: 120_000 });
          outcomes.push({ code: 0, message: "", attempts, warnings });
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
          outcomes.push({ code: error.code, message: error.message, attempts: error.attempts, warnings });
        }
      }
      channel.close();
      return outcomes;
    },
    { method: DO, messages: scripts.map((script) => Array.from(script)), options },
  );
}

async function call(page: Page, script: Uint8Array, options: Options): Promise<Outcome> {
  const [outcome] = await calls(page, [script], options);
  return outcome as Outcome;
}

const kindsAndCodes = ({ attempts }: Outcome) => attempts.map(({ kind, code }) => [kind, code]);
const standard = allowedHeaders.filter((name) => name !== "grpc-previous-rpc-attempts");

test('100 a server that allows only standard headers, and attemptHeader "always": UNAVAILABLE with a hint and the history', async (t) => {
  const [page, baseUrl] = [await openPage(t), await serverAllowing(t, standard)];
  const script = new Script([busy, {}]);
  const outcome = await call(page, script.bytes, {
    baseUrl,
    attemptHeader: "always",
    serviceConfig: retrying({ maxAttempts: 3 }),
  });
  assert.equal(outcome.code, UNAVAILABLE);
  assert.match(outcome.message, /CORS.*grpc-previous-rpc-attempts/);
  assert.deepEqual(
    outcome.attempts.map(({ kind, code, httpStatus }) => [kind, code, httpStatus]),
    [
      ["first", UNAVAILABLE, 200],
      ["retry", UNAVAILABLE, undefined],
      ["retry", UNAVAILABLE, undefined],
    ],
  );
  assert.equal(outcome.attempts[0]?.statusMessage, "busy");
  assert.equal((await script.report(t, 1, 1, baseUrl)).started, 1, "the browser sent no retry");
});

test('100 a server that allows only standard headers, and attemptHeader "never": the retry heals', async (t) => {
  const [page, baseUrl] = [await openPage(t), await serverAllowing(t, standard)];
  const script = new Script([busy, {}]);
  const outcome = await call(page, script.bytes, { baseUrl, attemptHeader: "never", serviceConfig: retrying() });
  assert.deepEqual(kindsAndCodes(outcome), [
    ["first", UNAVAILABLE],
    ["retry", 0],
  ]);
  assert.deepEqual(outcome.warnings, []);
  const { executions } = await script.report(t, 2, 2, baseUrl);
  assert.deepEqual(
    executions.map(({ previousAttempts }) => previousAttempts),
    ["", ""],
  );
});

test('100 a server that allows only standard headers, and attemptHeader "auto": healed, and said once', async (t) => {
  const [page, baseUrl] = [await openPage(t), await serverAllowing(t, standard)];
  const said: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "warning") said.push(message.text());
  });
  const scripts = [new Script([busy, {}]), new Script([busy, busy, {}])] as const;
  const options = { baseUrl, serviceConfig: retrying({ maxAttempts: 3 }) };
  const bytes = scripts.map((script) => script.bytes);
  const [first, second] = (await calls(page, bytes, options)) as [Outcome, Outcome];
  assert.deepEqual(
    first.attempts.map(({ number, kind, code, httpStatus }) => [number, kind, code, httpStatus]),
    [
      [1, "first", UNAVAILABLE, 200],
      [2, "retry", UNAVAILABLE, undefined],
      [2, "transparent", 0, 200],
    ],
  );
  assert.deepEqual(
    first.warnings.map(({ warning }) => warning),
    ["corsSuspected"],
  );
  assert.deepEqual(first.warnings[0]?.requiredHeaders?.allow, allowedHeaders);
  assert.deepEqual(
    second.attempts.map(({ number, kind, code }) => [number, kind, code]),
    [
      [1, "first", UNAVAILABLE],
      [2, "retry", UNAVAILABLE],
      [3, "retry", 0],
    ],
  );
  assert.deepEqual(second.warnings, []);
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0] ?? "", /grpc-previous-rpc-attempts/);
  const seen = await Promise.all(scripts.map((script, i) => script.report(t, i + 2, i + 2, baseUrl)));
  assert.deepEqual(
    seen.map(({ executions }) => executions.map(({ previousAttempts }) => previousAttempts)),
    [
      ["", ""],
      ["", "", ""],
    ],
  );
});

test("a server that allows allowedHeaders of hedgerow/cors, and no more, gets retries with their number", async (t) => {
  const [page, baseUrl] = [await openPage(t), await serverAllowing(t, allowedHeaders)];
  const script = new Script([busy, busy, {}]);
  const outcome = await call(page, script.bytes, { baseUrl, attemptHeader: "always", serviceConfig: retrying() });
  assert.deepEqual(kindsAndCodes(outcome), [
    ["first", UNAVAILABLE],
    ["retry", UNAVAILABLE],
    ["retry", 0],
  ]);
  const { executions } = await script.report(t, 3, 3, baseUrl);
  assert.deepEqual(
    executions.map(({ previousAttempts }) => previousAttempts),
    ["", "1", "2"],
  );
});

/**
 * Answers every call with a Trailers-Only UNAVAILABLE whose pushback, -1, stops retries, and exposes only these headers to pages.
 */
const stopping =
  (exposed: readonly string[], seen: (string | undefined)[]): RequestListener =>
  (request, response) => {
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "");
    response.setHeader("access-control-expose-headers", exposed.join());
    if (request.method === "OPTIONS") {
      response.setHeader("access-control-allow-methods", allowedMethods.join());
      response.writeHead(204, { "access-control-allow-headers": allowedHeaders.join() }).end();
      return;
    }
    seen.push(request.headers["grpc-previous-rpc-attempts"] as string | undefined);
    const fields = { "grpc-status": "14", "grpc-message": "over%20load", "grpc-retry-pushback-ms": "-1" };
    response.writeHead(200, { "content-type": "application/grpc-web+proto", ...fields }).end();
  };

test("a server that exposes exposedHeaders of hedgerow/cors: status, message and pushback are seen", async (t) => {
  const page = await openPage(t);
  const seen: (string | undefined)[] = [];
  const { origin } = await listen(t, stopping(exposedHeaders, seen));
  const outcome = await call(page, new Uint8Array(), { baseUrl: origin, serviceConfig: retrying() });
  assert.deepEqual([outcome.code, outcome.message, outcome.attempts.length], [UNAVAILABLE, "over load", 1]);
  assert.deepEqual(outcome.attempts[0]?.pushback, { stop: true });
  assert.deepEqual(seen, [undefined]);
});

test('a server that exposes all but the pushback: its "stop" is not heard', async (t) => {
  const page = await openPage(t);
  const seen: (string | undefined)[] = [];
  const exposed = exposedHeaders.filter((name) => name !== "grpc-retry-pushback-ms");
  const { origin } = await listen(t, stopping(exposed, seen));
  const outcome = await call(page, new Uint8Array(), { baseUrl: origin, serviceConfig: retrying({ maxAttempts: 2 }) });
  assert.deepEqual([outcome.code, outcome.message, outcome.attempts.length], [UNAVAILABLE, "over load", 2]);
  assert.deepEqual(seen, [undefined, "1"]);
});
