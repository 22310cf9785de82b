// The demo page as make playground builds it: on a plain static file server, under a path, with a service worker as its server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { theBrowser } from "./chromium.js";
import { column, complete, outcome, pick, send, shownOnPage } from "./demo-page.js";
import { PATIENCE } from "./launch.js";
import { listen } from "./pages.js";

const TYPES: Record<string, string> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** What Firefox says where the service worker lets an answer break off, as it is told to. */
const BROKEN_OFF = /A ServiceWorker intercepted the request and encountered an unexpected error/;

/** Opens the playground, in a sub-folder of a host that knows files only. */
async function openPlayground(t: TestContext, hash = ""): Promise<Page> {
  const folder = await mkdtemp(join(tmpdir(), "hedgerow-playground-"));
  t.after(() => rm(folder, { recursive: true }));
  const root = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "../..");
  await promisify(execFile)(process.execPath, [join(root, "demo/playground.mjs"), folder]);
  const asked: string[] = [];
  const { origin } = await listen(t, async (request, response) => {
    const path = (request.url ?? "/").replace(/[?#].*/, "");
    asked.push(`${request.method} ${path}`);
    const name = path.startsWith("/some/where/") ? path.replace("/some/where/", "") || "index.html" : "";
    const file = request.method === "GET" && name ? await readFile(join(folder, name)).catch(() => undefined) : undefined;
    if (file) response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "text/html" }).end(file);
    else response.writeHead(404).end();
  });
  const context = await (await theBrowser()).newContext();
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints: string[] = [];
  const complain = (text: string) => {
    if (!BROKEN_OFF.test(text)) complaints.push(text);
  };
  page.on("console", (message) => void (message.type() === "error" && complain(message.text())));
  page.on("pageerror", (error) => complain(String(error)));
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
    assert.deepEqual(
      asked.filter((one) => !one.startsWith("GET /some/where/")),
      [],
      "the static host sees files alone, no calls",
    );
  });
  await page.goto(`${origin}/some/where/${hash ? `#${hash}` : ""}`);
  await page.waitForSelector("html[data-ready]");
  return page;
}

test("playground: it says what it is, and offers what a service worker can do", async (t) => {
  const page = await openPlayground(t, "story=cors");
  assert.match((await page.locator("#connection").textContent()) ?? "", /Playground: .* service worker/);
  assert.equal(await page.locator(".story").count(), 14);
  assert.equal(await page.locator("[data-story=healed][aria-current]").count(), 1, "instead of a story that it cannot tell");
  assert.equal(await page.locator('[name="server.where"], [name="calls.hold"], [value="bidi"]').count(), 0);
});

test("playground: a call is retried by the same client, and counted by its server", async (t) => {
  const page = await openPlayground(t);
  const [none, retried] = await complete(page);
  assert.equal(await outcome(none!), "0 of 3 calls OK · 3 attempts · server executed 3");
  assert.equal(await outcome(retried!), "3 of 3 calls OK · 9 attempts · server executed 9");
  const { bars } = await shownOnPage(retried!, 2);
  assert.deepEqual(pick(bars, "kind", "code", "winner"), [
    ["first", "UNAVAILABLE", undefined],
    ["retry", "UNAVAILABLE", undefined],
    ["retry", "OK", ""],
  ]);
  assert.deepEqual((await column(retried!, "previous")).slice(0, 3), ["none", "1", "2"]);
});

test("playground: pushback, early headers, streams that break, deadlines", async (t) => {
  const page = await openPlayground(t);
  await complete(page); // of the story that it begins with
  const play = async (story: string) => {
    await page.locator(`[data-story=${story}]`).click();
    return complete(page);
  };
  const [wait, stop] = await play("pushback");
  assert.deepEqual((await column(wait!, "wait")).slice(0, 3), ["none", "400 ms (pushback)", "400 ms (pushback)"]);
  assert.equal(await outcome(stop!), "0 of 3 calls OK · 3 attempts · server executed 3");
  const [strict, firstFrame] = await play("early");
  assert.equal(await outcome(strict!), "0 of 2 calls OK · 2 attempts · server executed 2");
  assert.equal(await outcome(firstFrame!), "2 of 2 calls OK · 6 attempts · server executed 6");
  const [before, after] = await play("stream");
  assert.match((await shownOnPage(before!)).summary, /^2 attempts · OK · 5 messages/);
  assert.match((await shownOnPage(after!)).summary, /^1 attempt · UNAVAILABLE · 2 messages/);
  const [, hedged] = await play("deadline");
  assert.match((await shownOnPage(hedged!)).summary, /DEADLINE_EXCEEDED · committed by deadline/);
  for (const text of await column(hedged!, "server")) assert.match(text, /canceled by the client|stopped at the deadline/);
});

test("playground: losers of a hedge are canceled at its server", async (t) => {
  const page = await openPlayground(
    t,
    "server.fails=none&server.latency=slowFirst&server.slow=60000&policy.policy=hedging&policy.hedging.maxAttempts=2&policy.hedging.hedgingDelay=0.4&calls.count=1",
  );
  const [run] = await send(page);
  assert.equal((await shownOnPage(run!)).summary, "2 attempts · OK · committed by responseHeaders · server executed 2");
  assert.match((await column(run!, "server"))[0] ?? "", /^canceled by the client/);
});
