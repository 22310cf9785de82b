// `npx hedgerow doctor` before connect-go, and before nginx, well and badly configured.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { findings, hedgerow } from "../cli/command.js";
import { blocksOf, textOf } from "../support/documents.js";
import { Backend, ReverseProxy } from "./processes.js";

const ORIGIN = "https://app.example.com";

/** Runs doctor for pages of the documents' origin, and returns its exit status and the findings that are not as they should be. */
async function examine(url: string, ...more: string[]): Promise<[code: number, ...found: string[]]> {
  const ended = await hedgerow(["doctor", url, "--origin", ORIGIN, ...more], url);
  assert.equal(ended.stderr, "");
  return [ended.code, ...findings(ended).filter((finding) => finding.startsWith("FAIL"))];
}

test("connect-go: it has no method but its own", async (t) => {
  const backend = await Backend.start("connect-go");
  t.after(() => backend.kill());
  const [code, found] = await examine(backend.http);
  assert.equal(code, 1);
  assert.match(found ?? "", /^FAIL gRPC-Web HTTP status 404: .* as connect-go does: name one of them with --method/);
  for (const [url, ...more] of [[backend.http], [backend.https, "--insecure"]] as const) {
    const method = ["--method", "/hedgerow.chaos.v1.Chaos/Do"];
    const ended = await hedgerow(["doctor", url, "--origin", ORIGIN, ...method, ...more], url);
    assert.deepEqual(
      findings(ended).filter((finding) => !/^note reachable/.test(finding)),
      [
        ...(url.startsWith("https:") ? ["ok reachable HTTP/2"] : []),
        "ok gRPC-Web OK for /hedgerow.chaos.v1.Chaos/Do",
        "note status where a failure has its status was not seen, because /hedgerow.chaos.v1.Chaos/Do succeeded",
        'note text format: "text" is not understood; the binary format, the default, is',
        'ok gzip sendCompression: "gzip" works',
        `ok preflight allows ${ORIGIN} all headers that calls and retries send`,
        "ok response exposes the status, and whether and when to retry",
        "note WebSocket not offered (HTTP status 405): leave out webSocket: true. The improbable-eng wrapper offers it with WithWebsockets(true)",
      ],
    );
    assert.equal(ended.code, 0);
  }
});

/** nginx with these lines in its location, before the demo server. */
async function nginx(t: TestContext, location: string): Promise<string> {
  const proxy = await ReverseProxy.nginx((address) => `server {\nlisten ${address};\nlocation / {\n${location}\n}\n}`);
  t.after(() => proxy.kill());
  return proxy.http;
}

const pass = `proxy_http_version 1.1; proxy_pass ${process.env["HEDGEROW_SERVER"]};`;

test("nginx as docs/cors.md has it", async (t) => {
  const block = blocksOf(await textOf("docs/cors.md")).find(({ language }) => language === "nginx");
  const proxy = await ReverseProxy.nginx((address) => {
    const text = (block?.code ?? "").replace("listen 8080;", `listen ${address};`);
    return text.replace("http://127.0.0.1:8081", process.env["HEDGEROW_SERVER"] ?? "");
  });
  t.after(() => proxy.kill());
  assert.deepEqual(await examine(proxy.http, "--header", "authorization"), [0]);
  const [code, found] = await examine(proxy.http, "--header", "x-other");
  assert.deepEqual([code, found], [1, "FAIL preflight browsers send no call with this metadata: x-other"]);
});

test("nginx that forgot retries", async (t) => {
  const url = await nginx(
    t,
    `if ($request_method = OPTIONS) {
       add_header Access-Control-Allow-Origin ${ORIGIN};
       add_header Access-Control-Allow-Headers "content-type, x-grpc-web, x-user-agent, grpc-timeout";
       return 204;
     }
     add_header Access-Control-Allow-Origin ${ORIGIN};
     add_header Access-Control-Expose-Headers "grpc-status, grpc-message";
     proxy_hide_header Access-Control-Allow-Origin; proxy_hide_header Access-Control-Expose-Headers; ${pass}`,
  );
  assert.deepEqual(await examine(url), [
    1,
    "FAIL preflight browsers send no retry and no hedge, because grpc-previous-rpc-attempts is not allowed",
    "FAIL response hides grpc-status-details-bin, grpc-retry-pushback-ms, grpc-encoding: the server's pushback is not heard, so that calls are retried when they must not be",
  ]);
});

test("nginx that adds an origin to that of the server", async (t) => {
  const [code, ...found] = await examine(
    await nginx(t, `add_header Access-Control-Allow-Origin ${ORIGIN} always; proxy_set_header Origin http://localhost; ${pass}`),
  );
  assert.equal(code, 1);
  assert.match(
    found.join("\n"),
    /^FAIL response with Access-Control-Allow-Origin "http:\/\/localhost, https:\/\/app\.example\.com": browsers hide/m,
  );
});

test("nginx that redirects, that has no server, and that is a web server", async (t) => {
  const redirect = await nginx(t, "return 301 https://$host$request_uri;");
  assert.match(
    (await examine(redirect))[1] ?? "",
    /^FAIL gRPC-Web a redirect \(301\) to https:\/\/127\.0\.0\.1\/hedgerow\.doctor/,
  );
  const dead = await nginx(t, "proxy_pass http://127.0.0.1:1;");
  assert.match((await examine(dead))[1] ?? "", /^FAIL gRPC-Web HTTP status 502: a proxy answers, and cannot reach the server/);
  const site = await nginx(t, "root /nonexistent;");
  assert.match((await examine(site))[1] ?? "", /^FAIL gRPC-Web HTTP status 40[45]/);
});
