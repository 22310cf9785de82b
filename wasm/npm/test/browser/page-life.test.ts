// Calls in pages that Chromium throttles, freezes, and keeps in its back/forward cache.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { retrying } from "../support/calls.js";
import { DO, hang, Script, SERVER, STREAM, type StepInit, status } from "../support/server.js";
import { Chromium, type Tab } from "./devtools.js";
import { onlyChromium } from "./launch.js";
import { serveSite } from "./pages.js";

const driven = onlyChromium("only Chromium's DevTools can put a page to sleep");

const Code = { CANCELLED: 1, DEADLINE_EXCEEDED: 4, UNAVAILABLE: 14 };
const busy = (pushback: number): StepInit => ({ ...status(Code.UNAVAILABLE, "busy"), pushback: [String(pushback)] });

interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly attempts: readonly (number | undefined)[];
  readonly tokens: number;
  readonly ms: number;
}

/** What the page records until the test asks for it. */
interface Notes {
  events: string[];
  outcome: Outcome | undefined;
  marks: string[];
}
declare global {
  var notes: Notes;
}

/** A tab in which a call runs. It records the call's events and its end. */
async function begin(t: TestContext, script: Script, options: { timeoutMs?: number; method?: string; hidden?: boolean } = {}) {
  const api = (_: unknown, response: import("node:http").ServerResponse) =>
    void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>other</title>");
  const origin = await serveSite(t, { api });
  const browser = await Chromium.launch(t);
  const tab = await browser.open(origin);
  await tab.until(() => "hedgerow" in globalThis);
  if (options.hidden) await tab.hide();
  await tab.run(
    async ({ baseUrl, method, bytes, timeoutMs, serviceConfig }) => {
      globalThis.notes = { events: [], outcome: undefined, marks: [] };
      const { notes } = globalThis;
      for (const type of ["freeze", "resume"]) document.addEventListener(type, () => notes.marks.push(type));
      for (const type of ["pagehide", "pageshow"]) {
        addEventListener(type, (event) => notes.marks.push(`${type} ${(event as PageTransitionEvent).persisted}`));
      }
      let tokens = 10;
      const channel = await globalThis.hedgerow.createChannel({
        baseUrl,
        serviceConfig,
        onEvent: (event) => {
          notes.events.push(event.type);
          if (event.type === "throttle") tokens = event.tokens;
        },
      });
      // In hidden pages all timers fire together, once a second. The call begins just after that.
      if (document.visibilityState === "hidden") await new Promise((resolve) => setTimeout(resolve, 10));
      const begun = performance.now();
      const stream = channel.serverStreaming(method, Uint8Array.from(bytes), timeoutMs ? { timeoutMs } : {});
      (async () => {
        for await (const _ of stream) notes.events.push("message");
      })().catch(({ code, message, attempts }) => {
        const ms = performance.now() - begun;
        notes.outcome = { code, message, attempts: attempts.map((attempt: { code?: number }) => attempt.code), tokens, ms };
      });
    },
    {
      baseUrl: SERVER,
      method: options.method ?? STREAM,
      bytes: Array.from(script.bytes),
      timeoutMs: options.timeoutMs,
      serviceConfig: retrying({}, { retryThrottling: { maxTokens: 10, tokenRatio: 1 } }),
    },
  );
  return tab;
}

async function outcome(tab: Tab): Promise<Outcome> {
  await tab.until(() => globalThis.notes?.outcome !== undefined);
  return (await tab.run(() => globalThis.notes.outcome)) as Outcome;
}

const happened = (tab: Tab, event: string) => tab.until((event) => globalThis.notes.events.includes(event), event);

/** Goes to another page, which leaves this one in the back/forward cache. */
async function leave(tab: Tab): Promise<void> {
  await tab.run(() => {
    location.href = "/other";
  });
  await tab.until(() => document.title === "other" && document.readyState === "complete");
}

async function comeBack(tab: Tab): Promise<void> {
  await tab.run(() => history.back());
  await tab.until(() => document.title === "test");
}

test("a throttled page: what is due late is looked at by the clock, the deadline before the backoff", driven, async (t) => {
  const script = new Script([busy(1250), {}]); // The server must answer within the deadline.
  const tab = await begin(t, script, { timeoutMs: 1300, hidden: true });
  const { code, attempts, ms } = await outcome(tab);
  t.diagnostic(`the deadline of 1300 ms was told after ${ms.toFixed(0)} ms`);
  assert.deepEqual([code, attempts], [Code.DEADLINE_EXCEEDED, [Code.UNAVAILABLE]]);
  assert.ok(ms >= 1400, `the page was not throttled: ${ms} ms`);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("a frozen page: when it wakes, the deadline that has passed comes before the backoff that is due", driven, async (t) => {
  const script = new Script([busy(4000), {}]); // The page must be frozen before this time is over.
  const tab = await begin(t, script, { timeoutMs: 5000, hidden: true });
  await happened(tab, "backoff");
  await tab.setFrozen(true);
  await pass(5100); // In a frozen page nothing happens that the test could wait for.
  assert.deepEqual(await tab.run(() => [globalThis.notes.marks, globalThis.notes.outcome]), [["freeze"], null]);
  await tab.setFrozen(false);
  const { code, message, attempts } = await outcome(tab);
  assert.deepEqual([code, attempts], [Code.DEADLINE_EXCEEDED, [Code.UNAVAILABLE]]);
  assert.match(message, /attempt 1 had failed/);
  assert.equal((await script.report(t, 1, 1)).started, 1);
});

test("a frozen page: when it wakes in time, the retry that is due is made", driven, async (t) => {
  const script = new Script([busy(1000), { messages: 1, ...hang }]);
  const tab = await begin(t, script, { hidden: true });
  await happened(tab, "backoff");
  await tab.setFrozen(true);
  await pass(1100);
  await tab.setFrozen(false);
  await happened(tab, "message");
  assert.equal((await script.report(t, 2, 1)).started, 2);
});

test("a page in the back/forward cache: when it comes back, its deadline has passed", driven, async (t) => {
  const script = new Script([hang]);
  const tab = await begin(t, script, { timeoutMs: 2500 });
  await script.report(t, 1, 0);
  await leave(tab);
  await pass(2600);
  await comeBack(tab);
  const { code, tokens } = await outcome(tab);
  assert.deepEqual(await tab.run(() => globalThis.notes.marks), ["pagehide true", "freeze", "resume", "pageshow true"]);
  assert.deepEqual([code, tokens], [Code.DEADLINE_EXCEEDED, 10]);
});

test("a page that came back from the back/forward cache goes on reading its stream", driven, async (t) => {
  const script = new Script([
    { messages: 2, messageDelay: { distribution: { case: "fixedMs", value: 400 } }, end: { case: "hang", value: {} } },
  ]);
  const tab = await begin(t, script);
  await happened(tab, "message");
  await leave(tab);
  await comeBack(tab);
  await tab.until(() => globalThis.notes.events.filter((event) => event === "message").length === 2);
  assert.ok((await tab.run(() => globalThis.notes.marks)).includes("pageshow true"));
});

test("32 requests that the page's leaving ended are CANCELLED: not retried, no token taken", driven, async (t) => {
  const script = new Script([hang]);
  const tab = await begin(t, script);
  await script.report(t, 1, 0);
  // Some browsers end the requests of a page that they cache. This does what they do, in the same order.
  await tab.run(() => {
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    document.dispatchEvent(new Event("visibilitychange"));
    window.stop();
  });
  const { code, message, attempts, tokens } = await outcome(tab);
  assert.deepEqual([code, attempts, tokens], [Code.CANCELLED, [Code.CANCELLED], 10]);
  assert.match(message, /ended by something other than this client/);
  const { started, executions } = await script.report(t, 1, 1);
  assert.deepEqual([started, executions[0]?.ending], [1, Ending.CANCELLED]);
});

test("a page that is left for good ends its calls at the server, and retries none", driven, async (t) => {
  const script = new Script([hang]);
  const tab = await begin(t, script, { method: DO });
  await script.report(t, 1, 0);
  await tab.run(() => addEventListener("unload", () => {})); // Chromium does not cache pages with such a listener.
  await leave(tab);
  const { started, executions } = await script.report(t, 1, 1);
  assert.deepEqual([started, executions[0]?.ending], [1, Ending.CANCELLED]);
});
