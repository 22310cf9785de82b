// How the system's Chromium is started.
import { type Browser, chromium } from "playwright-core";

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

/** Every launch has a profile of its own. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: [...flags] });
}
