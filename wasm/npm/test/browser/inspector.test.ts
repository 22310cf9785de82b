// <hedgerow-inspector> in a page with a strict Content-Security-Policy, and userTiming in a page.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Channel } from "hedgerow";
import type { HedgerowInspector } from "hedgerow/inspector";
import type { Page } from "playwright-core";
import { retrying } from "../support/calls.js";
import { DO, reply, Script, SERVER, status } from "../support/server.js";
import { openPage } from "./pages.js";

const require = createRequire(join(process.env["HEDGEROW_PACKAGE"] ?? ".", "package.json"));
const UNAVAILABLE = 14;
/** Nothing but the package's files, its WebAssembly, and calls. */
const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' ${SERVER}; img-src data:`;

declare global {
  /** In the page. */
  var kit: {
    readonly inspector: HedgerowInspector;
    /** A channel whose server fails a number of attempts of each call, and then answers. */
    open(failures: number): Promise<Channel>;
    call(channel: Channel): Promise<number>;
  };
}

interface Violation {
  readonly impact: string;
}

/** A page with an inspector, the attributes of which are given, and with a scripted fetch. */
async function openInspector(t: TestContext, attributes: Record<string, string> = {}): Promise<Page> {
  const page = await openPage(t, { policy });
  const complaints: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  t.after(() => assert.deepEqual(complaints, []));
  await page.evaluate(
    async ({ attributes, serviceConfig }) => {
      const path = "/package/inspector.js";
      await import(path);
      const inspector = document.createElement("hedgerow-inspector") as HedgerowInspector;
      for (const [name, value] of Object.entries(attributes)) inspector.setAttribute(name, value);
      document.body.append(inspector);
      const headers = { "content-type": "application/grpc-web" };
      const answer = () =>
        new Response(Uint8Array.of(0, 0, 0, 0, 0, 0x80, 0, 0, 0, 14, ...new TextEncoder().encode("grpc-status:0\n")), {
          headers,
        });
      const failure = () => new Response(null, { headers: { ...headers, "grpc-status": "14", "grpc-message": "busy" } });
      globalThis.kit = {
        inspector,
        open(failures) {
          let left = failures;
          const fetch = async () => {
            if (left-- > 0) return failure();
            left = failures;
            return answer();
          };
          return hedgerow.createChannel({ baseUrl: location.origin, serviceConfig, fetch });
        },
        call: (channel) =>
          channel.unary("/shop.Catalog/Search", new Uint8Array()).then(
            () => 0,
            ({ code }) => code,
          ),
      };
    },
    { attributes, serviceConfig: retrying() },
  );
  return page;
}

/** The next two frames: whatever is due is drawn then. */
const frames = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/** Waits until the inspector says this of its calls. */
const totals = (page: Page, text: string) => page.locator(".totals").filter({ hasText: text }).waitFor();

test("it shows the calls of a channel from attach to detach, and each attempt with its words", async (t) => {
  const page = await openInspector(t);
  await page.locator(".empty").filter({ hasText: "attach(channel)" }).waitFor();
  await page.evaluate(async () => {
    const opening = kit.open(2);
    const detach = kit.inspector.attach(opening, { name: "shop" });
    const channel = await opening;
    await kit.call(channel);
    detach();
    detach();
    await kit.call(channel);
  });
  await totals(page, "1 call · 1 retried or hedged");
  assert.equal(await page.locator(".row").count(), 1);
  assert.match((await page.locator(".row .note").textContent()) ?? "", /^✓ \d+ ms$|^✓ <1 ms$/);
  await page.locator(".bar[data-attempt='3']").click({ force: true });
  const details = page.locator(".details");
  assert.match((await details.locator("h3").textContent()) ?? "", /^Call 1 · shop · \/shop.Catalog\/Search$/);
  assert.match((await details.locator(".summary").textContent()) ?? "", /^3 attempts · OK · .* · committed by responseHeaders$/);
  const results = await details.locator("tbody tr td:nth-child(7)").allTextContents();
  assert.deepEqual(results, ["UNAVAILABLE", "UNAVAILABLE", "OK, committed"]);
  await page.getByRole("button", { name: "Close" }).click();
  assert.equal(await details.isVisible(), false);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.locator(".empty").filter({ hasText: "attach(channel)" }).waitFor();
});

test("the keyboard goes through all attempts and opens them", async (t) => {
  const page = await openInspector(t);
  await page.evaluate(async () => {
    const channel = await kit.open(1);
    kit.inspector.attach(channel);
    await kit.call(channel);
    await kit.call(channel);
  });
  await totals(page, "2 calls");
  await frames(page);
  await page.locator(".bar[tabindex='0']").focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  assert.match((await page.locator(".details h3").textContent()) ?? "", /^Call 2/);
  await page.keyboard.press("+");
  assert.equal(await page.getByRole("button", { name: "Show all" }).isEnabled(), true);
  await page.keyboard.press("0");
  assert.equal(await page.getByRole("button", { name: "Show all" }).isEnabled(), false);
});

test("filters, pause, and what is not a channel", async (t) => {
  const page = await openInspector(t);
  const refused = await page.evaluate(async () => {
    const [good, bad] = [await kit.open(0), await kit.open(9)];
    for (const channel of [good, bad]) kit.inspector.attach(channel);
    for (const channel of [good, bad, good]) await kit.call(channel);
    try {
      kit.inspector.attach({} as Channel);
      return "";
    } catch (error) {
      return String(error);
    }
  });
  assert.match(refused, /^TypeError: attach needs a channel that Hedgerow's createChannel made/);
  await totals(page, "3 calls · 1 retried or hedged · 1 failed");
  await page.getByRole("combobox").selectOption("Failed");
  await frames(page);
  assert.match((await page.locator(".row .note").textContent()) ?? "", /^✕ UNAVAILABLE/);
  await page.getByRole("combobox").selectOption("All calls");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.evaluate(async () => kit.call(await kit.open(0)));
  await frames(page);
  assert.equal(await page.locator(".row").count(), 3);
});

test("thousands of calls: the oldest are dropped, and it draws at most once a frame", async (t) => {
  const page = await openInspector(t, { "max-calls": "50" });
  const { frames, drawings } = await page.evaluate(async () => {
    const channel = await kit.open(1);
    kit.inspector.attach(channel);
    let [frames, drawings, on] = [0, 0, true];
    const frame = () => {
      frames++;
      if (on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const watched = kit.inspector.shadowRoot?.querySelector(".dense") as Node;
    new MutationObserver(() => drawings++).observe(watched, { childList: true });
    for (let i = 0; i < 300; i++) await Promise.all(Array.from({ length: 10 }, () => kit.call(channel)));
    on = false;
    return { frames, drawings };
  });
  assert.ok(drawings <= frames + 2, `${drawings} drawings in ${frames} frames`);
  await totals(page, "50 calls");
  const rows = page.locator(".row");
  assert.ok((await rows.count()) <= 50);
  assert.equal(await rows.last().getAttribute("data-call"), "3000");
});

test("worker: a channel in a worker is shown too, and measured on the page's timeline", async (t) => {
  const page = await openInspector(t);
  const script = new Script([status(UNAVAILABLE, "busy"), { messages: 1 }]);
  const result = await page.evaluate(
    async ({ baseUrl, serviceConfig, method, bytes }) => {
      const channel = await hedgerow.createChannel({ baseUrl, serviceConfig, worker: true, userTiming: true });
      kit.inspector.attach(channel);
      const { message } = await channel.unary(method, Uint8Array.from(bytes));
      channel.close();
      const measures = performance.getEntriesByType("measure").map(({ name }) => name);
      return { message: Array.from(message), measures };
    },
    { baseUrl: SERVER, serviceConfig: retrying(), method: DO, bytes: Array.from(script.bytes) },
  );
  assert.equal(reply(Uint8Array.from(result.message)).index, 1);
  const [name = "", ...attempts] = result.measures.sort();
  assert.match(name, /^hedgerow\.chaos\.v1\.Chaos\/Do #\d+$/);
  assert.deepEqual(attempts, [`${name} attempt 1`, `${name} attempt 2`]);
  await totals(page, "1 call · 1 retried or hedged");
  assert.equal(await page.locator(".bar").count(), 2);
});

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing serious in ${theme}, and it fits a phone`, async (t) => {
    const page = await openInspector(t, { theme });
    await page.setViewportSize({ width: 360, height: 740 });
    await page.evaluate(async () => {
      document.documentElement.lang = "en";
      const channel = await kit.open(9);
      kit.inspector.attach(channel);
      for (let i = 0; i < 20; i++) await kit.call(channel);
    });
    await totals(page, "20 calls");
    await page.locator(".bar").first().click({ force: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
    const found = (await page.evaluate("axe.run('hedgerow-inspector').then(({ violations }) => violations)")) as Violation[];
    assert.deepEqual(
      found.filter(({ impact }) => impact === "serious" || impact === "critical"),
      [],
    );
  });
}
