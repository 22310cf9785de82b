// The demo page as the server serves it: what it shows, and what the server counted.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { open, type Watched } from "./chromium.js";
import { report } from "./report.js";

const { PLAYED, CANCELLED } = Ending;

interface Settings {
  readonly fault: string;
  readonly policy: "none" | "retry" | "hedging";
  readonly kind?: "unary" | "stream";
  readonly count?: number;
  /** Fields of the policy form by name. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** The page, ready to send; when the test ends it must have had nothing to complain about. */
async function demo(t: TestContext, options?: Parameters<typeof open>[2]): Promise<Watched> {
  const watched = await open(t, "/", options);
  await watched.page.waitForSelector("html[data-ready]");
  t.after(() => assert.deepEqual(watched.complaints, []));
  return watched;
}

async function set(page: Page, { fault, policy, kind = "unary", count = 1, fields = {} }: Settings): Promise<void> {
  // The radio buttons themselves are out of sight; their labels are what is clicked.
  const choose = (name: string, value: string) => page.locator(`label:has(input[name=${name}][value=${value}])`).click();
  await choose("fault", fault);
  await choose("policy", policy);
  await choose("kind", kind);
  for (const [name, value] of Object.entries({ count: String(count), ...fields }))
    await page.locator(`[name="${name}"]`).fill(value);
}

/** Sends, waits until the calls ended and the server's reports are in, and gives the run. */
async function send(page: Page): Promise<Locator> {
  await page.getByRole("button", { name: /^Send/ }).click();
  await page.waitForSelector("call-run:first-child[data-complete=true]");
  return page.locator("call-run:first-child");
}

interface Shown {
  readonly call: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly bars: readonly Readonly<Record<string, string>>[];
  readonly server: Awaited<ReturnType<typeof report>>;
}

/** What the page shows of a call, and what the server counted of it. */
async function shown(run: Locator, number = 1): Promise<Shown> {
  const row = run.locator(`article[data-call="${number}"]`);
  const data = (element: Locator) =>
    element.evaluateAll((all) => all.map((one) => ({ ...(one as HTMLElement | SVGElement).dataset })));
  const [call] = (await data(row)) as Record<string, string>[];
  assert.ok(call?.["id"], "the row tells the call id");
  return {
    call,
    summary: (await row.locator(".summary").textContent()) ?? "",
    bars: (await data(row.locator(".bar"))) as Record<string, string>[],
    server: await report(call["id"], Number(call["attempts"])),
  };
}

const pick = (list: Shown["bars"], ...names: string[]) => list.map((one) => names.map((name) => one[name]));

/** A column of the table twin. */
function column(run: Locator, name: string): Promise<string[]> {
  return run.locator(`td[data-column="${name}"]`).allTextContents();
}

test("a retry heals a fault: three bars, and the third wins", async (t) => {
  const { page } = await demo(t);
  await set(page, { fault: "fails-twice", policy: "retry" });
  const run = await send(page);
  const { call, summary, bars, server } = await shown(run);
  assert.equal(summary, "3 attempts · OK · committed by responseHeaders · server executed 3");
  assert.deepEqual(pick([call], "policy", "attempts", "code", "reason", "executed"), [
    ["retry", "3", "OK", "responseHeaders", "3"],
  ]);
  assert.deepEqual(pick(bars, "attempt", "kind", "outcome", "code", "winner"), [
    ["1", "first", "failed", "UNAVAILABLE", undefined],
    ["2", "retry", "failed", "UNAVAILABLE", undefined],
    ["3", "retry", "committed", "OK", ""],
  ]);
  assert.equal(await run.locator(".gap .jitter").count(), 2, "two backoffs with their range");
  assert.equal(await run.locator(".commit[data-reason=responseHeaders]").count(), 1);
  assert.deepEqual(await column(run, "previous"), ["none", "1", "2"]);
  assert.deepEqual(
    server.executions.map(({ previousAttempts, ending, code }) => [previousAttempts, ending, code]),
    [
      ["", PLAYED, 14],
      ["1", PLAYED, 14],
      ["2", PLAYED, 0],
    ],
  );
});

test("a hedge overtakes a slow attempt, and the server sees the loser cancelled", async (t) => {
  const { page } = await demo(t);
  const fields = { "hedging.maxAttempts": "2", "hedging.hedgingDelay": "0.4" };
  await set(page, { fault: "slow-first", policy: "hedging", fields });
  const run = await send(page);
  const { summary, bars, server } = await shown(run);
  assert.equal(summary, "2 attempts · OK · committed by responseHeaders · server executed 2");
  assert.deepEqual(pick(bars, "attempt", "kind", "outcome", "winner"), [
    ["1", "first", "aborted", undefined],
    ["2", "hedge", "committed", ""],
  ]);
  assert.equal(await run.locator(".bar[data-outcome=aborted] .hatch").count(), 1);
  assert.equal(await run.locator(".delay[data-state=fired]").count(), 1);
  assert.deepEqual(
    server.executions.map(({ previousAttempts, ending }) => [previousAttempts, ending]),
    [
      ["", CANCELLED],
      ["1", PLAYED],
    ],
  );
  const [first, second] = server.executions;
  assert.ok(second!.startedUs - first!.startedUs > 350_000n, "the hedge came after its delay");
  assert.ok(first!.endedUs < 1_500_000n, "the loser was cancelled, not played to its end");
});

test("a server that says stop is not tried again", async (t) => {
  const { page } = await demo(t);
  await set(page, { fault: "stop", policy: "retry" });
  const run = await send(page);
  const { summary, bars, server } = await shown(run);
  assert.equal(summary, "1 attempt · UNAVAILABLE · committed by pushback · server executed 1");
  assert.deepEqual(pick(bars, "kind", "code", "winner"), [["first", "UNAVAILABLE", ""]]);
  assert.equal(await run.locator(".flag[data-pushback=stop]").count(), 1);
  assert.equal(server.started, 1);
});

test("without a policy a call is exactly one request", async (t) => {
  const { page, requests } = await demo(t);
  await set(page, { fault: "fails-twice", policy: "none", count: 3 });
  const run = await send(page);
  for (const number of [1, 2, 3]) {
    const { call, bars, server } = await shown(run, number);
    assert.deepEqual(pick([call], "policy", "attempts", "code"), [["none", "1", "UNAVAILABLE"]]);
    assert.equal(bars.length, 1);
    assert.deepEqual(
      server.executions.map(({ previousAttempts }) => previousAttempts),
      [""],
    );
  }
  assert.equal(requests.filter((url) => url.endsWith("Chaos/Do")).length, 3);
});

test("a pushback is obeyed exactly and drawn as a flag", async (t) => {
  const { page } = await demo(t);
  await set(page, { fault: "pushback", policy: "retry" });
  const run = await send(page);
  const { call, server } = await shown(run);
  assert.deepEqual(pick([call], "attempts", "code"), [["3", "OK"]]);
  assert.equal(await run.locator(".flag[data-pushback=wait]").count(), 2);
  assert.equal(await run.locator(".gap[data-pushback]").count(), 2);
  assert.deepEqual(await column(run, "wait"), ["none", "400 ms (pushback)", "400 ms (pushback)"]);
  const [first, second] = server.executions;
  assert.ok(second!.startedUs - first!.endedUs >= 399_000n);
});

test("a deadline ends all attempts, here and at the server", async (t) => {
  const { page } = await demo(t);
  const fields = { "hedging.maxAttempts": "2", "hedging.hedgingDelay": "0.2", timeout: "0.8" };
  await set(page, { fault: "hangs", policy: "hedging", fields });
  const run = await send(page);
  const { call, bars, server } = await shown(run);
  assert.deepEqual(pick([call], "attempts", "code", "reason"), [["2", "DEADLINE_EXCEEDED", "deadline"]]);
  assert.deepEqual(pick(bars, "outcome"), [["aborted"], ["aborted"]]);
  assert.equal(await run.locator("line.deadline").count(), 1);
  assert.deepEqual(
    server.executions.map(({ ending, timeout }) => [ending === PLAYED, timeout !== ""]),
    [
      [false, true],
      [false, true],
    ],
  );
});

test("a stream shows its messages, and headers that came early end all retries", async (t) => {
  const { page } = await demo(t);
  await set(page, { fault: "fails-twice", policy: "retry", kind: "stream" });
  const healed = await send(page);
  assert.equal((await shown(healed)).summary, "3 attempts · OK · 5 messages · committed by responseHeaders · server executed 3");
  assert.equal(await healed.locator(".message").count(), 5);
  await set(page, { fault: "early-headers", policy: "retry", kind: "stream" });
  const early = await send(page);
  assert.equal(
    (await shown(early)).summary,
    "1 attempt · UNAVAILABLE · 0 messages · committed by responseHeaders · server executed 1",
  );
});

test("Stop cancels a running call, and the server sees that", async (t) => {
  const { page } = await demo(t);
  await set(page, { fault: "hangs", policy: "none" });
  await page.getByRole("button", { name: "Send 1 call" }).click();
  await page.waitForSelector(".bar[data-running]");
  const id = (await page.locator("article").getAttribute("data-id")) ?? "";
  await page.getByRole("button", { name: "Stop" }).click();
  await page.waitForSelector("call-run[data-complete=true]");
  const { call } = await shown(page.locator("call-run"));
  assert.deepEqual(pick([call], "attempts", "code", "reason"), [["1", "CANCELLED", "cancelled"]]);
  const { executions } = await report(id, 1);
  assert.deepEqual(
    executions.map(({ ending }) => ending),
    [CANCELLED],
  );
});

test("a sequence that is stopped sends no more", async (t) => {
  const { page } = await demo(t);
  await set(page, { fault: "hangs", policy: "none", count: 3 });
  await page.locator("label:has(input[name=order][value=sequence])").click();
  await page.getByRole("button", { name: "Send 3 calls" }).click();
  await page.waitForSelector(".bar[data-running]");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.waitForSelector("call-run[data-complete=true]");
  assert.deepEqual(await page.locator("article .summary").allTextContents(), [
    "1 attempt · CANCELLED · committed by cancelled · server executed 1",
    "not sent",
    "not sent",
  ]);
});

test("what is wrong with a policy stands at its field, and nothing is sent", async (t) => {
  const { page, requests } = await demo(t);
  await set(page, { fault: "healthy", policy: "retry", fields: { "retry.maxAttempts": "1", "retry.initialBackoff": "5m" } });
  const field = page.locator('[name="retry.maxAttempts"]');
  await page.waitForSelector('[name="retry.maxAttempts"][aria-invalid=true]');
  assert.match((await page.locator('[id="problem-retry.maxAttempts"]').textContent()) ?? "", /2 or more/);
  assert.notEqual(await page.locator('[id="problem-retry.initialBackoff"]').textContent(), "");
  assert.match((await page.locator("#json-problems").textContent()) ?? "", /methodConfig\[0\]\.retryPolicy\.maxAttempts/);
  await page.getByRole("button", { name: /^Send/ }).click();
  assert.equal(await field.evaluate((input) => input === document.activeElement), true, "the first problem has the focus");
  assert.equal(requests.filter((url) => url.endsWith("Chaos/Do")).length, 0);
  await field.fill("2");
  await page.locator('[name="retry.initialBackoff"]').fill("0.1");
  await page.waitForSelector('[name="retry.maxAttempts"][aria-invalid=false]');
  await send(page);
});

test("form and JSON follow each other; JSON that says more rules alone", async (t) => {
  const { page } = await demo(t);
  const text = page.getByRole("textbox", { name: "Service config as JSON" });
  await page.locator("#json summary").click();
  await set(page, { fault: "fails-twice", policy: "hedging", fields: { "hedging.hedgingDelay": "0.3" } });
  const config = JSON.parse(await text.inputValue());
  assert.equal(config.methodConfig[0].hedgingPolicy.hedgingDelay, "0.3s");
  config.methodConfig[0].hedgingPolicy.maxAttempts = 2;
  await text.fill(JSON.stringify(config));
  assert.equal(await page.locator('[name="hedging.maxAttempts"]').inputValue(), "2");
  await text.fill("{}");
  assert.equal(await page.locator('[name="hedging.maxAttempts"]').isDisabled(), true);
  assert.deepEqual(pick([(await shown(await send(page))).call], "policy", "attempts"), [["none", "1"]]);
  await page.getByRole("button", { name: "Back to the fields" }).click();
  assert.equal(JSON.parse(await text.inputValue()).methodConfig[0].hedgingPolicy.maxAttempts, 2);
});

test("the page fits a phone, and works by keyboard alone", async (t) => {
  const { page } = await demo(t, { viewport: { width: 360, height: 740 } });
  await page.locator("[name=fault]:checked").focus();
  await page.keyboard.press("ArrowLeft"); // from "Fails twice" to "Answers at once"
  await page.keyboard.press("Enter");
  await page.waitForSelector("call-run[data-complete=true]");
  assert.equal(
    (await shown(page.locator("call-run"), 3)).summary,
    "1 attempt · OK · committed by responseHeaders · server executed 1",
  );
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
});

test("without the built package the page says what to do", async (t) => {
  const { page } = await open(t, "/icon.svg");
  await page.route("**/dist/hedgerow/index.js", (route) => route.fulfill({ status: 404 }));
  await page.goto(new URL("/", page.url()).href);
  await page.getByRole("alert").waitFor();
  assert.match((await page.getByRole("alert").textContent()) ?? "", /not built yet.*make demo/s);
  assert.equal(await page.locator("#send").isDisabled(), true);
});
