// Chromium as users have it. Playwright keeps every tab in the foreground and turns the back/forward cache off. Driven without
// Playwright, through the DevTools protocol over a pipe, tabs are hidden, throttled, frozen and restored as usual.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { TestContext } from "node:test";
import { executablePath, flags } from "./launch.js";

interface Waiter {
  resolve(result: never): void;
  reject(error: Error): void;
}

/** A Chromium of the test's own, which ends with it. */
export class Chromium {
  #process: ChildProcess;
  #lastId = 0;
  #waiters = new Map<number, Waiter>();

  static async launch(t: TestContext): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), "hedgerow-chromium-"));
    const browser = new Chromium(profile);
    t.after(async () => {
      const exit = once(browser.#process, "exit");
      browser.send("Browser.close").catch(() => {});
      await exit;
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    });
    return browser;
  }

  private constructor(profile: string) {
    const args = [...flags, "--headless", "--remote-debugging-pipe", `--user-data-dir=${profile}`];
    this.#process = spawn(executablePath, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let rest = "";
    (this.#process.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.#receive(JSON.parse(message));
    });
    this.#process.on("exit", () => {
      for (const { reject } of this.#waiters.values()) reject(new Error("Chromium has ended"));
    });
  }

  #receive({ id, result, error }: { id?: number; result: never; error?: { message: string } }): void {
    const waiter = this.#waiters.get(id ?? 0); // Events have no id, and nobody waits for them.
    this.#waiters.delete(id ?? 0);
    if (error) waiter?.reject(new Error(error.message));
    else waiter?.resolve(result);
  }

  send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** A tab in the foreground, which has loaded the page. */
  async open(url: string): Promise<Tab> {
    const { targetId } = await this.send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab(this, targetId, sessionId);
    await this.send("Page.navigate", { url }, sessionId);
    await tab.until(() => document.readyState === "complete" && location.protocol === "http:");
    return tab;
  }
}

export class Tab {
  #browser: Chromium;
  #target: string;
  #session: string;

  constructor(browser: Chromium, target: string, session: string) {
    this.#browser = browser;
    this.#target = target;
    this.#session = session;
  }

  /** Runs a function in the page and returns its result. Arguments and result must be JSON values. */
  async run<A, R>(act: (argument: A) => R | Promise<R>, argument?: A): Promise<R> {
    const expression = `(${act})(${JSON.stringify(argument)})`;
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send<{ result: { value: R }; exceptionDetails?: object }>(
      "Runtime.evaluate",
      params,
    );
    assert.equal(exceptionDetails, undefined);
    return result.value;
  }

  /** Evaluates a condition in the page until it is true. The tab may load another page in the meantime. */
  async until<A>(holds: (argument: A) => boolean, argument?: A): Promise<void> {
    while (!(await this.run(holds, argument).catch(() => false))) await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }

  send<T>(method: string, params: object = {}): Promise<T> {
    return this.#browser.send<T>(method, params, this.#session);
  }

  /** Puts the tab in front of all others. */
  async show(): Promise<void> {
    await this.#browser.send("Target.activateTarget", { targetId: this.#target });
    await this.until(() => document.visibilityState === "visible");
  }

  /** Puts another tab in front of it. */
  async hide(): Promise<void> {
    const { targetId } = await this.#browser.send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    await this.#browser.send("Target.activateTarget", { targetId });
    await this.until(() => document.visibilityState === "hidden");
  }

  /** Freezes a hidden tab, as the browser does with tabs that were not looked at for long, or wakes it. */
  setFrozen(frozen: boolean): Promise<void> {
    return this.send("Page.setWebLifecycleState", { state: frozen ? "frozen" : "active" });
  }
}
