// hedgerow/service-worker: its installation, its waking up, and when it begins.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import * as esbuild from "esbuild";
import { retrying } from "../support/calls.js";
import { Script, SERVER, status } from "../support/server.js";
import { engine, onlyChromium } from "./launch.js";
import { control, controlled, installation, installing, openSite, stop, TAKE_OVER, unary } from "./service-worker-site.js";

const Code = { UNAVAILABLE: 14 };
/** Of a service worker in Firefox the driver tells what it logs as little as how to stop it. */
const heard = engine === "chromium";
const stopping = onlyChromium("the driver can stop a service worker only in Chromium");
const busy = status(Code.UNAVAILABLE, "busy");

test("service worker: one that the browser stopped wakes up for the next call", stopping, async (t) => {
  const site = await controlled(t, retrying());
  for (let round = 1; round <= 2; round++) {
    const script = new Script([]);
    assert.equal((await unary(site, SERVER, script.id, [busy, {}])).attempt, 2);
    assert.equal(site.loads, round);
    await stop(site);
  }
});

test(
  "service worker: WebAssembly that fails to load at waking up lets calls through without policies, and says so",
  stopping,
  async (t) => {
    const site = await controlled(t, retrying());
    await stop(site);
    const { wasm } = site;
    site.wasm = { status: 503, body: new Uint8Array() };
    const failed = new Script([]);
    assert.deepEqual(await unary(site, SERVER, failed.id, [busy, {}]), { code: Code.UNAVAILABLE, message: "busy", attempt: 0 });
    assert.equal(site.said.length, 1, site.said.join("\n"));
    assert.match(
      site.said[0] ?? "",
      /hedgerow: gRPC-Web calls are sent without retries.*counted\.wasm answered with HTTP status 503/s,
    );
    site.wasm = wasm;
    const healed = new Script([]);
    assert.equal((await unary(site, SERVER, healed.id, [busy, {}])).attempt, 2, "the load is retried");
  },
);

test("service worker: a service config that is not valid fails the installation, and the console says what is wrong", async (t) => {
  const site = await openSite(t, { program: installing({ methodConfig: [{ name: [{}], timeout: "soon" }] }) });
  assert.equal(await installation(site), "redundant");
  if (heard) assert.match(site.said.join("\n"), /hedgerow.*methodConfig\[0\]\.timeout/s);
});

test("service worker: of two installs, the one that comes first takes a call", async (t) => {
  const program = `
    install({ origins: ["${SERVER}"], serviceConfig: ${JSON.stringify(retrying({ maxAttempts: 2 }))} });
    install({ origins: ["/grpc", "${SERVER}"], serviceConfig: ${JSON.stringify(retrying({ maxAttempts: 3 }))} });${TAKE_OVER}`;
  const site = await openSite(t, { program });
  await control(site);
  const counts: number[] = [];
  for (const baseUrl of [SERVER, `${site.origin}/grpc`]) {
    const script = new Script([]);
    assert.equal((await unary(site, baseUrl, script.id, [busy])).code, Code.UNAVAILABLE);
    counts.push((await script.report(t, 0, 0)).started);
  }
  assert.deepEqual(counts, [2, 3]);
  assert.deepEqual(site.said, []);
});

test("service worker: a page that it does not control yet calls without policies; reloaded, with them", async (t) => {
  const site = await openSite(t, { program: installing(retrying()).replace(TAKE_OVER, "") });
  assert.equal(await installation(site), "installed");
  await site.page.evaluate(() => navigator.serviceWorker.ready);
  assert.equal((await unary(site, SERVER, new Script([]).id, [busy, {}])).code, Code.UNAVAILABLE);
  await site.page.reload();
  assert.equal((await unary(site, SERVER, new Script([]).id, [busy, {}])).attempt, 2);
});

test("service worker: install that comes late takes no calls", async (t) => {
  const late = `addEventListener("message", ({ source }) => {
    install({ origins: ["${SERVER}"], serviceConfig: ${JSON.stringify(retrying())} });
    source.postMessage("installed");
  });${TAKE_OVER}`;
  const site = await openSite(t, { program: late });
  await control(site);
  await site.page.evaluate(async () => {
    const installed = new Promise((resolve) => navigator.serviceWorker.addEventListener("message", resolve));
    navigator.serviceWorker.startMessages();
    navigator.serviceWorker.controller?.postMessage("install");
    await installed;
  });
  assert.equal((await unary(site, SERVER, new Script([]).id, [busy, {}])).code, Code.UNAVAILABLE);
});

test("service worker: a classic script, bundled, needs wasmUrl and nothing else; without it the console says so", async (t) => {
  const bundled = async (options: object) => {
    const contents = `import { install } from "hedgerow/service-worker"; install(${JSON.stringify(options)}); ${TAKE_OVER}`;
    const stdin = { contents, resolveDir: join(process.env["HEDGEROW_PACKAGE"] ?? ".", "test") };
    const { outputFiles } = await esbuild.build({ stdin, bundle: true, write: false, format: "iife", logLevel: "error" });
    return outputFiles[0]?.text ?? "";
  };
  const origins = [SERVER];
  const serviceConfig = retrying();
  let script = await bundled({ origins, serviceConfig });
  const api = (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(200, { "content-type": "text/javascript", "cache-control": "no-store" }).end(script);
  const site = await openSite(t, { program: "", api });
  assert.equal(await installation(site, "/classic.js"), "redundant");
  if (heard) assert.match(site.said.join("\n"), /hedgerow: the service worker could not be installed: LoadError.*wasmUrl/s);
  script = await bundled({ origins, serviceConfig, wasmUrl: "/counted.wasm" });
  await control(site, "/classic.js");
  assert.equal((await unary(site, SERVER, new Script([]).id, [busy, {}])).attempt, 2);
});
