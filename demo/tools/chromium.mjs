// The system's Chromium for the programs beside this one. The server is the one of .ci/with-server.sh.

import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../wasm/npm/package.json", import.meta.url))("playwright-core");

/** Where the server under test is. */
export const server = process.env.HEDGEROW_SERVER;
if (!server) throw new Error("no server to look at: run this through .ci/with-server.sh, or make screenshots");

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** The page with these settings in its address, ready to send. */
export async function openPage(context, hash = "") {
  const page = await context.newPage();
  await page.goto(`${server}/#${hash}`);
  await page.waitForSelector("html[data-ready]");
  return page;
}

/** Sends, and waits for the calls and what the server counted of them. */
export async function play(page) {
  await page.locator("#settings").evaluate((form) => form.requestSubmit());
  await page.waitForSelector("call-session[data-complete=true]", { timeout: 120_000 });
  // What Resource Timing tells may come after the end.
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => requestAnimationFrame(resolve))));
}
