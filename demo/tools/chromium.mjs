// Chromium for the programs in this folder. The server is the one that .ci/with-server.sh starts.

import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../wasm/npm/package.json", import.meta.url))("playwright-core");

/** The address of the server. */
export const server = process.env.HEDGEROW_SERVER;
if (!server) throw new Error("there is no server: run this through .ci/with-server.sh, or run make screenshots");

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

/** Sends the calls, and waits for them and for the counts of the server. */
export async function send(page) {
  await page.locator("#settings").evaluate((form) => form.requestSubmit());
  await page.waitForSelector("call-result[data-complete=true]", { timeout: 120_000 });
  // The entries of Resource Timing may come after the end.
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => requestAnimationFrame(resolve))));
}
