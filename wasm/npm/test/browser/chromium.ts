// The system's Chromium, and pages in it that are watched: a page must do nothing beyond what its test expects.
import assert from "node:assert/strict";
import { after, type TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launch, PATIENCE } from "./launch.js";

/** Where the server under test is; test.mjs refuses to start without it. */
export const server: string = process.env["HEDGEROW_SERVER"] ?? "";

let browser: Promise<Browser> | undefined;

/** The one browser of this test file. */
export function theBrowser(): Promise<Browser> {
  browser ??= launch();
  return browser;
}

after(async () => {
  await (await browser)?.close();
});

export interface Watched {
  readonly page: Page;
  /** What went to the console as a warning or an error, exceptions and violations of the Content-Security-Policy among it. */
  readonly complaints: string[];
  /** Every URL that the page asked for. */
  readonly requests: string[];
}

/** A page in a fresh context, closed when the test ends; the test then fails if the page asked another origin for anything. */
export async function open(t: TestContext, path: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await (await theBrowser()).newContext(options);
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  // Chromium logs some violations of the Content-Security-Policy to the console, but not all of them, so the document is listened
  // to as well.
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`Content-Security-Policy: ${event.violatedDirective} blocked ${event.blockedURI}`);
    });
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(
      requests.filter((url) => !url.startsWith(`${server}/`)),
      [],
      "requests to other origins",
    );
  });
  await page.goto(server + path);
  return { page, complaints, requests };
}
