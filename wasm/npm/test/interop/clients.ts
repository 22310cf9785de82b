// The package where it runs: in this Node over HTTP/1.1 and over HTTP/2, and in a page of Chromium's.
import type { TestContext } from "node:test";
import type { FetchLike } from "hedgerow";
import * as hedgerow from "hedgerow";
import { chromium } from "playwright-core";
import { Agent, fetch } from "undici";
import { executablePath, flags } from "../browser/launch.js";
import { serveSite } from "../browser/pages.js";
import { type Call, type Outcome, perform } from "./call.js";

/** What can be called at http, and over HTTP/2 at https, with a certificate of its own. */
export interface Target {
  readonly http: string;
  readonly https: string;
}

export interface Client {
  readonly name: string;
  readonly http2: boolean;
  readonly browser: boolean;
  baseUrl(target: Target): string;
  /** heard is told of every message as it comes. */
  call(call: Call, heard?: () => void): Promise<Outcome>;
}

export interface Trust {
  /** The certificates, for Node. */
  readonly pem: readonly string[];
  /** The hashes of their keys, for Chromium. */
  readonly spki: readonly string[];
}

const listeners = new Map<number, () => void>();
let calls = 0;

function hearing(heard: () => void = () => {}): number {
  listeners.set(++calls, heard);
  return calls;
}

export function nodeClients(t: TestContext, trust: Trust): Client[] {
  globalThis.hedgerow = hedgerow;
  globalThis.heard = (id) => listeners.get(id)?.();
  const dispatcher = new Agent({ allowH2: true, connect: { ca: [...trust.pem] } });
  t.after(() => dispatcher.destroy());
  const http2Fetch = ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as unknown as FetchLike;
  const client = (http2: boolean): Client => ({
    name: `Node, ${http2 ? "HTTP/2" : "HTTP/1.1"}`,
    http2,
    browser: false,
    baseUrl: ({ http, https }) => (http2 ? https : http),
    call: (call, heard) => {
      globalThis.fetchOfClient = http2 ? http2Fetch : undefined;
      return perform({ call, id: hearing(heard), client: http2 ? "h2" : "h1" });
    },
  });
  t.after(async () => {
    for (const channel of globalThis.channels?.values() ?? []) (await channel).close();
    globalThis.channels?.clear();
  });
  return [client(false), client(true)];
}

export async function chromiumClients(t: TestContext, trust: Trust): Promise<Client[]> {
  const args = [...flags, `--ignore-certificate-errors-spki-list=${trust.spki.join(",")}`];
  const browser = await chromium.launch({ executablePath, headless: true, args });
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.exposeFunction("heard", (id: number) => listeners.get(id)?.());
  await page.goto(await serveSite(t));
  await page.waitForFunction(() => "hedgerow" in globalThis);
  const client = (http2: boolean): Client => ({
    name: `Chromium, ${http2 ? "HTTP/2" : "HTTP/1.1"}`,
    http2,
    browser: true,
    baseUrl: ({ http, https }) => (http2 ? https : http),
    call: (call, heard) => page.evaluate(perform, { call, id: hearing(heard), client: "page" }),
  });
  return [client(false), client(true)];
}
