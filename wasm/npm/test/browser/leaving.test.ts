// What becomes of calls when the user goes to another page. Chromium ends a page's requests after pagehide; Firefox and WebKit do when the
// navigation begins, while the page still runs, and its retry would reach the server. page-life.test.ts has what only Chromium can show.
import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { retrying } from "../support/calls.js";
import { DO, hang, Script, SERVER, STREAM, type StepInit } from "../support/server.js";
import { engine } from "./launch.js";
import { openPage } from "./pages.js";

const Code = { CANCELLED: 1 };

/** The page that is gone to. It is slow, so that the page that is left has time to do something wrong. */
const elsewhere: RequestListener = async (_, response) => {
  await pass(300);
  response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>elsewhere</title>");
};

const calls: Record<string, { method: string; step: StepInit; awaited: string; worker?: boolean }> = {
  "a unary call": { method: DO, step: hang, awaited: "attemptStarted" },
  "a stream that has begun": { method: STREAM, step: { messages: 1, ...hang }, awaited: "message" },
  "a call of a worker": { method: DO, step: hang, awaited: "attemptStarted", worker: true },
};

for (const [name, { method, step, awaited, worker }] of Object.entries(calls)) {
  test(`32 ${name} that its page's leaving ends is not retried, and takes no token`, async (t) => {
    const script = new Script([step]);
    const page = await openPage(t, { api: (request, response) => void elsewhere(request, response) });
    await page.evaluate(
      async ({ baseUrl, method, bytes, serviceConfig, worker }) => {
        const seen: string[] = [];
        const note = (what: string) => {
          seen.push(what);
          localStorage.setItem("seen", JSON.stringify(seen)); // which the next page can read
        };
        const onEvent: import("hedgerow").ChannelOptions["onEvent"] = (event) =>
          note(event.type === "callEnded" ? `${event.type} ${event.code}` : event.type);
        const channel = await globalThis.hedgerow.createChannel({ baseUrl, serviceConfig, worker, onEvent });
        const call = channel.serverStreaming(method, Uint8Array.from(bytes));
        (async () => {
          for await (const _ of call) note("message");
        })().catch(() => {});
      },
      {
        baseUrl: SERVER,
        method,
        bytes: Array.from(script.bytes),
        serviceConfig: retrying({}, { retryThrottling: { maxTokens: 10, tokenRatio: 1 } }),
        worker,
      },
    );
    await page.waitForFunction((awaited) => localStorage.getItem("seen")?.includes(awaited), awaited);
    await script.report(t, 1, 0);
    await page.evaluate(() => {
      location.href = "/elsewhere";
    });
    await page.waitForFunction(() => document.title === "elsewhere");
    const kept = worker && engine === "firefox"; // Firefox caches the page with its worker, whose requests then stay open
    const { started, executions } = await script.report(t, 1, kept ? 0 : 1);
    assert.deepEqual([started, executions[0]?.ending], [1, kept ? Ending.RUNNING : Ending.CANCELLED]);
    const seen: string[] = JSON.parse(await page.evaluate(() => localStorage.getItem("seen") ?? ""));
    assert.deepEqual(
      seen.filter((what) => ["throttle", "backoff"].includes(what)),
      [],
    );
    const [ended = `callEnded ${Code.CANCELLED}`] = seen.filter((what) => what.startsWith("callEnded")); // or the page was gone by then
    assert.equal(ended, `callEnded ${Code.CANCELLED}`);
  });
}
