// The demo page's settings and tools: what they send, and what they show of it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { server } from "./chromium.js";
import { column, complete, openDemo, outcome, pick, send, shown } from "./demo-page.js";
import { engine } from "./launch.js";
import { report } from "./report.js";

const { CANCELLED } = Ending;

/** The radio buttons themselves are out of sight; their labels are what is clicked. */
const choose = (page: Page, name: string, value: string) =>
  page.locator(`label:has(input[name="${name}"][value="${value}"])`).click();
const fill = (page: Page, name: string, value: string) => page.locator(`[name="${name}"]`).fill(value);

const hangs = "server.fails=all&server.how=hang&policy.policy=none";

test("what the form says is what is sent", async (t) => {
  const { page, requests } = await openDemo(t);
  await choose(page, "server.fails", "all");
  await page.locator('[name="server.code"]').selectOption("ABORTED");
  await choose(page, "policy", "none");
  await choose(page, "calls.kind", "stream");
  await fill(page, "calls.count", "2");
  const [run] = await send(page);
  for (const number of [1, 2]) {
    const { call, bars, server } = await shown(run!, number);
    assert.deepEqual(pick([call], "policy", "attempts", "code"), [["none", "1", "ABORTED"]]);
    assert.equal(bars.length, 1);
    assert.deepEqual(
      server.executions.map(({ previousAttempts, code }) => [previousAttempts, code]),
      [["", 10]],
    );
  }
  assert.equal(requests.filter((url) => url.endsWith("Chaos/Stream")).length, 2);
});

test("a story of two runs hides the choice of a comparison, and says what it sends", async (t) => {
  const { page } = await openDemo(t, "story=pushback");
  const choice = page.getByRole("radiogroup", { name: "Compare" });
  assert.equal(await choice.isVisible(), false);
  assert.equal(await page.locator("#send").textContent(), "Send 2 × 3 calls");
  assert.match((await page.locator("#story-runs").textContent()) ?? "", /twice: “Wait 400 ms”, then “Stop”/);
  await fill(page, "server.ms", "20");
  await choice.waitFor();
  assert.equal(await page.locator("#story-runs").isVisible(), false);
  assert.equal(await page.locator("#send").textContent(), "Send 3 calls");
});

test("the button says how many calls are sent, also when fewer are sent than asked for", async (t) => {
  const { page } = await openDemo(t, "calls.count=9999.5");
  assert.equal(await page.locator("#send").textContent(), "Send 2000 calls");
});

test("settings are compared with no policy, call by call the same", async (t) => {
  const { page } = await openDemo(t, "server.fails=share&server.rate=50&calls.compare=none&calls.count=6&calls.order=sequence");
  const [none, retried] = await send(page);
  const firsts = async (run: typeof none) => {
    const [calls, results] = [await column(run!, "attempt"), await column(run!, "result")];
    return results.filter((_, i) => calls[i] === "1").map((text) => text.replace(", committed", ""));
  };
  assert.deepEqual(await firsts(none), await firsts(retried), "the first attempts meet the same fates");
  assert.equal(new Set(await firsts(none)).size, 2, "of which there are two");
});

test("a hedge overtakes a slow attempt, and the server sees the loser canceled", async (t) => {
  const { page } = await openDemo(
    t,
    "server.fails=none&server.latency=slowFirst&server.slow=60000&policy.policy=hedging&policy.hedging.maxAttempts=2&policy.hedging.hedgingDelay=0.4&calls.count=1",
  );
  const [run] = await send(page);
  const { summary, bars, server } = await shown(run!);
  assert.equal(summary, "2 attempts · OK · committed by responseHeaders · server executed 2");
  assert.deepEqual(pick(bars, "attempt", "kind", "outcome", "winner"), [
    ["1", "first", "aborted", undefined],
    ["2", "hedge", "committed", ""],
  ]);
  assert.equal(await run!.locator(".delay[data-state=fired]").count(), 1);
  assert.deepEqual(await column(run!, "wait"), ["none", "400 ms (hedging delay)"]);
  const loser = server.executions.find(({ previousAttempts }) => previousAttempts === "");
  assert.equal(loser?.ending, CANCELLED, "the loser was canceled, and did not run to its end a minute later");
});

test("Stop cancels a running call, and the server sees that", async (t) => {
  const { page } = await openDemo(t, `${hangs}&calls.order=sequence`);
  await page.getByRole("button", { name: "Send 3 calls" }).click();
  await page.waitForSelector(".bar[data-running]");
  const id = (await page.locator("article").first().getAttribute("data-id")) ?? "";
  await report(id, 1, 0); // If it were aborted earlier, the attempt might never reach the server.
  await page.getByRole("button", { name: "Stop" }).click();
  await complete(page);
  assert.deepEqual(await page.locator("article .summary").allTextContents(), [
    "1 attempt · CANCELLED · committed by cancelled · server executed 1",
    "not sent",
    "not sent",
  ]);
  assert.deepEqual(
    (await report(id, 1)).executions.map(({ ending }) => ending),
    [CANCELLED],
  );
});

test("what is wrong with a policy stands at its field and in the JSON, and nothing is sent", async (t) => {
  const { page, requests } = await openDemo(t, "server.fails=none");
  await fill(page, "retry.maxAttempts", "1");
  await fill(page, "retry.initialBackoff", "5m");
  const field = page.locator('[name="retry.maxAttempts"]');
  await page.waitForSelector('[name="retry.maxAttempts"][aria-invalid=true]');
  assert.match((await page.locator('[id="problem-retry.maxAttempts"]').textContent()) ?? "", /2 or more/);
  assert.notEqual(await page.locator('[id="problem-retry.initialBackoff"]').textContent(), "");
  await page.getByRole("button", { name: /^Send/ }).click();
  await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "retry.maxAttempts");
  assert.equal(requests.filter((url) => url.endsWith("Chaos/Do")).length, 0);
  await page.locator("#json summary").click();
  const place = page.locator("#json-problems li", { hasText: "maxAttempts" }).locator(".place");
  await place.click();
  const [line, marked] = [
    (await place.textContent())?.replace("line ", ""),
    await page.locator("#json-lines [data-wrong]").allTextContents(),
  ];
  assert.ok(line && marked.includes(line), `${line} of ${marked}`);
  const selected = await page.locator("#config").evaluate((text) => {
    const { value, selectionStart, selectionEnd } = text as HTMLTextAreaElement;
    return value.slice(selectionStart, selectionEnd);
  });
  assert.equal(selected, '"maxAttempts": 1');
  await field.fill("2");
  await fill(page, "retry.initialBackoff", "0.1");
  await page.waitForSelector('[name="retry.maxAttempts"][aria-invalid=false]');
  await send(page);
});

test("what is wrong with the channel's options is said there", async (t) => {
  const { page } = await openDemo(t, "channel.maxRetryAttempts=-2");
  await page.waitForFunction(() => document.querySelector("#channel-problem")?.textContent !== "");
  assert.match((await page.locator("#channel-problem").textContent()) ?? "", /^maxRetryAttempts/);
});

test("form and JSON follow each other; JSON that says more rules alone, in a link too", async (t) => {
  const { page } = await openDemo(t, "policy.policy=hedging&policy.hedging.hedgingDelay=0.3");
  const text = page.getByRole("textbox", { name: "Service config as JSON" });
  await page.locator("#json summary").click();
  const config = JSON.parse(await text.inputValue());
  assert.equal(config.methodConfig[0].hedgingPolicy.hedgingDelay, "0.3s");
  config.methodConfig[0].hedgingPolicy.maxAttempts = 2;
  await text.fill(JSON.stringify(config));
  assert.equal(await page.locator('[name="hedging.maxAttempts"]').inputValue(), "2");
  await text.fill("{}");
  assert.equal(await page.locator('[name="hedging.maxAttempts"]').isDisabled(), true);
  const [run] = await send(page);
  assert.deepEqual(pick([(await shown(run!)).call], "policy", "attempts"), [["none", "1"]]);
  const link = page.url();
  await page.getByRole("button", { name: "Back to the fields" }).click();
  assert.equal(JSON.parse(await text.inputValue()).methodConfig[0].hedgingPolicy.maxAttempts, 2);
  const { page: other } = await openDemo(t, new URL(link).hash.slice(1));
  assert.equal(await other.locator("#config").inputValue(), "{}");
});

test("offline, calls fail without a request; with waitForReady they wait", async (t) => {
  const { page, requests } = await openDemo(t, "calls.count=1&server.fails=none&policy.policy=none");
  await page.getByLabel("Simulate being offline").check();
  const [failed] = await send(page);
  assert.equal(await outcome(failed!), "0 of 1 call OK · 1 attempt · server executed 0");
  assert.equal(requests.filter((url) => url.endsWith("Chaos/Do")).length, 0);
  await page.getByLabel("waitForReady").check();
  await page.getByRole("button", { name: "Send 1 call" }).click();
  await page.waitForSelector("call-result:first-child article[data-state=running][data-attempts='0']");
  await page.getByLabel("Simulate being offline").uncheck();
  const [waited] = await complete(page);
  assert.equal(await outcome(waited!), "1 of 1 call OK · 1 attempt · server executed 1");
});

test("everything known of an attempt is a click or a key away", async (t) => {
  const { page } = await openDemo(t, "calls.count=1");
  await send(page);
  const dialog = page.locator("#attempt");
  await page.locator(".bar[data-attempt='2'] .outline").click();
  const text = (await dialog.textContent()) ?? "";
  assert.match(text, /A retry, ended with UNAVAILABLE: the server was told to fail attempt 2/);
  assert.match(text, /grpc-previous-rpc-attempts1/, "among the headers");
  assert.match(text, /HTTP status200/);
  assert.match(text, /finished/);
  await page.keyboard.press("Escape");
  await page.locator(".bar[tabindex='0']").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.match((await dialog.locator("h2").textContent()) ?? "", /attempt 3$/);
  assert.match((await dialog.textContent()) ?? "", /Trailers \(in the body\).*grpc-status.*0/s);
});

test("the waterfall zooms by keys, buttons and pointer", async (t) => {
  const { page } = await openDemo(t, "calls.count=2&calls.seed=3");
  const [run] = await send(page);
  const ticks = () => run!.locator(".tick-label").allTextContents();
  const all = await ticks();
  await run!.locator(".bar[tabindex='0']").focus();
  await page.keyboard.press("+");
  assert.notDeepEqual(await ticks(), all);
  await page.keyboard.press("0");
  assert.deepEqual(await ticks(), all);
  const box = (await run!.locator(".chart").boundingBox())!;
  await page.mouse.move(box.x + 200, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x + 400, box.y + 12, { steps: 4 });
  await page.mouse.up();
  assert.notDeepEqual(await ticks(), all);
  await run!.getByRole("button", { name: "Show all" }).click();
  assert.deepEqual(await ticks(), all);
});

/** What the page saves as a file. In Firefox the driver tells of no downloads, so there it is taken on its way. */
async function exported(page: Page): Promise<string> {
  const button = page.getByRole("button", { name: "Export events" });
  if (engine === "chromium") {
    const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
    return readFile((await download.path())!, "utf8");
  }
  await page.evaluate(() => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (file: Blob) => {
      Object.assign(globalThis, { file });
      return make.call(URL, file);
    };
  });
  await button.click();
  return page.evaluate(() => (globalThis as unknown as { file: Blob }).file.text());
}

test("settings are taken away as code, and events as a file", async (t) => {
  const { page } = await openDemo(t, "calls.count=1&channel.jitter=plusMinus20");
  await send(page);
  const { settings, runs } = JSON.parse(await exported(page));
  assert.equal(settings.channel.jitter, "plusMinus20");
  assert.equal(runs[0].calls[0].events.at(-1).type, "callEnded");
  assert.equal(runs[0].calls[0].server.started, 3);
  await page.getByRole("button", { name: "As code" }).click();
  const code = (await page.locator("#code").textContent()) ?? "";
  assert.match(code, /createChannel.*jitter: "plusMinus20"/s);
  assert.match(code, /grpcweb\.WithJitter\(grpcweb\.PlusMinus20\)/);
});

test("the page fits a phone, and works by keyboard alone", async (t) => {
  const { page } = await openDemo(t, "server.fails=none", { viewport: { width: 360, height: 740 } });
  await page.locator("#settings-box > summary").focus();
  await page.keyboard.press("Enter");
  await page.locator('[name="server.fails"]:checked').focus();
  await page.keyboard.press("Enter");
  const [run] = await complete(page);
  assert.equal((await shown(run!, 3)).summary, "1 attempt · OK · committed by responseHeaders · server executed 1");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
});

test("without the built package the page says what to do", async (t) => {
  const { page } = await openDemo(t, "", {
    expected: [/404/, /dynamically imported module/, /^(Error: )?Loading (module from|failed)/, /^Error$/],
  });
  await page.route("**/dist/hedgerow/index.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(`${server}/?`);
  await page.getByRole("alert").filter({ hasText: "not built yet" }).waitFor();
  assert.match((await page.locator("#notice").textContent()) ?? "", /not built yet.*make demo/s);
  assert.equal(await page.locator("#send").isDisabled(), true);
  await page.unroute("**/dist/hedgerow/index.js");
  await page.route("**/dist/waterfall.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(`${server}/?again`);
  await page.getByRole("alert").filter({ hasText: "not built yet" }).waitFor();
  assert.match((await page.locator("#notice").textContent()) ?? "", /Run make demo/);
});
