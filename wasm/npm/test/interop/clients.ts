// The package where it runs: in this Node over HTTP/1.1 and over HTTP/2, and in a page of Chromium's.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { FetchLike } from "hedgerow";
import * as hedgerow from "hedgerow";
import { chromium } from "playwright-core";
import { Agent, buildConnector, fetch } from "undici";
import { executablePath, flags, PATIENCE } from "../browser/launch.js";
import { serveSite } from "../browser/pages.js";
import { type Call, type Outcome, perform } from "./call.js";
import { drive, type Load, type Made } from "./chaos/load.js";

/** A server, or a proxy, that can be called at http and, over HTTP/2 with a certificate of its own, at https. */
export interface Target {
  readonly http: string;
  readonly https: string;
}

export interface Client {
  readonly name: string;
  readonly http2: boolean;
  readonly browser: boolean;
  baseUrl(target: Target): string;
  /** heard is called for every message as it comes. */
  call(call: Call, heard?: () => void): Promise<Outcome>;
  /** Makes many calls. */
  drive(load: Load): Promise<Made[]>;
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
  const protocols = new Set<unknown>();
  const connect = buildConnector({ allowH2: true, ca: [...trust.pem] });
  const dispatcher = new Agent({
    allowH2: true,
    connect: (options, connected) =>
      connect(options, (...[error, socket]) => {
        if (socket && "alpnProtocol" in socket) protocols.add(socket.alpnProtocol);
        if (socket) connected(null, socket);
        else connected(error, null);
      }),
  });
  t.after(async () => {
    await dispatcher.destroy();
    assert.deepEqual([...protocols], ["h2"]);
  });
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
    drive: (load) => drive(load, http2 ? http2Fetch : undefined),
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
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  t.after(async () => {
    const protocols = await page.evaluate(protocolsOfTLS);
    await browser.close();
    assert.deepEqual(protocols, ["h2"]);
  });
  await page.exposeFunction("heard", (id: number) => listeners.get(id)?.());
  await page.goto(await serveSite(t));
  await page.waitForFunction(() => "hedgerow" in globalThis);
  await page.evaluate(() => performance.setResourceTimingBufferSize(10_000));
  const client = (http2: boolean): Client => ({
    name: `Chromium, ${http2 ? "HTTP/2" : "HTTP/1.1"}`,
    http2,
    browser: true,
    baseUrl: ({ http, https }) => (http2 ? https : http),
    call: (call, heard) => page.evaluate(perform, { call, id: hearing(heard), client: "page" }),
    drive: (load) => page.evaluate(drive, load),
  });
  return [client(false), client(true)];
}

/** The page's requests over TLS that got a response. */
function protocolsOfTLS(): string[] {
  const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  const secure = entries.filter(({ name, nextHopProtocol }) => name.startsWith("https:") && nextHopProtocol);
  return [...new Set(secure.map(({ nextHopProtocol }) => nextHopProtocol))];
}
