// The newest repairs of another client, Grpc.Net.Client, as cases of this one. What they are about is in grpc-dotnet's pull requests:
// #2650, "Support reading compressed grpc-web trailing headers", and #2697, "Handle Trailers-Only OK responses in streaming calls without
// exception handling".
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type CallEvent, type Channel, Code, type ResponseStream } from "hedgerow";
import { collect, MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { GZIP } from "../support/gzip.js";
import { concat, frame, trailers, WEB } from "../support/responses.js";

const COMPRESSED = 1;
const TRAILERS = 0x80;

/** The compressed trailers frame. */
function packed(...lines: string[]): Uint8Array {
  return frame(gzipSync(trailers(...lines).subarray(5)), TRAILERS | COMPRESSED);
}

const TEXT = { ...GZIP, "content-type": "application/grpc-web-text+proto" };

/** What a server answers, in both formats. */
function formats(...frames: Uint8Array[]): (() => Response)[] {
  const body = concat(...frames);
  return [
    () => new Response(body, { headers: GZIP }),
    () => new Response(Buffer.from(body).toString("base64"), { headers: TEXT }),
  ];
}

const plain = frame(MESSAGE);
const short = frame(gzipSync(MESSAGE), COMPRESSED);

test("grpc-dotnet #2650: compressed trailers are read, behind messages that are compressed, and behind others", async (t) => {
  for (const answer of [plain, short].flatMap((message) => formats(message, packed("grpc-status: 0", "x-tail: yes")))) {
    const channel = await open(t, new FakeFetch(answer(), answer()));
    const { message, trailer } = await channel.unary(METHOD, MESSAGE);
    assert.deepEqual([message, trailer.get("x-tail")], [MESSAGE, "yes"]);
    const stream = channel.serverStreaming(METHOD, MESSAGE);
    assert.deepEqual(await collect(stream), [MESSAGE]);
    assert.equal((await stream.trailer).get("x-tail"), "yes");
  }
});

test("grpc-dotnet #2650: a failure in compressed trailers is the call's", async (t) => {
  for (const answer of formats(plain, packed("grpc-status: 9", "grpc-message: not%20yet", "x-tail: yes"))) {
    const channel = await open(t, new FakeFetch(answer(), answer()));
    for (const call of [channel.unary(METHOD, MESSAGE), collect(channel.serverStreaming(METHOD, MESSAGE))]) {
      const { code, message, trailer } = await refused(call);
      assert.deepEqual([code, message, trailer.get("x-tail")], [Code.FAILED_PRECONDITION, "not yet", "yes"]);
    }
  }
});

test("grpc-dotnet #2650: trailers in a compression that is unknown, or not named, are INTERNAL and say which", async (t) => {
  const body = concat(plain, packed("grpc-status: 0"));
  for (const [encoding, said] of [
    ["br", /br/],
    ["deflate", /deflate/],
    ["identity", /grpc-encoding/],
    ["", /grpc-encoding/],
  ] as const) {
    const headers: Record<string, string> = encoding ? { ...WEB, "grpc-encoding": encoding } : WEB;
    const fake = new FakeFetch(new Response(body, { headers }), new Response(body, { headers }));
    const channel = await open(t, fake, { serviceConfig: retrying({ retryableStatusCodes: ["INTERNAL"] }) });
    for (const call of [channel.unary(METHOD, MESSAGE), collect(channel.serverStreaming(METHOD, MESSAGE))]) {
      const { code, message, attempts } = await refused(call);
      assert.deepEqual([code, attempts.length], [Code.INTERNAL, 1], encoding);
      assert.match(message, said);
    }
  }
});

const streaming: Record<string, (channel: Channel) => ResponseStream> = {
  "server streaming": (channel) => channel.serverStreaming(METHOD, MESSAGE),
  "bidirectional streaming": (channel) => channel.bidiStreaming(METHOD, [MESSAGE]),
};

/** The bodies that a Trailers-Only response may have: none, an empty one, and no frame but empty trailers. */
const nothing: Record<string, Uint8Array | null> = {
  "no body": null,
  "an empty body": new Uint8Array(),
  "an empty trailers frame": frame(new Uint8Array(), TRAILERS),
};

/** A status in the head, and what the body of the response is. */
function trailersOnly(code: Code, message: string, body: Uint8Array | null): Response {
  const headers = { ...WEB, "grpc-status": String(code), "grpc-message": message, "x-tail": "yes" };
  return new Response(body as Uint8Array<ArrayBuffer> | null, { headers });
}

for (const [kind, start] of Object.entries(streaming)) {
  test(`grpc-dotnet #2697: Trailers-Only OK ends the loop over an empty stream, ${kind}`, async (t) => {
    for (const [name, body] of Object.entries(nothing)) {
      const events: CallEvent[] = [];
      const onEvent = (event: CallEvent) => events.push(event);
      const stream = start(await open(t, new FakeFetch(trailersOnly(Code.OK, "Detail!", body)), { onEvent }));
      assert.deepEqual([...(await stream.header)], [], name); // before anything of the body is asked for
      assert.deepEqual(await collect(stream), []);
      assert.deepEqual([...(await stream.trailer)], [["x-tail", "yes"]]);
      const ended = events.find((event) => event.type === "callEnded");
      assert.deepEqual([ended?.code, ended?.statusMessage], [Code.OK, "Detail!"]);
    }
  });

  test(`grpc-dotnet #2697: a Trailers-Only failure without a message is thrown by the loop, ${kind}`, async (t) => {
    for (const [name, body] of Object.entries(nothing)) {
      const stream = start(await open(t, new FakeFetch(trailersOnly(Code.UNAUTHENTICATED, "", body))));
      const header = await refused(stream.header);
      const error = await refused(collect(stream));
      assert.equal(header, error, name);
      assert.deepEqual([error.code, error.message], [Code.UNAUTHENTICATED, ""]);
      assert.deepEqual([[...error.header], [...error.trailer]], [[], [["x-tail", "yes"]]]);
    }
  });
}

test("grpc-dotnet #2697: client streaming needs a message, and fails without one, once; a failure stays what it is", async (t) => {
  for (const [name, body] of Object.entries(nothing)) {
    const fake = new FakeFetch(trailersOnly(Code.OK, "Detail!", body), trailersOnly(Code.UNAUTHENTICATED, "", body));
    const channel = await open(t, fake, { serviceConfig: retrying({ retryableStatusCodes: ["UNIMPLEMENTED"] }) });
    const without = await refused(channel.clientStreaming(METHOD, [MESSAGE]));
    assert.deepEqual([without.code, without.attempts.length], [Code.UNIMPLEMENTED, 1], name);
    assert.equal((await refused(channel.clientStreaming(METHOD, [MESSAGE]))).code, Code.UNAUTHENTICATED);
  }
});
