// The runtimes that are not browsers.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import * as esbuild from "esbuild";
import { build, dirOf, moreApps, nodeOf, run, start } from "../apps/apps.js";
import { server } from "../browser/chromium.js";

for (const major of [22, 24] as const) {
  test(`Node ${major}: a script`, async () => {
    assert.equal(await run("node", join(nodeOf(major), "node"), ["hello.js", "Node"]), "Hello Node\n");
  });

  test(`Node ${major}: require()`, async () => {
    const program = 'require("hedgerow").createChannel({ baseUrl: "http://api.test" }).then((channel) => channel.close())';
    assert.equal(await run("node", join(nodeOf(major), "node"), ["--eval", program]), "");
  });
}

test("Bun: a script", async () => {
  const bun = join(moreApps, "node_modules/@oven/bun-linux-x64/bin/bun");
  assert.equal(await run("node", bun, ["hello.js", "Bun"]), "Hello Bun\n");
});

/** The answers to so many requests at once. */
function many(count: number, ask: (i: number) => Promise<string>): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => ask(i)));
}

async function textOf(url: string): Promise<string> {
  return (await fetch(url)).text();
}

test("Cloudflare: a Worker, with requests that overlap", async (t) => {
  await build("cloudflare");
  const url = await start(t, "cloudflare", "wrangler", "dev", "--ip", "localhost", "--var", `API_URL:${server}`);
  assert.deepEqual(
    await many(10, (i) => textOf(`${url}/?name=${i}`)),
    Array.from({ length: 10 }, (_, i) => `Hello ${i}`),
  );
});

/** A Worker whose calls fail twice, and wait before each retry while others do the same. */
const RETRIES = `
import { createChannel } from "hedgerow";
import { sayHello } from "../page/greeter.js";
const retryPolicy = { maxAttempts: 3, initialBackoff: "0.1s", maxBackoff: "0.1s", backoffMultiplier: 1, retryableStatusCodes: ["UNAVAILABLE"] };
const busy = () => new Response(null, { headers: { "content-type": "application/grpc-web+proto", "grpc-status": "14" } });
export default {
  async fetch(request, env) {
    let attempts = 0;
    const channel = await createChannel({
      baseUrl: env.API_URL,
      serviceConfig: { methodConfig: [{ name: [{}], retryPolicy }] },
      fetch: (url, init) => (++attempts < 3 ? Promise.resolve(busy()) : fetch(url, init)),
    });
    try {
      return new Response(await sayHello(channel, \`\${attempts}\`));
    } catch (error) {
      return new Response(String(error));
    } finally {
      channel.close();
    }
  },
};`;

test("Cloudflare: retries of requests that overlap do not end one another", async (t) => {
  await writeFile(join(dirOf("cloudflare"), "retries.js"), RETRIES);
  const url = await start(t, "cloudflare", "wrangler", "dev", "retries.js", "--ip", "localhost", "--var", `API_URL:${server}`);
  assert.deepEqual(new Set(await many(20, () => textOf(url))), new Set(["Hello 0"]));
});

interface EdgeRuntime {
  dispatchFetch(url: string): Promise<Response>;
}

test("Vercel: a function in the edge runtime, with requests that overlap", async () => {
  const { outputFiles } = await esbuild.build({
    stdin: {
      resolveDir: dirOf("vercel"),
      contents:
        'import handler from "./api/hello.js"; addEventListener("fetch", (event) => event.respondWith(handler(event.request)));',
    },
    bundle: true,
    write: false,
    format: "iife",
    platform: "neutral",
    conditions: ["edge-light"], // as Vercel's own builder has it
    define: { "process.env.API_URL": JSON.stringify(server) },
    plugins: [
      {
        name: "module",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({ path, namespace: "module" }));
          onLoad({ filter: /./, namespace: "module" }, () => ({ contents: "export default hedgerowModule;" }));
        },
      },
    ],
  });
  const hedgerowModule = await WebAssembly.compile(await readFile(join(moreApps, "node_modules/hedgerow/dist/hedgerow.wasm")));
  const { EdgeRuntime } = createRequire(join(dirOf("vercel"), "package.json"))("edge-runtime") as {
    EdgeRuntime: new (options: object) => EdgeRuntime;
  };
  const runtime = new EdgeRuntime({
    initialCode: outputFiles[0]?.text,
    extend: (context: object) => Object.assign(context, { hedgerowModule }),
  });
  assert.deepEqual(
    await many(10, async (i) => (await runtime.dispatchFetch(`http://site.test/?name=${i}`)).text()),
    Array.from({ length: 10 }, (_, i) => `Hello ${i}`),
  );
});
