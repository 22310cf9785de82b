// The server of the playground: a service worker that plays the scripts of the Chaos service (server/proto/chaos/v1/chaos.proto) as the real
// server does (server/script), as far as a service worker can. hedgerow/testing turns steps into responses. demo/playground.mjs bundles it.

import { always, createTestServer } from "hedgerow/testing";
import { Calls } from "./calls.js";
import { play, report } from "./play.js";

const service = "/hedgerow.chaos.v1.Chaos";
const base = new URL("server", registration.scope).href;
const calls = new Calls();
/** By the address of a request, which has a number: what ends it. Not every browser tells a service worker that a page ended a request. */
const running = new Map();

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("message", (event) => {
  const { claim, abort } = event.data;
  if (claim) event.waitUntil(clients.claim()); // of a page that was loaded past the service worker
  if (abort) running.get(abort)?.abort();
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (!request.url.startsWith(`${base}/`)) return; // a file, which the static host has
  const aborter = new AbortController();
  running.set(request.url, aborter);
  let end;
  // A response whose body still comes keeps the service worker alive.
  event.waitUntil(
    new Promise((resolve) => {
      end = () => {
        running.delete(request.url);
        resolve();
      };
    }),
  );
  event.respondWith(answer(request, AbortSignal.any([request.signal, aborter.signal]), end));
});

/** Answers a request; `end` is called when its response has ended. */
async function answer(request, signal, end) {
  const body = new Uint8Array(await request.arrayBuffer());
  const { href } = new URL(request.url.slice(0, request.url.indexOf("#") >>> 0));
  const server = createTestServer({ baseUrl: base });
  const step = (act) =>
    always(async (one) => {
      one.signal.addEventListener("abort", end);
      return act(calls, one, end);
    });
  server.on(`${service}/Do`, step(play)).on(`${service}/Stream`, step(play)).on(`${service}/Report`, step(report));
  try {
    return await server.fetch(href, { method: "POST", headers: request.headers, body, signal });
  } catch (error) {
    if (signal.aborted) return new Response(); // nobody reads it; a rejection would be an error in the page's console
    end();
    throw error;
  }
}
