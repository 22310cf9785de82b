// Starts the system's Firefox, whose path is in FIREFOX, for all programs that find its address in FIREFOX_ENDPOINT. It takes seconds to
// start, so the files of a run of tests share it; each has contexts of its own in it.

import { firefox } from "playwright-core";

/** Playwright drives an installed Firefox, and not only builds of its own, through WebDriver BiDi. */
export async function startFirefox() {
  const server = await firefox.launchServer({
    channel: "moz-firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    headless: true,
    host: "127.0.0.1",
    // A phone's scrollbars lie over the page, and so do Chromium's, if it is headless.
    // A WebSocket to a server that has refused one waits, each time longer, and tests refuse hundreds.
    firefoxUserPrefs: { "ui.useOverlayScrollbars": 1, "network.websocket.delay-failed-reconnects": false },
  });
  return { endpoint: server.wsEndpoint(), stop: () => server.close() };
}
