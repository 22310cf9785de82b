// Where a soak runs: processes of Node, and pages of Chromium. Both are told the same: begin, step, look.

import { execFileSync, fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { launch } from "../bench/devtools.mjs";

/** The demo server, as .ci/with-server.sh tells its addresses. */
function server(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by .ci/with-server.sh, or with --real 0 --streams 0`);
  return value;
}

/** A new process. `npm` is the package's folder. */
export function startNode(npm) {
  const child = fork(join(npm, "soak/node.mjs"), { execArgv: ["--expose-gc"] });
  const ask = (act, given) =>
    new Promise((resolve, reject) => {
      const gone = (code) => reject(new Error(`the process has ended with ${code}`));
      child.once("exit", gone);
      child.once("message", ({ value, error }) => {
        child.off("exit", gone);
        if (error) reject(new Error(error));
        else resolve(value);
      });
      child.send({ act, ...given });
    });
  return {
    begin: (plan, wasm) =>
      ask("begin", {
        ...plan,
        wasm: join(npm, wasm),
        baseUrl: plan.work === "fake" ? undefined : server("HEDGEROW_SERVER"),
        sockets: false,
      }),
    step: (from, to) => ask("step", { from, to }),
    look: () => ask("look", {}),
    close: async () => {
      child.disconnect();
      await new Promise((resolve) => child.once("exit", resolve));
    },
  };
}

/** A browser, and a server of its own for the pages. Calls go to the demo server, another origin, over HTTP/2. */
export async function startPages(npm, inGo) {
  const files = { ...(await filesOf(npm)), ...(inGo ? await goFiles(npm) : {}) };
  const serving = createServer((request, response) => {
    const file = files[request.url];
    response.writeHead(file ? 200 : 404, file ? { "content-type": file.type } : {});
    response.end(file?.body);
  });
  await new Promise((resolve) => serving.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${serving.address().port}`;
  const executable = process.env.CHROMIUM ?? execFileSync(join(npm, "../../.ci/chromium.sh")).toString().trim();
  const browser = await launch(executable, process.env.HEDGEROW_SERVER_SPKI ?? "");
  return {
    product: browser.product,
    async open(name) {
      const page = await browser.open(`${origin}/${name}.html`);
      const ask = (act, given) => page.evaluate(`soak.${act}(${JSON.stringify(given)})`);
      return {
        begin: (plan, wasm) =>
          ask("begin", {
            ...plan,
            wasm: `${origin}/${wasm}`,
            baseUrl: plan.work === "fake" ? undefined : server("HEDGEROW_SERVER_TLS"),
            sockets: true,
          }),
        step: (from, to) => ask("step", { from, to }),
        async look() {
          const seen = await ask("look", {});
          await page.send("HeapProfiler.collectGarbage");
          const { metrics } = await page.send("Performance.getMetrics");
          const value = (name) => metrics.find((metric) => metric.name === name).value;
          return { ...seen, listeners: seen.listeners + value("JSEventListeners"), heap: value("JSHeapUsedSize") };
        },
        close: () => page.close(),
      };
    },
    async close() {
      await browser.close();
      serving.close();
      serving.closeAllConnections();
    },
  };
}

/** The package as it was built, both builds of the WebAssembly, and the page's script. */
async function filesOf(npm) {
  const files = {
    "/soak.html": html(`<script type="module">await import("/soak.js"); done();</script>`),
    "/soak.js": { type: "text/javascript", body: await bundle(join(npm, "soak/page.mjs")) },
  };
  for (const folder of ["dist", "dist-debug"]) {
    for (const name of readdirSync(join(npm, folder))) {
      const type = { js: "text/javascript", wasm: "application/wasm" }[name.split(".").at(-1)];
      if (type) files[`/${folder}/${name}`] = { type, body: readFileSync(join(npm, folder, name)) };
    }
  }
  return files;
}

/** The program in Go, compiled here, and its page. */
async function goFiles(npm) {
  const root = join(npm, "../..");
  const output = join(root, "build/soak-go.wasm");
  execFileSync("go", ["build", "-trimpath", "-o", output, "./cmd/soak-wasm"], {
    cwd: join(root, "interop"),
    env: { ...process.env, GOOS: "js", GOARCH: "wasm" },
    stdio: "inherit",
  });
  const goroot = execFileSync("go", ["env", "GOROOT"]).toString().trim();
  return {
    "/soak-go.html": html(
      `<script src="/wasm_exec.js"></script><script type="module">await import("/soak-go.js"); done();</script>`,
    ),
    "/soak-go.js": { type: "text/javascript", body: await bundle(join(npm, "soak/go-page.mjs")) },
    "/soak-go.wasm": { type: "application/wasm", body: readFileSync(output) },
    "/wasm_exec.js": { type: "text/javascript", body: readFileSync(join(goroot, "lib/wasm/wasm_exec.js")) },
  };
}

/** A page that sets `ready`, as bench/devtools.mjs expects it. */
function html(scripts) {
  const body = `<!doctype html><meta charset="utf-8"><title>soak</title><link rel="icon" href="data:,">
<script>globalThis.ready = new Promise((resolve, reject) => { globalThis.done = resolve; addEventListener("error", ({ message }) => reject(new Error(message))); });</script>
${scripts}`;
  return { type: "text/html", body };
}

async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    write: false,
    plugins: [
      {
        name: "as-built",
        setup: (made) => made.onResolve({ filter: /^hedgerow$/ }, () => ({ path: "/dist/index.js", external: true })),
      },
    ],
  });
  return outputFiles[0].text;
}
