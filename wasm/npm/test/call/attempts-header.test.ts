// attemptHeader "auto" in a page: a server of another origin that lets first attempts pass, and whose CORS answer refuses the header.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type AttemptRecord, type CallEvent, type Channel, type ChannelOptions, Code } from "hedgerow";
import { allowedHeaders, exposedHeaders } from "hedgerow/cors";
import { collect, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { type Exchange, FakeFetch } from "../support/fake-fetch.js";
import { putLocation } from "../support/page.js";
import { failed, ok, WEB } from "../support/responses.js";

const PAGE = "https://app.test/";
type Warning = Extract<CallEvent, { type: "warning" }>;

/**
 * A server whose CORS answer makes a browser send no request with the attempts header. Other requests get these answers, in order.
 */
function strict(...answers: (Response | Error)[]): FakeFetch {
  const answer = (exchange: Exchange) => {
    if (exchange.previous !== undefined) return Promise.reject(new TypeError("Failed to fetch"));
    const next = answers.shift() ?? ok(MESSAGE);
    return next instanceof Error ? Promise.reject(next) : next;
  };
  return new FakeFetch(...Array.from({ length: 20 }, () => answer));
}

const busy = () => failed(Code.UNAVAILABLE, "busy");

interface Heard {
  readonly channel: Channel;
  readonly warnings: Warning[];
}

/** A channel to an origin that no other test uses, because the whole process shares what is known of an origin. */
async function channelTo(t: TestContext, origin: string, fake: FakeFetch, more: Partial<ChannelOptions> = {}): Promise<Heard> {
  const warnings: Warning[] = [];
  const channel = await open(t, fake, {
    baseUrl: origin,
    serviceConfig: retrying(),
    onEvent: (event) => {
      if (event.type === "warning") warnings.push(event);
    },
    ...more,
  });
  return { channel, warnings };
}

const shown = (attempts: readonly AttemptRecord[]) => attempts.map(({ number, kind, code }) => [number, kind, code]);

/** Records what is written to the console. */
function listen(t: TestContext): string[] {
  const said: string[] = [];
  t.mock.method(console, "warn", (text: string) => said.push(text));
  return said;
}

test("a retry that is refused is repeated without the header: no token, the same number, one warning", async (t) => {
  putLocation(t, PAGE);
  const said = listen(t);
  const fake = strict(busy());
  const config = retrying({}, { retryThrottling: { maxTokens: 4, tokenRatio: 0.1 } });
  const tokens: number[] = [];
  const { channel, warnings } = await channelTo(t, "https://one.test", fake, { serviceConfig: config });
  const { attempts, header } = await channel.unary(METHOD, MESSAGE, {
    metadata: { authorization: "x" },
    onEvent: (event) => {
      if (event.type === "throttle") tokens.push(event.tokens);
    },
  });
  assert.deepEqual(shown(attempts), [
    [1, "first", Code.UNAVAILABLE],
    [2, "retry", Code.UNAVAILABLE],
    [2, "transparent", Code.OK],
  ]);
  assert.deepEqual(fake.previous, [undefined, "1", undefined]);
  assert.deepEqual(tokens, [3, 3.1], "one for the failure that the server told, and a tenth back");
  assert.equal(header.get("grpc-previous-rpc-attempts"), "1");
  assert.deepEqual(
    warnings.map(({ warning, requiredHeaders }) => [warning, requiredHeaders]),
    [
      [
        "corsSuspected",
        { allow: [...allowedHeaders, "authorization"], expose: exposedHeaders.filter((name) => name !== "grpc-encoding") },
      ],
    ],
  );
  assert.ok((warnings[0]?.callId ?? 0) > 0);
  assert.equal(said.length, 1);
  assert.match(
    said[0] ?? "",
    /^hedgerow: .*grpc-previous-rpc-attempts.*https:\/\/one\.test.*Access-Control-Allow-Headers: .*authorization/,
  );
});

test("the origin is remembered, by other channels too, and another origin is not taken for it", async (t) => {
  putLocation(t, PAGE);
  const said = listen(t);
  const first = strict(busy());
  await (await channelTo(t, "https://two.test/grpc", first)).channel.unary(METHOD, MESSAGE);
  assert.equal(first.exchanges.length, 3);
  const second = strict(busy(), busy());
  const same = await channelTo(t, "https://two.test/other", second);
  const { attempts } = await same.channel.unary(METHOD, MESSAGE);
  assert.deepEqual(shown(attempts), [
    [1, "first", Code.UNAVAILABLE],
    [2, "retry", Code.UNAVAILABLE],
    [3, "retry", Code.OK],
  ]);
  assert.deepEqual(second.previous, [undefined, undefined, undefined]);
  assert.deepEqual(same.warnings, []);
  for (const origin of ["https://two.test:8443", "http://two.test", "https://three.test"]) {
    const third = new FakeFetch(busy(), ok(MESSAGE));
    await (await channelTo(t, origin, third)).channel.unary(METHOD, MESSAGE);
    assert.deepEqual(third.previous, [undefined, "1"], origin);
  }
  const always = new FakeFetch(busy(), ok(MESSAGE));
  await (await channelTo(t, "https://two.test", always, { attemptHeader: "always" })).channel.unary(METHOD, MESSAGE);
  assert.deepEqual(always.previous, [undefined, "1"]);
  assert.equal(said.length, 1, said.join("\n"));
});

test("streams are healed too, each kind, and text and gzip name their headers", async (t) => {
  putLocation(t, PAGE);
  listen(t);
  const kinds: ((channel: Channel) => Promise<unknown>)[] = [
    (channel) => collect(channel.serverStreaming(METHOD, MESSAGE)),
    (channel) => channel.clientStreaming(METHOD, [MESSAGE, MESSAGE]),
    (channel) => collect(channel.bidiStreaming(METHOD, [MESSAGE, MESSAGE])),
  ];
  for (const [i, make] of kinds.entries()) {
    const fake = strict(busy());
    const options: Partial<ChannelOptions> = {
      requestStreaming: false,
      format: i === 1 ? "text" : "binary",
      acceptCompression: ["gzip"],
      sendCompression: "gzip",
    };
    const { channel, warnings } = await channelTo(t, `https://stream${i}.test`, fake, options);
    await make(channel);
    assert.equal(fake.exchanges.length, 3);
    const { allow = [], expose } = warnings[0]?.requiredHeaders ?? {};
    assert.deepEqual(allow.slice(-2), ["grpc-encoding", "grpc-accept-encoding"]);
    assert.deepEqual(expose, exposedHeaders);
    assert.deepEqual(fake.exchanges[2]?.init.body, fake.exchanges[0]?.init.body);
  }
});

test("a server that has answered with the header once is not suspected, nor is one of the page's own origin", async (t) => {
  putLocation(t, PAGE);
  const said = listen(t);
  const down = new TypeError("Failed to fetch");
  const known = new FakeFetch(busy(), busy(), down, ok(MESSAGE));
  const { channel, warnings } = await channelTo(t, "https://known.test", known);
  assert.deepEqual(shown((await channel.unary(METHOD, MESSAGE)).attempts), [
    [1, "first", Code.UNAVAILABLE],
    [2, "retry", Code.UNAVAILABLE],
    [3, "retry", Code.UNAVAILABLE],
    [4, "retry", Code.OK],
  ]);
  assert.deepEqual(known.previous, [undefined, "1", "2", "3"]);
  const own = strict(busy());
  const home = await channelTo(t, "https://app.test", own);
  assert.equal((await refused(home.channel.unary(METHOD, MESSAGE))).attempts.length, 4);
  assert.deepEqual(own.previous, [undefined, "1", "2", "3"]);
  assert.deepEqual([...warnings, ...home.warnings, ...said], []);
});

test("a network that is down for good is no server that refuses: nothing is remembered, nothing said", async (t) => {
  putLocation(t, PAGE);
  const said = listen(t);
  const down = new TypeError("Failed to fetch");
  const fake = new FakeFetch(busy(), down, down, down, down, busy(), ok(MESSAGE));
  const { channel, warnings } = await channelTo(t, "https://lost.test", fake);
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.deepEqual(
    error.attempts.map(({ kind }) => kind),
    ["first", "retry", "transparent", "retry", "retry"],
  );
  assert.deepEqual(fake.previous, [undefined, "1", undefined, "2", "3"]);
  await channel.unary(METHOD, MESSAGE);
  assert.deepEqual(fake.previous.slice(5), [undefined, "1"]);
  assert.deepEqual([...warnings, ...said], []);
});

test("101 statusHidden: an empty answer from another origin warns once, of each method; one from the page's own does not", async (t) => {
  putLocation(t, PAGE);
  const said = listen(t);
  const empty = () => new Response(null, { headers: WEB });
  const fake = new FakeFetch(empty(), empty(), empty(), empty());
  const { channel, warnings } = await channelTo(t, "https://hidden.test", fake);
  for (const method of [METHOD, METHOD, "/pkg.Service/Other"]) {
    const error = await refused(channel.unary(method, MESSAGE));
    assert.deepEqual([error.code, error.attempts.length], [Code.UNKNOWN, 1]);
    assert.match(error.message, /Access-Control-Expose-Headers/);
  }
  assert.deepEqual(
    warnings.map(({ warning, method }) => [warning, method]),
    [
      ["statusHidden", METHOD],
      ["statusHidden", "/pkg.Service/Other"],
    ],
  );
  assert.deepEqual(warnings[0]?.requiredHeaders, { expose: exposedHeaders.filter((name) => name !== "grpc-encoding") });
  assert.equal(said.length, 2);
  const own = await channelTo(t, "https://app.test", new FakeFetch(empty()));
  assert.equal((await refused(own.channel.unary(METHOD, MESSAGE))).code, Code.UNKNOWN);
  assert.deepEqual(own.warnings, []);
});

test("what allow lists for metadata is what the call and its channel have, each name once", async (t) => {
  putLocation(t, PAGE);
  listen(t);
  const { channel, warnings } = await channelTo(t, "https://names.test", strict(busy()), {
    metadata: () => ({ authorization: "a", "x-both": "1" }),
  });
  await channel.unary(METHOD, MESSAGE, { metadata: { "x-both": ["2", "3"], "x-call-bin": MESSAGE } });
  assert.deepEqual(warnings[0]?.requiredHeaders?.allow?.slice(allowedHeaders.length).sort(), [
    "authorization",
    "x-both",
    "x-call-bin",
  ]);
});
