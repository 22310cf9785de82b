// The demo page as the server serves it, and what it shows.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import { server, theBrowser } from "./chromium.js";
import { report } from "./report.js";

export interface Opened {
  readonly page: Page;
  /** What went to the console as a warning or an error, exceptions and violations of the Content-Security-Policy among it. */
  readonly complaints: string[];
  /** Every URL that the page requested, without the suffix by which it recognizes its requests. */
  readonly requests: string[];
}

/**
 * Opens the page and waits until calls can be sent. With a story in the address, or with nothing, it has then played that or the first story. The test says which errors the page may log. The page must not call other
 * servers.
 */
export async function openDemo(
  t: TestContext,
  hash = "",
  { expected = [], ...options }: BrowserContextOptions & { expected?: readonly RegExp[] } = {},
): Promise<Opened> {
  const context = await (await theBrowser()).newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(180_000); // A busy machine may need ten times as long as a quiet one.
  const complaints: string[] = [];
  const requests: string[] = [];
  const complain = (text: string) => {
    if (!expected.some((one) => one.test(text))) complaints.push(text);
  };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complain(message.text());
  });
  page.on("pageerror", (error) => complain(String(error))); // in Firefox also what Chromium writes to the console
  page.on("request", (request) => requests.push(request.url().replace(/#.*/, "")));
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
    const ports = /^(https?|blob:https?):\/\/(127\.0\.0\.1|localhost)(:|\/)/;
    assert.deepEqual(
      requests.filter((url) => !ports.test(url)),
      [],
      "requests that leave this machine",
    );
  });
  await page.goto(`${server}/${hash ? `#${hash}` : ""}`);
  await page.waitForSelector("html[data-ready]");
  if (/^(story=\w+)?$/.test(hash)) await complete(page); // such a page plays its story at once
  return { page, complaints, requests };
}

/** Presses Send, waits until the calls have ended and the server has reported, and returns the runs. */
export async function send(page: Page): Promise<Locator[]> {
  await page.getByRole("button", { name: /^Send/ }).click();
  return complete(page);
}

/** The runs of the latest result, once it is complete. */
export async function complete(page: Page): Promise<Locator[]> {
  await page.waitForSelector("#stop", { state: "hidden" });
  await page.waitForSelector("call-result:first-child[data-complete=true]");
  return page.locator("call-result:first-child call-run").all();
}

export interface Shown {
  readonly call: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly bars: readonly Readonly<Record<string, string>>[];
  readonly server: Awaited<ReturnType<typeof report>>;
}

/** What the page shows of a call that is drawn with words, and what the server counted of it. */
export async function shown(run: Locator, number = 1): Promise<Shown> {
  const visible = await shownOnPage(run, number);
  return { ...visible, server: await report(visible.call["id"] ?? "", Number(visible.call["executed"])) };
}

/** What the page shows of a call that is drawn with words. */
export async function shownOnPage(run: Locator, number = 1): Promise<Omit<Shown, "server">> {
  const row = run.locator(`article[data-call="${number}"]`);
  const [call] = await data(row);
  assert.ok(call?.["id"], "the row tells the call id");
  return {
    call,
    summary: (await row.locator(".summary").textContent()) ?? "",
    bars: await data(row.locator(".bar")),
  };
}

/** The data attributes of elements. */
export function data(elements: Locator): Promise<Record<string, string>[]> {
  return elements.evaluateAll((all) =>
    all.map((one) => ({ ...(one as HTMLElement | SVGElement).dataset }) as Record<string, string>),
  );
}

export const pick = (list: Shown["bars"], ...names: string[]) => list.map((one) => names.map((name) => one[name]));

/** A column of the table of attempts, which is filled when it is opened. */
export async function column(run: Locator, name: string): Promise<string[]> {
  if (!(await run.locator(".attempt-table").evaluate((box) => (box as HTMLDetailsElement).open)))
    await run.locator(".attempt-table summary").click();
  await run.locator("td").first().waitFor();
  return run.locator(`td[data-column="${name}"]`).allTextContents();
}

/** The line about a run without its times: "3 of 3 calls OK · 9 attempts · server executed 9". */
export async function outcome(run: Locator): Promise<string> {
  const text = (await run.locator(".run-summary").textContent()) ?? "";
  return text.replace(/ \([^)]*\)/, "");
}

/** Asks the server, without the page, what it counted of those calls of a run that are visible. */
export async function counted(run: Locator): Promise<number> {
  const calls = await data(run.locator("[data-call][data-id]"));
  const reports = await Promise.all(calls.map(({ id = "" }) => report(id, 0)));
  return reports.reduce((sum, { started }) => sum + started, 0);
}
