// `npx hedgerow doctor` before servers that do and do not what calls need. test/interop/doctor.test.ts has connect-go and nginx.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { allowedHeaders, exposedHeaders } from "hedgerow/cors";
import { textOf } from "../support/documents.js";
import { type Behaviour, findings, hedgerow, serve, serveGrpcWeb, serveTcp } from "./command.js";

const ORIGIN = "https://app.example.com";
const demo = process.env["HEDGEROW_SERVER"] ?? "";
const demoTls = process.env["HEDGEROW_SERVER_TLS"] ?? "";

const ONLY_HTTP_1 =
  "note reachable HTTP/1.1, because browsers speak HTTP/2 only with TLS: browsers open at most six connections to such a server, so that hedges and streams wait for each other";
const NO_METHOD = "ok gRPC-Web UNIMPLEMENTED for /hedgerow.doctor.v1.Doctor/Ask";
const IN_HEAD = "ok status in the response's head, so that failures are retried";
const NO_TEXT = 'note text format: "text" is not understood; the binary format, the default, is';
const GZIP_UNKNOWN = "note gzip only a --method that succeeds shows whether compressed requests are read";
const NO_SOCKET =
  "note WebSocket not offered (HTTP status 405): leave out webSocket: true. The improbable-eng wrapper offers it with WithWebsockets(true)";

test("the demo server: the whole output", async () => {
  const page = demo.replace("127.0.0.1", "localhost"); // another origin, which the server allows because it is on this machine
  const { code, stdout, stderr } = await hedgerow(["doctor", demo, "--origin", page], demo);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout.replaceAll(page, "PAGE"),
    `SERVER, called by pages of PAGE

note reachable  HTTP/1.1, because browsers speak HTTP/2 only with TLS: browsers
                open at most six connections to such a server, so that hedges
                and streams wait for each other
ok   gRPC-Web   UNIMPLEMENTED for /hedgerow.doctor.v1.Doctor/Ask
ok   status     in the response's head, so that failures are retried
ok   text       format: "text" works
note gzip       only a --method that succeeds shows whether compressed requests
                are read
ok   preflight  allows PAGE all headers that calls and retries
                send
ok   response   exposes the status, and whether and when to retry
ok   WebSocket  webSocket: true works

Calls and retries work.
`,
  );
});

test("the demo server over TLS: a certificate of its own, HTTP/2, and a method that succeeds", async () => {
  const refused = await hedgerow(["doctor", demoTls], demoTls);
  assert.equal(refused.code, 1);
  assert.match(findings(refused).join(), /^FAIL reachable \w+: browsers refuse this certificate too.*--insecure passes over it$/);
  const method = ["--method", "/helloworld.Greeter/SayHello"];
  const passed = await hedgerow(["doctor", demoTls, "--insecure", "--origin", demoTls, ...method], demoTls);
  assert.equal(passed.code, 0, passed.stdout);
  assert.deepEqual(findings(passed), [
    "ok reachable HTTP/2",
    "ok gRPC-Web OK for /helloworld.Greeter/SayHello",
    IN_HEAD,
    'ok text format: "text" works',
    'ok gzip sendCompression: "gzip" works',
    "ok CORS not needed, because the page has the same origin",
    "ok WebSocket webSocket: true works",
  ]);
});

test("a page of an origin that the server does not allow", async () => {
  const ended = await hedgerow(["doctor", demo, "--origin", ORIGIN, "--server", "improbable"], demo);
  assert.equal(ended.code, 1);
  assert.match(findings(ended).join("\n"), /^FAIL preflight OPTIONS is answered .* so that browsers send no call/m);
  assert.match(ended.stdout, /^ {4}grpcweb\.WithOriginFunc\(func\(origin string\) bool { return origin == "https:\/\/app/m);
  assert.match(ended.stdout, /^The improbable-eng wrapper, an option of grpcweb\.WrapServer:$/m);
  assert.doesNotMatch(ended.stdout, /Envoy|nginx/);
});

/** The only finding where there is no gRPC-Web at all. */
async function failure(url: string, ...more: string[]): Promise<string> {
  const ended = await hedgerow(["doctor", url, ...more], url);
  assert.equal(ended.code, 1, ended.stdout);
  assert.match(ended.stdout, /^1 problem: calls or retries would fail\.$/m);
  assert.equal(ended.stderr, "");
  const failed = findings(ended).filter((finding) => finding.startsWith("FAIL"));
  assert.equal(failed.length, 1, ended.stdout);
  return failed[0] ?? "";
}

test("nothing listens", async () => {
  assert.match(await failure("http://127.0.0.1:1"), /^FAIL reachable ECONNREFUSED: nothing listens there/);
});

test("a server without TLS at an https: address, and one that closes each connection", async (t) => {
  const plain = await serve(t, (_, response) => response.end());
  assert.match(await failure(plain.replace("http:", "https:")), /^FAIL reachable \w+: the server does not speak TLS there/);
  const closing = await serveTcp(t, (socket) => socket.end());
  assert.match(await failure(closing), /^FAIL reachable ECONNRESET: the connection was closed without an answer/);
});

test("a gRPC server that speaks HTTP/2 alone, without TLS", async (t) => {
  const url = await serveTcp(t, (socket) => socket.write(Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 64, 0])));
  assert.match(await failure(url), /^FAIL reachable the server answers, but not in HTTP\/1\.1\. A gRPC server without gRPC-Web/);
});

test("a server that never answers", async (t) => {
  const url = await serve(t, () => {});
  assert.equal(await failure(url, "--timeout", "0.2"), "FAIL reachable no answer within 0.2 s");
});

for (const [name, status, headers, text] of [
  ["a web server", 404, { "content-type": "text/plain" }, /^FAIL gRPC-Web HTTP status 404: no gRPC-Web there, or .* --method/],
  ["a site of one page", 200, { "content-type": "text/html" }, /^FAIL gRPC-Web HTTP status 200, a web page: a web server/],
  ["a login page", 302, { location: "/login" }, /^FAIL gRPC-Web a redirect \(302\) to \/login\. Calls are not redirected/],
  ["a token is wanted", 401, {}, /^FAIL gRPC-Web HTTP status 401, not a gRPC status: .* --header "authorization: …"/],
  ["a dead server behind a proxy", 502, {}, /^FAIL gRPC-Web HTTP status 502: a proxy answers/],
  ["gRPC", 415, { "content-type": "application/grpc" }, /^FAIL gRPC-Web HTTP status 415, .* a gRPC server without gRPC-Web/],
  ["no status", 200, { "content-type": "application/grpc-web" }, /^FAIL gRPC-Web a response of gRPC-Web without a grpc-status/],
  ["JSON", 400, { "content-type": "application/json" }, /^FAIL gRPC-Web HTTP status 400, content-type application\/json: not a/],
] as const) {
  test(`no gRPC-Web: ${name}`, async (t) => {
    const url = await serve(t, (_, response) => response.writeHead(status, headers).end());
    assert.match(await failure(url, "--origin", ORIGIN), text);
  });
}

test("a server that knows only its own methods, health among them", async (t) => {
  const url = await serve(t, (request, response) => {
    const health = request.url === "/grpc.health.v1.Health/Check";
    response.writeHead(health ? 200 : 404, health ? { "content-type": "application/grpc-web", "grpc-status": "5" } : {}).end();
  });
  const ended = await hedgerow(["doctor", url], url);
  assert.equal(ended.code, 0, ended.stdout);
  assert.match(findings(ended).join("\n"), /^ok gRPC-Web NOT_FOUND for \/grpc\.health\.v1\.Health\/Check$/m);
});

test("a status in the body is a problem, unless the channel waits for it", async (t) => {
  const url = await serveGrpcWeb(t, { inBody: true });
  assert.match(await failure(url), /^FAIL status in the body.* Give the channel headerCommit: "firstFrame"/);
  const ended = await hedgerow(["doctor", url, "--first-frame"], url);
  assert.equal(ended.code, 0);
  assert.match(findings(ended).join("\n"), /^ok status in the body: headerCommit: "firstFrame" retries such failures$/m);
});

test("an http: server for a page of https:, which browsers forbid unless it is on the same machine", async (t) => {
  const url = await serveGrpcWeb(t, {});
  assert.doesNotMatch((await hedgerow(["doctor", url, "--origin", ORIGIN])).stdout, /FAIL TLS/);
  assert.match((await hedgerow(["doctor", "http://none.invalid", "--origin", ORIGIN])).stdout, /^FAIL TLS .* a certificate$/ms);
});

const ALLOWED = { "access-control-allow-origin": ORIGIN, vary: "Origin" };
const EXPOSED = { ...ALLOWED, "access-control-expose-headers": exposedHeaders.join(", ") };
const WELL: Behaviour = {
  preflight: () => [204, { ...ALLOWED, "access-control-allow-headers": allowedHeaders.join(), "access-control-max-age": "7200" }],
  call: EXPOSED,
};
const without = (...names: string[]) => allowedHeaders.filter((name) => !names.includes(name));

/** Allows a preflight whole or not at all, as rs/cors does. */
const whole =
  (allowed: readonly string[]): NonNullable<Behaviour["preflight"]> =>
  (asked) =>
    asked.every((name) => allowed.includes(name))
      ? [204, { ...ALLOWED, "access-control-allow-headers": asked.join(), "access-control-max-age": "60" }]
      : [204, { vary: "Origin" }];

async function cors(t: TestContext, behaviour: Behaviour, ...more: string[]) {
  const url = await serveGrpcWeb(t, behaviour);
  const ended = await hedgerow(["doctor", url, "--origin", ORIGIN, ...more], url);
  const found = findings(ended).filter((finding) => /^\w+ (preflight|response|max age|vary) /.test(finding));
  assert.equal(ended.code, found.some((finding) => finding.startsWith("FAIL")) ? 1 : 0);
  return { found, ended };
}

const PREFLIGHT_WORKS = `ok preflight allows ${ORIGIN} all headers that calls and retries send`;
const RESPONSE_WORKS = "ok response exposes the status, and whether and when to retry";

test("CORS as docs/cors.md has it", async (t) => {
  const { found, ended } = await cors(t, WELL);
  assert.deepEqual(found, [PREFLIGHT_WORKS, RESPONSE_WORKS]);
  assert.deepEqual(findings(ended), [
    ONLY_HTTP_1,
    NO_METHOD,
    IN_HEAD,
    NO_TEXT,
    GZIP_UNKNOWN,
    PREFLIGHT_WORKS,
    RESPONSE_WORKS,
    NO_SOCKET,
  ]);
});

test("a fixed list without the attempts header: retries fail", async (t) => {
  const list = { ...ALLOWED, "access-control-allow-headers": without("grpc-previous-rpc-attempts").join() };
  const { found, ended } = await cors(t, { ...WELL, preflight: () => [200, { ...list, "access-control-max-age": "9" }] });
  const text = "FAIL preflight browsers send no retry and no hedge, because grpc-previous-rpc-attempts is not allowed";
  assert.deepEqual(found, [text, RESPONSE_WORKS]);
  assert.match(ended.stdout, /^ {4}AllowedHeaders: append\(connectcors\.AllowedHeaders\(\), "Grpc-Previous-Rpc-Attempts"\),$/m);
  assert.doesNotMatch(ended.stdout, /[Ee]xposed?-?_?[Hh]eaders/);
});

test("a library that refuses the whole preflight for one header: each is found", async (t) => {
  const allowed = without("grpc-previous-rpc-attempts", "grpc-timeout");
  const { found } = await cors(t, { ...WELL, preflight: whole(allowed) }, "--header", "authorization", "--header", "x-own: 1");
  assert.deepEqual(found, [
    "FAIL preflight browsers send no call with a deadline, because grpc-timeout is not allowed; browsers send no retry and no hedge, because grpc-previous-rpc-attempts is not allowed; browsers send no call with this metadata: authorization, x-own",
    RESPONSE_WORKS,
  ]);
});

test("no CORS at all", async (t) => {
  const { found, ended } = await cors(t, {});
  assert.deepEqual(found.length, 2);
  assert.match(found[0] ?? "", /^FAIL preflight OPTIONS is answered with HTTP status 405, so that browsers send no call/);
  assert.equal(found[1], "FAIL response without Access-Control-Allow-Origin: browsers hide it from the page");
  for (const title of ["Envoy", "nginx", "connect-go", "tonic-web", "ASP.NET Core", "Node"])
    assert.match(ended.stdout, new RegExp(`^${title}, .*:$`, "m"));
});

test("* covers all headers but authorization, and nothing with credentials", async (t) => {
  const star = { "access-control-allow-origin": "*" };
  const behaviour: Behaviour = {
    preflight: () => [200, { ...star, "access-control-allow-headers": "*", "access-control-max-age": "1" }],
    call: { ...star, "access-control-expose-headers": "*" },
  };
  assert.deepEqual((await cors(t, behaviour)).found, [PREFLIGHT_WORKS, RESPONSE_WORKS]);
  assert.deepEqual((await cors(t, behaviour, "--header", "authorization")).found, [
    "FAIL preflight browsers send no call with this metadata: authorization",
    RESPONSE_WORKS,
  ]);
  const { found } = await cors(t, behaviour, "--credentials");
  assert.match(found.join("\n"), /FAIL preflight .* "\*", which does not count for credentials.*\nFAIL response with/);
});

test("what is hidden, what is cached, and how long a preflight lasts", async (t) => {
  const list = { "access-control-allow-origin": ORIGIN, "access-control-allow-headers": allowedHeaders.join() };
  const hides = (names: string) => ({ "access-control-allow-origin": ORIGIN, "access-control-expose-headers": names });
  const known = await cors(t, {
    preflight: () => [204, list],
    call: hides("grpc-status, grpc-message, grpc-status-details-bin"),
  });
  assert.deepEqual(known.found, [
    PREFLIGHT_WORKS,
    "note max age no Access-Control-Max-Age: browsers ask again every 5 seconds, for each method",
    "FAIL response hides grpc-retry-pushback-ms, grpc-encoding: the server's pushback is not heard, so that calls are retried when they must not be",
    "note vary no Vary: Origin. If the server allows several origins, a cache may give one page's answer to another",
  ]);
  const none = await cors(t, { ...WELL, call: ALLOWED });
  assert.match(none.found.join(), /FAIL response hides grpc-status, .*: failures have no status, and are not retried/);
  // The improbable-eng wrapper exposes what the answer has, so this says nothing of answers with a pushback.
  const own = await cors(t, {
    ...WELL,
    call: { ...ALLOWED, "access-control-expose-headers": "Content-Type, Date, Grpc-Status" },
  });
  assert.deepEqual(own.found, [PREFLIGHT_WORKS, RESPONSE_WORKS]);
});

test("the lines that are shown are those of docs/cors.md", async (t) => {
  const { ended } = await cors(t, {}, "--header", "authorization");
  const plain = (text: string) =>
    text
      .replace(/\/\/.*/g, "")
      .replace(/\s+/g, "")
      .replace(/,(?=[)}])/g, "");
  const page = plain(await textOf("docs/cors.md"));
  const lines = Array.from(ended.stdout.matchAll(/^ {4}(.*)$/gm), ([, line = ""]) => line).filter(
    (line) => !line.startsWith("  "),
  );
  const configuration = lines.filter((line) => !/^\s/.test(line));
  assert.ok(configuration.length >= 20, ended.stdout);
  for (const line of configuration) assert.ok(page.includes(plain(line)), `docs/cors.md lacks: ${line}`);
});
