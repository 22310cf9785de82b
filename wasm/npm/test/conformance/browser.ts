// The package in a page, in headless Chromium or, if ENGINE is firefox, in Firefox, as a client of connectconformance.
//
//   node browser.mjs [--request-streaming]

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { launch } from "../browser/launch.js";
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  type ClientCompatResponse,
  ClientCompatResponseSchema,
} from "../gen/connectrpc/conformance/v1/client_compat_pb.js";
import { answerAll } from "./pipe.js";

const requestStreaming = process.argv.includes("--request-streaming");
const built = new URL("../../dist/", import.meta.url);

const html = `<!doctype html><title>conformance</title><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "hedgerow": "/package/index.js" } }</script><script type="module" src="/page.js"></script>`;

const site = createServer(async ({ url = "/" }, response) => {
  const name = /^\/package\/([\w-]+\.(?:js|wasm))$/.exec(url)?.[1];
  const type = url === "/" ? "text/html" : url.endsWith(".wasm") ? "application/wasm" : "text/javascript";
  const body = url === "/" ? html : await readFile(name ? new URL(name, built) : new URL("page.mjs", import.meta.url));
  response.writeHead(200, { "content-type": type }).end(body);
});
await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));

const browser = await launch();
// The reference servers make their own certificates.
const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
page.on("pageerror", (error) => console.error(error));
await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
await page.waitForFunction(() => "conformance" in globalThis);

await answerAll(inPage);
await browser.close();
site.closeAllConnections();
site.close();

async function inPage(request: ClientCompatRequest): Promise<ClientCompatResponse> {
  const base64 = Buffer.from(toBinary(ClientCompatRequestSchema, request)).toString("base64");
  const response = await page.evaluate(([base64, streaming]) => globalThis.conformance(base64, streaming), [
    base64,
    requestStreaming,
  ] as const);
  return fromBinary(ClientCompatResponseSchema, Buffer.from(response, "base64"));
}
