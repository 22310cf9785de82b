// The apps of demo/apps, which demo/apps/install.mjs has copied into build/apps and build/apps-more: built and run as users would, and
// watched in Chromium.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import { extname, join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { server, theBrowser } from "../browser/chromium.js";

const buildDir: string = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "..", "..", "build");

/** The apps of `make test-apps`. */
export const apps: string = join(buildDir, "apps");

/** Those that `make test-apps-all` adds, with their own node_modules, and Node 22 and 24 in it. */
export const moreApps: string = join(buildDir, "apps-more");

/** Where an app was installed. */
export function dirOf(app: string): string {
  return join(existsSync(join(apps, app)) ? apps : moreApps, app);
}

/** The program of a version of Node that npm has. */
export function nodeOf(major: 22 | 24): string {
  return join(moreApps, `node_modules/node-${major}/bin`);
}

/** The environment of an app's commands, which has the address of its server. The newest versions of some tools need Node 24. */
function environmentOf(app: string) {
  return {
    ...process.env,
    ...(dirOf(app).startsWith(moreApps) ? { PATH: `${nodeOf(24)}:${process.env["PATH"]}` } : {}),
    API_URL: server,
    VITE_API_URL: server,
    NEXT_TELEMETRY_DISABLED: "1",
    WRANGLER_SEND_METRICS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    NG_CLI_ANALYTICS: "false",
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
  };
}

/** Runs a command of an app to its end, and returns what it printed. */
export async function run(app: string, command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  return (await execute(app, command, args, env)).stdout;
}

/** Runs a command of an app that must warn of nothing. */
export async function runInSilence(app: string, command: string, args: string[], env: Record<string, string> = {}) {
  const { stdout, stderr } = await execute(app, command, args, env);
  assertSilent(app, stdout + stderr);
}

function execute(app: string, command: string, args: string[], env: Record<string, string>) {
  const options = { cwd: dirOf(app), env: { ...environmentOf(app), ...env } };
  return promisify(execFile)(command, args, options).catch(({ stdout, stderr }) =>
    assert.fail(`${app}: ${command} ${args.join(" ")}\n${stdout}${stderr}`),
  );
}

/** What tools say that is not about hedgerow: of other packages, of their own, and of the environment of these tests. */
const OTHERS = [
  /^\(!\) "this" has been rewritten to "undefined"$[\s\S]*?^created /m, // Rollup, of protobuf-es
  /^⚠ .*edge runtime.*$/gim, // Next.js, which would rather have routes on Node
  /^⚠ No build cache found\..*$/gm, // Next.js, in continuous integration
  /^\(node:\d+\) Warning: The 'NO_COLOR' env is ignored.*$/gm,
  /^\(Use `node --trace-warnings .*$/gm,
];

/** Builds an app, whose tool must not warn of anything. */
export function build(app: string): Promise<void> {
  return runInSilence(app, "npm", ["run", "--silent", "build"]);
}

/** Fails if what a tool printed has a warning or an error in it. */
function assertSilent(app: string, said: string): void {
  const text = OTHERS.reduce((rest, other) => rest.replace(other, ""), said);
  assert.doesNotMatch(text, /warn|\berror:|deprecat|\(!\)|🚨|⚠/i, `${app} complains`);
}

/** What a server says when it listens. Next.js says its address before. */
const READY = /ready|listening|server running|running at|local:/i;
const NEXT_READY = /ready/i;

/**
 * Starts an app's server, and returns its address when it says that it listens. When the test ends, it is stopped with everything
 * that it started. It must not have warned of anything.
 */
export async function start(t: TestContext, app: string, command: string, ...args: string[]): Promise<string> {
  const port = await freePort();
  const program =
    command === "node" && !dirOf(app).startsWith(moreApps) ? process.execPath : join(dirOf(app), "../node_modules/.bin", command);
  const child = spawn(program, [...args, "--port", `${port}`], {
    cwd: dirOf(app),
    env: { ...environmentOf(app), PORT: `${port}` },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // This makes a process group, which can be stopped as a whole.
  });
  const exit = once(child, "exit");
  t.after(async () => {
    if (child.exitCode === null) process.kill(-(child.pid as number), "SIGTERM");
    await exit;
    assertSilent(app, said);
  });
  let said = "";
  const ready = command === "next" ? NEXT_READY : READY;
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (ready.test(said) && said.includes(`:${port}`)) resolve();
      });
    }
    exit.then(() => reject(new Error(`${app}: ${command} ended\n${said}`)));
  });
  return `http://localhost:${port}`;
}

/** A port that was free a moment ago. It is needed because not every server accepts port 0, or says which port it took. */
async function freePort(): Promise<number> {
  const listener = createListener().listen(0);
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

const types: { readonly [extension: string]: string } = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** The environment of an app, with no more than it needs. */
export const policy: string = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${server}; img-src data:`;

/** A web server like any host of static files. */
export async function serve(t: TestContext, dir: string, headers: Record<string, string> = {}): Promise<string> {
  const site = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://site.test");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    try {
      const body = await readFile(join(dir, path));
      response.writeHead(200, { ...headers, "content-type": types[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

interface Expectation {
  /** How often the WebAssembly is fetched: once, unless it is in the JavaScript, or a development server reloads the page. */
  readonly fetched?: readonly number[];
}

/** Says hello in a page as a user does. Expects the answer, nothing in the console, and the WebAssembly with its MIME type. */
export async function sayHello(t: TestContext, url: string, { fetched = [1] }: Expectation = {}): Promise<void> {
  const context = await (await theBrowser()).newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const wasm: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (response) => {
    if (/\.wasm\b/.test(response.url())) wasm.push(`${response.status()} ${response.headers()["content-type"]}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective}`));
  });
  await page.goto(url, { waitUntil: "networkidle" });
  await page.getByLabel("Name").fill("Chromium");
  await page.getByRole("button", { name: "Say hello" }).click();
  const status = page.getByRole("status");
  await status.filter({ hasText: /./ }).waitFor();
  assert.equal(await status.textContent(), "Hello Chromium");
  assert.deepEqual(complaints, []);
  assert.deepEqual([...new Set(wasm)], fetched.includes(0) ? [] : ["200 application/wasm"]);
  assert.ok(fetched.includes(wasm.length), `fetched ${wasm.length} times`);
}
