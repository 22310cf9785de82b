// A site with an app of connect-web and a service worker that installs Hedgerow.
import { type RequestListener, request as send } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as esbuild from "esbuild";
import type { ServiceConfig } from "hedgerow";
import type { BrowserContext, Page } from "playwright-core";
import { SERVER, type StepInit } from "../support/server.js";
import { theBrowser } from "./chromium.js";
import { PATIENCE } from "./launch.js";
import { built, serveSite } from "./pages.js";

/** The page's program, as any bundler would make it. */
const program: Promise<string> = esbuild
  .build({
    entryPoints: [join(process.env["HEDGEROW_PACKAGE"] ?? ".", "test/browser/app.ts")],
    bundle: true,
    write: false,
    format: "esm",
  })
  .then(({ outputFiles }) => outputFiles[0]?.text ?? "");

/** Forwards a request to the server under test, so that the site has its API on its own origin. */
const passOn: RequestListener = (request, response) => {
  const onward = send(SERVER + request.url?.replace(/^\/grpc/, ""), { method: request.method, headers: request.headers });
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
};

const PAGE = '<!doctype html><title>app</title><link rel="icon" href="data:,"><script type="module" src="/app.js"></script>';

export interface Site {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly origin: string;
  /** What the service worker and the page said on their consoles, as errors and warnings. */
  readonly said: string[];
  /** How often the WebAssembly was fetched: once whenever the service worker starts. */
  loads: number;
  /** What is served as the WebAssembly. */
  wasm: { status: number; body: Uint8Array };
}

export interface SiteOptions {
  /** The service worker's program, after the import of `install`. */
  readonly program: string;
  /** The Content-Security-Policy of the service worker's file. */
  readonly policy?: string;
  /** What else the site answers. */
  readonly api?: RequestListener;
}

/** Makes the service worker control the page at once. */
export const TAKE_OVER = `
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
`;

/** Opens the app's page, which has no service worker yet. */
export async function openSite(t: TestContext, { program: worker, policy, api }: SiteOptions): Promise<Site> {
  const bundle = await program;
  const wasm = { status: 200, body: await built("dist/hedgerow.wasm") };
  const answer: RequestListener = (request, response) => {
    const give = (type: string, body: string | Uint8Array, status = 200) =>
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    if (request.url === "/app") give("text/html", PAGE);
    else if (request.url === "/app.js") give("text/javascript", bundle);
    else if (request.url === "/sw.js") {
      if (policy) response.setHeader("content-security-policy", policy);
      give("text/javascript", `import { install } from "/package/service-worker.js";\n${worker}`);
    } else if (request.url === "/counted.wasm") {
      site.loads++;
      give("application/wasm", site.wasm.body, site.wasm.status);
    } else if (request.url?.startsWith("/grpc/")) passOn(request, response);
    else if (api) api(request, response);
    else response.writeHead(404).end();
  };
  const origin = await serveSite(t, { api: answer });
  const context = await (await theBrowser()).newContext();
  context.setDefaultTimeout(PATIENCE);
  t.after(() => context.close());
  const said: string[] = [];
  const listen = (message: { type(): string; text(): string }) => {
    if (["error", "warning"].includes(message.type())) said.push(message.text());
  };
  context.on("console", listen);
  const page = await context.newPage();
  const site: Site = { page, context, origin, said, loads: 0, wasm };
  await page.goto(`${origin}/app`);
  return site;
}

/** The service worker's script if it is a module. All other scripts are classic ones. */
const MODULE = "/sw.js";
const typeOf = (script: string): WorkerType => (script === MODULE ? "module" : "classic");

/** Has the page registered the service worker, and waits until it controls the page. */
export async function control({ page }: Site, script: string = MODULE): Promise<void> {
  await page.evaluate(
    async ({ script, type }) => {
      const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
      await navigator.serviceWorker.register(script, { type });
      await controlled;
    },
    { script, type: typeOf(script) },
  );
}

/** Registers, and says how the installation ended. */
export function installation({ page }: Site, script: string = MODULE): Promise<string> {
  return page.evaluate(
    async ({ script, type }) => {
      const registration = await navigator.serviceWorker.register(script, { type });
      const worker = registration.installing ?? registration.waiting ?? registration.active;
      if (!worker) throw new Error("no service worker");
      while (worker.state === "installing") {
        await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
      }
      return worker.state;
    },
    { script, type: typeOf(script) },
  );
}

/** The browser stops the service worker, as it does with one that is idle. */
export async function stop({ page, context }: Site): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send("ServiceWorker.enable");
  const stopped = new Promise<void>((resolve) => {
    session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
      if (versions.some(({ runningStatus }) => runningStatus === "stopped")) resolve();
    });
  });
  await session.send("ServiceWorker.stopAllWorkers");
  await stopped;
  await session.detach();
}

/** A service worker that installs Hedgerow for the site's own origin and the server's. */
export const installing = (serviceConfig: ServiceConfig, more = "") =>
  `install({ serviceConfig: ${JSON.stringify(serviceConfig)}, origins: ["/grpc", "${SERVER}"], wasmUrl: "/counted.wasm", ${more} });${TAKE_OVER}`;

export async function controlled(t: TestContext, serviceConfig: ServiceConfig, more: Partial<SiteOptions> = {}): Promise<Site> {
  const site = await openSite(t, { program: installing(serviceConfig), ...more });
  await control(site);
  return site;
}

/** Has the app make a unary call, and returns the number of the attempt that was answered. */
export function unary({ page }: Site, baseUrl: string, callId: string, steps: StepInit[], timeoutMs?: number) {
  return page.evaluate(
    async ({ baseUrl, callId, steps, timeoutMs }) => {
      const answer = { attempt: 0, code: 0, message: "" };
      const call = app.client(baseUrl).do({ callId, steps: steps as never }, timeoutMs ? { timeoutMs } : {});
      call.then(
        ({ attempt }) => Object.assign(answer, { attempt }),
        () => {},
      );
      return { ...(await app.said(call)), attempt: answer.attempt };
    },
    { baseUrl, callId, steps, timeoutMs },
  );
}
