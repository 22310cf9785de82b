// The apps of demo/apps, which demo/apps/install.mjs has copied into build/apps: built and run as users would, and watched in
// Chromium.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import { extname, join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { server, theBrowser } from "../browser/chromium.js";

export const apps: string = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "..", "..", "build", "apps");

/** The environment of the apps' commands, which has the address of their server. */
const environment = {
  ...process.env,
  API_URL: server,
  VITE_API_URL: server,
  NEXT_TELEMETRY_DISABLED: "1",
  NO_COLOR: "1",
  FORCE_COLOR: undefined,
};

/** Runs a command of an app to its end, and returns what it printed. */
export async function run(app: string, command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const options = { cwd: join(apps, app), env: { ...environment, ...env } };
  const { stdout } = await promisify(execFile)(command, args, options).catch(({ stdout, stderr }) =>
    assert.fail(`${app}: ${command} ${args.join(" ")}\n${stdout}${stderr}`),
  );
  return stdout;
}

export function build(app: string): Promise<string> {
  return run(app, "npm", ["run", "--silent", "build"]);
}

/**
 * Starts an app's server, and returns its address when it says that it listens. When the test ends, it is stopped with everything
 * that it started.
 */
export async function start(t: TestContext, app: string, command: string, ...args: string[]): Promise<string> {
  const port = await freePort();
  const child = spawn(join(apps, "node_modules/.bin", command), [...args, "--port", `${port}`], {
    cwd: join(apps, app),
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // This makes a process group, which can be stopped as a whole.
  });
  const exit = once(child, "exit");
  t.after(async () => {
    if (child.exitCode === null) process.kill(-(child.pid as number), "SIGTERM");
    await exit;
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (/ready/i.test(said) && said.includes(`:${port}`)) resolve();
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
