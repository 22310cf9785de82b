// Pages of another origin than the server's, which load the built package from a small web server of their own.
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { theBrowser } from "./chromium.js";
import { PATIENCE } from "./launch.js";

declare global {
  /** In the page: the package. */
  var hedgerow: typeof import("hedgerow");
}

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";

export function built(name: string): Promise<Buffer> {
  return readFile(join(packageDir, name));
}

export async function listen(t: TestContext, listener: RequestListener): Promise<{ origin: string; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

export interface SiteOptions {
  /** The page's Content-Security-Policy. */
  readonly policy?: string;
  /** That of its JavaScript, which only a worker heeds: it has the policy that its own file came with. */
  readonly workerPolicy?: string;
  /** What is served as hedgerow.wasm. Default: the package's own, as application/wasm. */
  readonly wasm?: { readonly body?: Uint8Array | string; readonly type?: string };
  /** What else the site answers. */
  readonly api?: RequestListener;
}

/** Serves a page that has the package in `hedgerow`, and returns its address. */
export async function serveSite(t: TestContext, { policy, workerPolicy, wasm, api }: SiteOptions = {}): Promise<string> {
  const answer: RequestListener = async (request, response) => {
    const path = request.url ?? "/";
    const send = (type: string, body: Uint8Array | string) => response.writeHead(200, { "content-type": type }).end(body);
    if (path === "/") {
      if (policy) response.setHeader("content-security-policy", policy);
      send(
        "text/html",
        `<!doctype html><title>test</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>`,
      );
    } else if (path === "/page.js") {
      send("text/javascript", `import * as hedgerow from "/package/index.js"; globalThis.hedgerow = hedgerow;`);
    } else if (path === "/package/hedgerow.wasm") {
      send(wasm?.type ?? "application/wasm", wasm?.body ?? (await built("dist/hedgerow.wasm")));
    } else if (/^\/package\/[\w.-]+\.js$/.test(path)) {
      if (workerPolicy) response.setHeader("content-security-policy", workerPolicy);
      send("text/javascript", await built(path.replace("/package", "dist")));
    } else if (api) {
      api(request, response);
    } else {
      response.writeHead(404).end();
    }
  };
  return (await listen(t, (request, response) => void answer(request, response))).origin;
}

/** A page of a site of its own, with the package in `hedgerow`. */
export async function openPage(t: TestContext, options: SiteOptions = {}): Promise<Page> {
  const origin = await serveSite(t, options);
  const context = await (await theBrowser()).newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(PATIENCE);
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => "hedgerow" in globalThis);
  return page;
}
