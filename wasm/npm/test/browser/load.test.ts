// How a page loads the WebAssembly, and which errors it gets if that fails. Tests that need no browser are in
// ../channel/load.test.ts.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { built, openPage } from "./pages.js";

/** Loads the package in the page, and returns the LoadError's message, or whatever happened instead. */
function load(page: Page, options: object = {}, entry = "/package/index.js"): Promise<string> {
  return page.evaluate(
    async ([options, entry]) => {
      const { createChannel, LoadError }: typeof import("hedgerow") = await import(entry);
      try {
        (await createChannel({ baseUrl: "https://api.test", ...options })).close();
        return "loaded";
      } catch (error) {
        return error instanceof LoadError ? error.message : `no LoadError: ${String(error)}`;
      }
    },
    [options, entry] as const,
  );
}

function warnings(page: Page): string[] {
  const texts: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "warning") texts.push(message.text());
  });
  return texts;
}

const html = "<!doctype html><title>app</title>";
const inline = "/package/inline.js";
const strict = `default-src 'self'; connect-src *; script-src 'self'`;

test("a Content-Security-Policy without wasm-unsafe-eval: the LoadError names it; with it all is well", async (t) => {
  for (const type of ["application/wasm", "application/octet-stream"]) {
    const refused = await load(await openPage(t, { policy: strict, wasm: { type } }));
    assert.match(refused, /hedgerow\.wasm (\(.*\) )?could not be compiled.*script-src 'wasm-unsafe-eval'$/);
    assert.equal(await load(await openPage(t, { policy: `${strict} 'wasm-unsafe-eval'`, wasm: { type } })), "loaded");
  }
});

test("a Content-Security-Policy that forbids the download: the LoadError says where to look", async (t) => {
  const page = await openPage(t, { policy: `default-src 'self' 'wasm-unsafe-eval'; connect-src 'none'` });
  assert.match(await load(page), /hedgerow\.wasm could not be fetched.*connect-src/);
});

test("hedgerow/inline fetches nothing, and is under script-src as well", async (t) => {
  const policy = `default-src 'self'; connect-src 'none'; script-src 'self'`;
  const page = await openPage(t, { policy: `${policy} 'wasm-unsafe-eval'` });
  assert.equal(await load(page, {}, inline), "loaded");
  assert.match(await load(await openPage(t, { policy }), {}, inline), /script-src 'wasm-unsafe-eval'$/);
});

test("hedgerow.min.js is all that a page without a bundler loads", async (t) => {
  const page = await openPage(t, { policy: `default-src 'self'; connect-src 'none'; script-src 'self' 'wasm-unsafe-eval'` });
  const requests: string[] = [];
  page.on("request", (request) => void requests.push(new URL(request.url()).pathname));
  const answer = await page.evaluate(async (path) => {
    const { createChannel } = (await import(path)) as typeof import("hedgerow");
    const body = Uint8Array.of(0, 0, 0, 0, 1, 42, 0x80, 0, 0, 0, 16, ...new TextEncoder().encode("grpc-status: 0\r\n"));
    const fetch = async () => new Response(body, { headers: { "content-type": "application/grpc-web" } });
    const channel = await createChannel({ baseUrl: "https://api.test", fetch });
    return (await channel.unary("/S/M", new Uint8Array())).message[0];
  }, "/package/hedgerow.min.js");
  assert.equal(answer, 42);
  assert.deepEqual(requests, ["/package/hedgerow.min.js"]);
});

test("a web page where the WebAssembly should be: the LoadError calls it one", async (t) => {
  const said = await load(await openPage(t, { wasm: { body: html, type: "text/html" } }));
  assert.match(
    said,
    /hedgerow\.wasm \(content-type text\/html\) is not WebAssembly: .*<!doctype html>.*web page.*wasmUrl to where it is$/,
  );
  const page = await openPage(t, {
    api: (_, response) => void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html),
  });
  assert.match(
    await load(page, { wasmUrl: "/assets/moved.wasm" }),
    /^\/assets\/moved\.wasm \(.*\) is not WebAssembly.*single-page/,
  );
  assert.equal(await load(page), "loaded");
});

test("nothing there: the LoadError has the address and the HTTP status, and the load may be retried", async (t) => {
  const page = await openPage(t);
  assert.match(
    await load(page, { wasmUrl: "/nowhere.wasm" }),
    /^\/nowhere\.wasm answered with HTTP status 404\. .*wasmUrl to where it is$/,
  );
  assert.equal(await load(page), "loaded");
});

test("no network: the LoadError has the address, and the load may be retried", async (t) => {
  const page = await openPage(t);
  await page.context().setOffline(true);
  assert.match(await load(page), /^http:.*hedgerow\.wasm could not be fetched: TypeError: [^.]+\. Check /);
  await page.context().setOffline(false);
  assert.equal(await load(page), "loaded");
});

test("a truncated file: the LoadError doubts that it is whole", async (t) => {
  const whole = await built("dist/hedgerow.wasm");
  assert.match(
    await load(await openPage(t, { wasm: { body: whole.subarray(0, whole.length / 2) } })),
    /could not be compiled.*complete/,
  );
});

test("another MIME type loads, with one warning a page", async (t) => {
  for (const type of ["text/plain", "application/wasm; charset=utf-8"]) {
    const page = await openPage(t, { wasm: { type } });
    const texts = warnings(page);
    assert.deepEqual(await Promise.all([load(page), load(page)]), ["loaded", "loaded"]);
    assert.equal(texts.length, 1);
    assert.ok(texts[0]?.includes(`hedgerow.wasm was served with content-type ${type}. As plain application/wasm`), texts[0]);
  }
});

test("integrity: a wrong hash is a LoadError that tells it, and the right one may be tried after it", async (t) => {
  const page = await openPage(t);
  const wrong = `sha384-${createHash("sha384").update("other").digest("base64")}`;
  assert.match(await load(page, { integrity: wrong }), /could not be fetched.*its hash is sha384-/);
  assert.match(
    await load(page, { integrity: wrong }, inline),
    /the hash of the package's own file is sha384-.*but integrity says sha384-/,
  );
  const right = await page.evaluate(
    async (path) => ((await import(path)) as { integrity: string }).integrity,
    "/package/integrity.js",
  );
  assert.equal(
    right,
    `sha384-${createHash("sha384")
      .update(await built("dist/hedgerow.wasm"))
      .digest("base64")}`,
  );
  assert.equal(await load(page, { integrity: right }), "loaded");
});

test("channels that are made at once, as React's strict mode has it, share one download", async (t) => {
  const page = await openPage(t);
  const fetched: string[] = [];
  page.on("request", (request) => void fetched.push(request.url()));
  assert.deepEqual(await Promise.all([load(page), load(page), load(page, {}, inline)]), ["loaded", "loaded", "loaded"]);
  assert.equal(fetched.filter((url) => url.endsWith(".wasm")).length, 1);
});

test("no global is left behind by the import, a channel or a call", async (t) => {
  const page = await openPage(t, {
    api: (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end(html),
  });
  await page.goto(new URL("/bare", page.url()).href);
  const left = await page.evaluate(async (entry) => {
    const before = new Set(Reflect.ownKeys(globalThis));
    const left = () =>
      Reflect.ownKeys(globalThis)
        .filter((key) => !before.has(key))
        .map(String)
        .filter((key) => !key.startsWith("__pw")); // Playwright's own
    const { createChannel }: typeof import("hedgerow") = await import(entry);
    const imported = left();
    const channel = await createChannel({ baseUrl: "/api" });
    await channel.unary("/S/M", new Uint8Array()).catch(() => {}); // The site answers with a web page, which is not gRPC-Web.
    const called = left();
    channel.close();
    return { imported, called, closed: left() };
  }, "/package/index.js");
  assert.deepEqual(left, { imported: [], called: [], closed: [] });
});
