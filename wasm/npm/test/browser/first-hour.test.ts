// What goes wrong in the first hour, and that each error names the remedy in plain words, in a browser.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { SERVER } from "../support/server.js";
import { listen, openPage } from "./pages.js";

/** Makes a channel and a call as a program of a newcomer would, and returns the name and the text of the error. */
function firstCall(page: Page, baseUrl: string): Promise<string> {
  return page.evaluate(async (baseUrl) => {
    try {
      const channel = await hedgerow.createChannel({ baseUrl });
      await channel.unary("/helloworld.Greeter/SayHello", new Uint8Array());
      return "it worked";
    } catch (error) {
      return String(error);
    }
  }, baseUrl);
}

/** The error must say each of these. */
function says(error: string, ...remedies: RegExp[]): void {
  for (const remedy of remedies) assert.match(error, remedy);
  assert.doesNotMatch(error, /\.\./, "no sentence ends twice");
}

test("the server is down: where it was looked for, and to check that it runs", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve)); // nothing listens there now
  const error = await firstCall(await openPage(t), `http://127.0.0.1:${port}`);
  says(error, /UNAVAILABLE/, new RegExp(`127\\.0\\.0\\.1:${port}/helloworld`), /Check that the server is running and reachable/);
});

test("CORS refuses the page: which headers its answer must allow", async (t) => {
  const { origin } = await listen(t, (_, response) => response.writeHead(200).end()); // without a word about CORS
  const error = await firstCall(await openPage(t), origin);
  says(error, /UNAVAILABLE/, /another origin/, /CORS response/, /content-type/, /x-grpc-web/);
});

test("the base URL is that of a web site: to check the base URL", async (t) => {
  const page = await openPage(t, {
    api: (_, response) => response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not found</h1>"),
  });
  says(await firstCall(page, "/"), /UNIMPLEMENTED/, /HTTP status 404/, /Check the base URL/);
});

test("the base URL is that of a single-page app, which answers everything with its page: to check the base URL", async (t) => {
  const page = await openPage(t, {
    api: (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>App</h1>"),
  });
  says(await firstCall(page, "/"), /text\/html/, /Check the base URL/);
});

test("the base URL has a path too many: what the server says of it", async (t) => {
  says(
    await firstCall(await openPage(t), `${SERVER}/nothing`),
    /UNIMPLEMENTED|UNAVAILABLE/,
    /nothing\/helloworld\.Greeter|Check the base URL/,
  );
});

test("the base URL is none: what one looks like", async (t) => {
  for (const wrong of ["api.example.com:443/x y", "http://", ""]) {
    says(await firstCall(await openPage(t), wrong), /ConfigError/, /baseUrl/, /https:\/\//);
  }
});

test("hedgerow.wasm is not served: its address, the status, and wasmUrl", async (t) => {
  const page = await openPage(t);
  await page.route("**/hedgerow.wasm", (route) => route.fulfill({ status: 404, body: "no such file" }));
  says(await firstCall(page, "/"), /LoadError/, /hedgerow\.wasm/, /404/, /wasmUrl/);
});

test("a Content-Security-Policy without wasm-unsafe-eval: the directive to add", async (t) => {
  const page = await openPage(t, { policy: "default-src 'self'; script-src 'self'" });
  says(await firstCall(page, "/"), /LoadError/, /Content-Security-Policy/, /script-src 'wasm-unsafe-eval'/);
});

test("a Content-Security-Policy whose connect-src lacks the server: the directive", async (t) => {
  const page = await openPage(t, { policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" });
  says(await firstCall(page, SERVER), /INTERNAL/, /Content-Security-Policy/, /connect-src/);
});
