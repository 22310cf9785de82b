// What hot module replacement leaves behind when the module that makes the channel is edited.
import assert from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { dirOf, start } from "../apps/apps.js";
import { theBrowser } from "../browser/chromium.js";
import { PATIENCE } from "../browser/launch.js";
import { textOf } from "../support/documents.js";

interface Counts {
  instances: number;
  open_channel: number;
  close_channel: number;
}

declare global {
  var counts: Counts;
}

/** Counts the instances of the WebAssembly, and what is called in them. */
function count(): void {
  globalThis.counts = { instances: 0, open_channel: 0, close_channel: 0 };
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(...args: ConstructorParameters<typeof Instance>) {
      super(...args);
      globalThis.counts.instances++;
      const exports: Record<string, unknown> = { ...this.exports };
      for (const name of ["open_channel", "close_channel"] as const) {
        const call = exports[name] as (...args: number[]) => number;
        exports[name] = (...args: number[]) => {
          globalThis.counts[name]++;
          return call(...args);
        };
      }
      Object.defineProperty(this, "exports", { value: exports });
    }
  };
}

/** A channel that is made when the module is loaded. */
const CHANNEL = "const channel = await connect(import.meta.env.VITE_API_URL);";

test("react: hot reload of a module that makes a channel: no reload, one load, and old channels are closed", async (t) => {
  const [, closing = ""] = /^When you edit .*?```js\n(.*?)```/ms.exec(await textOf("docs/install.md")) ?? [];
  assert.match(closing, /close/);
  const more = `${CHANNEL}\n${closing}`;
  const file = join(dirOf("react"), "src/greeter.ts");
  const source = await readFile(file, "utf8");
  /** Replaces the file at once: the server must not read half of it. */
  const edit = async (text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  t.after(() => edit(source));
  await edit(source + more);
  const url = await start(t, "react", "vite", "--force", "--strictPort");
  const context = await (await theBrowser()).newContext();
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.addInitScript(count);
  const sayHello = async (name: string) => {
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Say hello" }).click();
    await page
      .getByRole("status")
      .filter({ hasText: `Hello ${name}` })
      .waitFor();
  };
  await page.goto(url, { waitUntil: "networkidle" });
  await sayHello("one");
  await page.evaluate("globalThis.sameDocument = true");
  let seconds = 10;
  for (const before of [3, 4, 5]) {
    const opened = () => page.waitForFunction((before) => globalThis.counts.open_channel > before, before, { timeout: 5000 });
    // Vite's watcher passes over a change that comes too soon after the last one, so it may have to be made again.
    for (let done = false; !done; ) {
      assert.ok(seconds < 40, "the module is not replaced");
      await edit(source.replace('timeout: "10s"', `timeout: "${++seconds}s"`) + more);
      done = await opened().then(
        () => true,
        () => false,
      );
    }
  }
  await sayHello("two");
  // The component's, and the module's.
  await page.waitForFunction(() => globalThis.counts.open_channel - globalThis.counts.close_channel === 2);
  assert.equal(await page.evaluate("globalThis.sameDocument"), true);
  assert.equal(await page.evaluate(() => globalThis.counts.instances), 1);
});
