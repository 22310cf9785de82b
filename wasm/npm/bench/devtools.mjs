// A Chromium that is spoken to over its debugging protocol, by a pipe. Nothing of it is turned on but what is measured with: Playwright
// would listen to the network, which makes each call slower.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Starts a browser that trusts a certificate by the SHA-256 of its public key. */
export async function launch(executable, spki) {
  const profile = await mkdtemp(join(tmpdir(), "hedgerow-bench-"));
  const flags = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--js-flags=--expose-gc",
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    `--ignore-certificate-errors-spki-list=${spki}`,
  ];
  const child = spawn(executable, [...flags, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const connection = new Connection(child.stdio[3], child.stdio[4]);
  child.once("exit", () => connection.fail(new Error("Chromium has ended")));
  const { product } = await connection.send("Browser.getVersion");
  return {
    product,
    /** A page of its own context: with a cache of its own, at first empty. */
    async open(url) {
      const { browserContextId } = await connection.send("Target.createBrowserContext");
      const { targetId } = await connection.send("Target.createTarget", { url: "about:blank", browserContextId });
      const { sessionId } = await connection.send("Target.attachToTarget", { targetId, flatten: true });
      const page = new Page(connection, sessionId, () => connection.send("Target.disposeBrowserContext", { browserContextId }));
      await page.send("Performance.enable", { timeDomain: "threadTicks" });
      if (url) await page.goto(url);
      return page;
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      connection.send("Browser.close").catch(() => {});
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

class Page {
  #connection;
  #session;
  close;

  constructor(connection, session, close) {
    this.#connection = connection;
    this.#session = session;
    this.close = close;
  }

  send(method, params) {
    return this.#connection.send(method, params, this.#session);
  }

  /** Opens a page whose script sets `ready` to a promise, and waits for that. */
  async goto(url) {
    await this.send("Page.enable");
    const loaded = this.#connection.event("Page.loadEventFired", this.#session);
    await this.send("Page.navigate", { url });
    await loaded;
    await this.send("Page.disable");
    return this.evaluate("globalThis.ready");
  }

  /** The value of an expression, awaited. */
  async evaluate(expression) {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", params);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Seconds of CPU that the main thread has spent on tasks, and bytes of JavaScript's heap. */
  async metrics() {
    const { metrics } = await this.send("Performance.getMetrics");
    const value = (name) => metrics.find((metric) => metric.name === name)?.value;
    return { cpu: value("TaskDuration"), heap: value("JSHeapUsedSize") };
  }
}

/** What anything may take, in milliseconds. */
const PATIENCE = 180_000;

/** Messages are JSON, each ended by a NUL. */
class Connection {
  #to;
  #last = 0;
  #pending = new Map();
  #waiting = [];
  #rest = "";

  constructor(to, from) {
    this.#to = to;
    from.setEncoding("utf8");
    from.on("data", (text) => {
      const parts = (this.#rest + text).split("\0");
      this.#rest = parts.pop();
      for (const part of parts) this.#receive(JSON.parse(part));
    });
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#last;
    this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} has not come to an end: ${JSON.stringify(params)}`)), PATIENCE);
      const settle = (act) => (value) => {
        clearTimeout(late);
        act(value);
      };
      this.#pending.set(id, { method, resolve: settle(resolve), reject: settle(reject) });
    });
  }

  event(method, sessionId) {
    return new Promise((resolve) => this.#waiting.push({ method, sessionId, resolve }));
  }

  #receive({ id, method, result, error, params, sessionId }) {
    const call = this.#pending.get(id);
    if (call) {
      this.#pending.delete(id);
      if (error) call.reject(new Error(`${call.method}: ${error.message}`));
      else call.resolve(result);
      return;
    }
    const at = this.#waiting.findIndex((one) => one.method === method && one.sessionId === sessionId);
    if (at >= 0) this.#waiting.splice(at, 1)[0].resolve(params);
  }

  fail(error) {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
