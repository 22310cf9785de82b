// How the system's browsers are started. ENGINE says which one the tests drive.
import { type Browser, chromium, firefox } from "playwright-core";

export type Engine = "chromium" | "firefox";

/** The engine under test. */
export const engine: Engine = process.env["ENGINE"] === "firefox" ? "firefox" : "chromium";

/** For a test that only Chromium can run: why it is skipped elsewhere. */
export function onlyChromium(why: string): { skip: string | false } {
  return { skip: engine === "chromium" ? false : why };
}

/** Where Chromium is. */
export const executablePath: string = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** With these arguments Chromium connects to nothing but the server under test. */
export const flags: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long a page may take for anything, in milliseconds. It is long because a busy machine is slow. */
export const PATIENCE = 120_000;

/** A browser with a profile of its own; or the one that all files share, if test.mjs has started one (firefox.mjs). */
export function launch(): Promise<Browser> {
  const shared = process.env["FIREFOX_ENDPOINT"];
  if (engine === "firefox" && shared) return firefox.connect(shared);
  return chromium.launch({ executablePath, headless: true, args: [...flags] });
}
