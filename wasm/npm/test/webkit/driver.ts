// WebKitGTK, which is driven by the WebDriver protocol over plain HTTP (https://www.w3.org/TR/webdriver2/): it has no driver of Playwright's.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Readable } from "node:stream";

/** How long a script in the page may take, in milliseconds. It is long because a busy machine is slow. */
const PATIENCE = 120_000;

/** A page of WebKitGTK's MiniBrowser. It is one for all tests, because a driver serves one session only. */
export class WebKit {
  #programs: ChildProcess[];
  #session: string;

  /** Starts an X server without a screen, the driver on it, and the browser. */
  static async launch(): Promise<WebKit> {
    const screen = spawn("Xvfb", ["-displayfd", "3", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    const [display] = (await once(screen.stdio[3] as Readable, "data")) as [Buffer];
    const port = await freePort();
    const driver = spawn(process.env["WEBKIT_DRIVER"] ?? "WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
      env: { ...process.env, DISPLAY: `:${String(display).trim()}` },
      stdio: "ignore",
      detached: true, // The browser is a child of the driver's, and ends with its process group.
    });
    const root = `http://127.0.0.1:${port}`;
    await reachable(`${root}/status`, driver);
    const capabilities = { alwaysMatch: { acceptInsecureCerts: true } };
    const { sessionId } = (await send("POST", `${root}/session`, { capabilities })) as { sessionId: string };
    const browser = new WebKit([screen, driver], `${root}/session/${sessionId}`);
    await send("POST", `${browser.#session}/timeouts`, { script: PATIENCE, pageLoad: PATIENCE });
    return browser;
  }

  private constructor(programs: ChildProcess[], session: string) {
    this.#programs = programs;
    this.#session = session;
  }

  async close(): Promise<void> {
    await send("DELETE", this.#session).catch(() => {});
    const [screen, driver] = this.#programs as [ChildProcess, ChildProcess];
    process.kill(-(driver.pid as number));
    await once(driver, "exit");
    screen.kill();
    await once(screen, "exit");
  }

  async goto(url: string): Promise<void> {
    await send("POST", `${this.#session}/url`, { url });
  }

  /** Runs a function in the page and returns its result. Arguments and result must be JSON values. */
  async run<A, R>(act: (argument: A) => R | Promise<R>, argument?: A): Promise<R> {
    const script = `const done = arguments[1];
      Promise.resolve(arguments[0]).then(${act}).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = (await send("POST", `${this.#session}/execute/async`, { script, args: [argument ?? null] })) as {
      value: R;
      error?: string;
    };
    assert.equal(error, undefined);
    return value;
  }

  /** Evaluates a condition in the page until it is true. The page may be replaced by another in the meantime. */
  async until(holds: () => boolean): Promise<void> {
    while (!(await this.run(holds).catch(() => false))) await new Promise<void>((resolve) => setTimeout(resolve, 20));
  }
}

async function send(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const { value } = (await response.json()) as { value: { message?: string } };
  assert.ok(response.ok, `${method} ${new URL(url).pathname}: ${JSON.stringify(value)}`);
  return value;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** The driver says nothing when it listens, so it is asked until it answers. */
async function reachable(url: string, driver: ChildProcess): Promise<void> {
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    assert.equal(driver.exitCode, null, "WebKitWebDriver has ended");
    await new Promise<void>((resolve) => setTimeout(resolve, 50));
  }
}
