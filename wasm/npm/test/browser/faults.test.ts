// What only a browser can show of SEMANTICS 5.3: opaque redirects, what a Content-Security-Policy forbids, objects of another realm.
import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { test } from "node:test";
import type { AttemptRecord, ChannelOptions } from "hedgerow";
import type { Page } from "playwright-core";
import { METHOD, retrying } from "../support/calls.js";
import { concat, frame, OK, WEB } from "../support/responses.js";
import { listen, openPage } from "./pages.js";
import { control, openSite, TAKE_OVER } from "./service-worker-site.js";

const [UNKNOWN, INTERNAL, UNAVAILABLE] = [2, 13, 14];
const serviceConfig = retrying({ maxAttempts: 2, retryableStatusCodes: ["UNKNOWN", "INTERNAL", "UNAVAILABLE"] });

interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly attempts: readonly AttemptRecord[];
}

/** Makes a call of the page: unary, or, if the channel has WebSockets, one that streams both ways. */
function call(page: Page, options: Omit<ChannelOptions, "metadata" | "clock">): Promise<Outcome> {
  return page.evaluate(
    async ({ options, method }) => {
      const { createChannel, StatusError } = globalThis.hedgerow;
      const channel = await createChannel(options as ChannelOptions);
      const message = Uint8Array.of(1, 2, 3);
      try {
        if (options.webSocket) for await (const _ of channel.bidiStreaming(method, [message]));
        else await channel.unary(method, message);
        return { code: 0, message: "", attempts: [] };
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        const { code, message, attempts } = error;
        return { code, message, attempts };
      } finally {
        channel.close();
      }
    },
    { options: { serviceConfig, ...options }, method: METHOD },
  );
}

const policy = (sources: string) => `connect-src 'self' ${sources}`;

test("a request that the page's policy forbids is INTERNAL, is sent once, and says which directive", async (t) => {
  const { origin } = await listen(t, () => assert.fail("nothing may come"));
  const page = await openPage(t, { policy: policy("") });
  for (const more of [{}, { webSocket: true }]) {
    const { code, message, attempts } = await call(page, { baseUrl: origin, ...more });
    assert.equal(code, INTERNAL, `${JSON.stringify(more)}: ${message}`);
    assert.match(message, /Content-Security-Policy.*connect-src/);
    assert.deepEqual(
      attempts.map((attempt) => [attempt.outcome, attempt.code]),
      [["failed", INTERNAL]],
    );
  }
});

test("what the policy of a worker's own file forbids is INTERNAL there too, unary and as a stream, while the page is busy", async (t) => {
  const page = await openPage(t, { workerPolicy: policy("") });
  await page.evaluate(() => {
    const work = () => {
      for (const until = performance.now() + 150; performance.now() < until; );
      setTimeout(work);
    };
    work();
  });
  for (const more of [{}, {}, {}, { webSocket: true }, { webSocket: true }, { webSocket: true }]) {
    const { origin } = await listen(t, () => assert.fail("nothing may come")); // one that the worker has not been told of
    const { code, message, attempts } = await call(page, { baseUrl: origin, worker: true, ...more });
    assert.equal(code, INTERNAL, `${JSON.stringify(more)}: ${message}`);
    assert.match(message, /Content-Security-Policy.*connect-src/);
    assert.deepEqual(
      attempts.map((attempt) => [attempt.outcome, attempt.code]),
      [["failed", INTERNAL]],
    );
  }
});

test("service worker: what the policy of its file forbids is INTERNAL, and is not retried", async (t) => {
  const program = (origin: string) =>
    `install({ serviceConfig: ${JSON.stringify(serviceConfig)}, origins: ["${origin}"] });${TAKE_OVER}`;
  const { origin } = await listen(t, () => assert.fail("nothing may come"));
  const site = await openSite(t, { program: program(origin), policy: policy("") });
  await control(site);
  const said = await site.page.evaluate((baseUrl) => app.said(app.client(baseUrl).do({})), origin);
  assert.equal(said.code, INTERNAL, said.message);
  assert.match(said.message, /Content-Security-Policy.*connect-src/);
});

test("what a policy would forbid, but only reports, is the network's", async (t) => {
  const { origin } = await listen(t, (_, response) => response.destroy());
  const page = await openPage(t);
  await page.evaluate((url) => {
    const init = { blockedURI: url, effectiveDirective: "connect-src", disposition: "report", bubbles: true } as const;
    document.dispatchEvent(new SecurityPolicyViolationEvent("securitypolicyviolation", init as SecurityPolicyViolationEventInit));
  }, origin + METHOD);
  const { code, attempts } = await call(page, { baseUrl: origin });
  assert.deepEqual([code, attempts.length], [UNAVAILABLE, 2]);
});

/** Answers preflights as gRPC-Web needs it. */
const preflighted =
  (answer: RequestListener): RequestListener =>
  (request, response) => {
    response.setHeader("access-control-allow-origin", "*").setHeader("access-control-allow-headers", "*");
    if (request.method === "OPTIONS") response.end();
    else answer(request, response);
  };

test("an opaque redirect ends the call as UNKNOWN, on the page's origin and on another, in the page and in a worker", async (t) => {
  let requests = 0;
  const redirect: RequestListener = (_, response) => {
    requests++;
    response.writeHead(302, { location: "/login" }).end();
  };
  const { origin } = await listen(t, preflighted(redirect));
  const page = await openPage(t, { api: redirect });
  for (const baseUrl of [`${new URL(page.url()).origin}/api`, origin]) {
    for (const worker of [false, true]) {
      requests = 0;
      const { code, message, attempts } = await call(page, { baseUrl, worker });
      assert.deepEqual([code, requests, attempts.length], [UNKNOWN, 1, 1], message);
      assert.match(message, /redirect.*session has ended/);
      assert.equal(attempts[0]?.httpStatus, undefined);
    }
  }
});

test('redirect: "follow" follows', async (t) => {
  const page = await openPage(t, {
    api: (request, response) => {
      if (request.url?.startsWith("/api/")) response.writeHead(307, { location: `/elsewhere${METHOD}` }).end();
      else response.writeHead(200, WEB).end(concat(frame(Uint8Array.of(1)), OK));
    },
  });
  const baseUrl = `${new URL(page.url()).origin}/api`;
  assert.deepEqual(await call(page, { baseUrl, redirect: "follow" }), { code: 0, message: "", attempts: [] });
});

test("a redirected preflight looks like any CORS failure, and the hint names it", async (t) => {
  const { origin } = await listen(t, (_, response) => response.writeHead(302, { location: "/login" }).end());
  const { code, message } = await call(await openPage(t), { baseUrl: origin });
  assert.equal(code, UNAVAILABLE);
  assert.match(message, /CORS response, which must not be a redirect/);
});

test("messages, metadata and a signal of an iframe are taken", async (t) => {
  const page = await openPage(t, { api: (_, response) => response.writeHead(200, WEB).end(concat(frame(Uint8Array.of(7)), OK)) });
  const seen = await page.evaluate(async (method) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const other = frame.contentWindow as unknown as typeof globalThis;
    const channel = await globalThis.hedgerow.createChannel({ baseUrl: location.origin, fetch: other.fetch.bind(other) });
    const message = new other.Uint8Array([1, 2]);
    const options = { metadata: { "x-a-bin": message }, signal: new other.AbortController().signal };
    const unary = await channel.unary(method, message, options);
    const streamed: number[] = [];
    for await (const part of channel.bidiStreaming(method, [message])) streamed.push(...part);
    channel.close();
    return [...unary.message, ...streamed];
  }, METHOD);
  assert.deepEqual(seen, [7, 7]);
});

test("service worker: a redirect comes as a status, not as a network error", async (t) => {
  let requests = 0;
  const api: RequestListener = (_, response) => {
    requests++;
    response.writeHead(302, { location: "/login" }).end();
  };
  const program = `install({ serviceConfig: ${JSON.stringify(serviceConfig)}, origins: ["/api"] });${TAKE_OVER}`;
  const site = await openSite(t, { program, api });
  await control(site);
  const said = await site.page.evaluate((baseUrl) => app.said(app.client(baseUrl).do({})), `${site.origin}/api`);
  assert.equal(said.code, UNKNOWN);
  assert.match(said.message, /session has ended/);
  assert.equal(requests, 1);
});

test("service worker: a failure in the head beside an empty trailers frame is retried, and told as it is", async (t) => {
  let requests = 0;
  const api: RequestListener = (_, response) => {
    requests++;
    response.writeHead(200, { ...WEB, "grpc-status": "14", "grpc-message": "down" }).end(Uint8Array.of(0x80, 0, 0, 0, 0));
  };
  const program = `install({ serviceConfig: ${JSON.stringify(serviceConfig)}, origins: ["/api"] });${TAKE_OVER}`;
  const site = await openSite(t, { program, api });
  await control(site);
  const said = await site.page.evaluate((baseUrl) => app.said(app.client(baseUrl).do({})), `${site.origin}/api`);
  assert.deepEqual([said.code, said.message, requests], [UNAVAILABLE, "down", 2]);
});
