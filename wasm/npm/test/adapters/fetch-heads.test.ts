// hedgerow/fetch where a status stands in the response's head, beside a body that tells none, as behind Traefik's grpcWeb middleware
// (SEMANTICS 5.1b): the policy sees it, and other clients get what they all read alike.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFetch } from "hedgerow/fetch";
import { MESSAGE, METHOD, open, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { concat, frame, ok, trailers, WEB } from "../support/responses.js";

const ADDRESS = `https://api.test/grpc${METHOD}`;
const EMPTY = trailers();
const TEXT = { "content-type": "application/grpc-web-text+proto" };
const inText = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const answer = (body: BodyInit, status: string, more: Record<string, string> = {}) =>
  new Response(body, { headers: { ...WEB, "grpc-status": status, "grpc-message": "down", ...more } });

for (const headerCommit of ["strict", "firstFrame"] as const) {
  for (const [format, body, type] of [
    ["binary", EMPTY, WEB],
    ["text", inText(EMPTY), TEXT],
  ] as const) {
    test(`a failure beside an empty trailers frame is retried, ${headerCommit}, ${format}`, async (t) => {
      const fake = new FakeFetch(answer(body, "14", type), ok(MESSAGE));
      const fetch = createFetch(await open(t, fake, { serviceConfig: retrying(), headerCommit }));
      const response = await fetch(ADDRESS, { method: "POST", headers: type, body: frame(MESSAGE) });
      assert.equal(fake.exchanges.length, 2);
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), concat(frame(MESSAGE), trailers("grpc-status: 0")));
    });

    test(`the last of them comes without its body, ${headerCommit}, ${format}`, async (t) => {
      const fake = new FakeFetch(answer(body, "14", type), answer(body, "14", { ...type, "x-a": "1" }));
      const serviceConfig = retrying({ maxAttempts: 2 });
      const fetch = createFetch(await open(t, fake, { serviceConfig, headerCommit }));
      const response = await fetch(ADDRESS, { method: "POST", headers: type, body: frame(MESSAGE) });
      assert.equal(fake.exchanges.length, 2);
      assert.deepEqual(
        ["grpc-status", "grpc-message", "x-a", "content-type"].map((name) => response.headers.get(name)),
        ["14", "down", "1", type["content-type"]],
      );
      assert.deepEqual([response.status, response.body], [200, null]);
    });
  }
}

test("what the trailers frame adds comes in the head too; one with a status of its own passes as it came", async (t) => {
  const own = trailers("grpc-status: 5", "grpc-message: gone");
  const fetch = createFetch(await open(t, new FakeFetch(answer(trailers("x-t: 1", "x-b-bin: AQI="), "14"), answer(own, "14"))));
  const init = { method: "POST", headers: WEB, body: frame(MESSAGE) };
  const { headers, body } = await fetch(ADDRESS, init);
  const got = ["grpc-status", "grpc-message", "x-t", "x-b-bin"].map((name) => headers.get(name));
  assert.deepEqual([got, body], [["14", "down", "1", "AQI="], null]);
  assert.deepEqual(new Uint8Array(await (await fetch(ADDRESS, init)).arrayBuffer()), own);
});

test("a number above 16 stays what it was, with its details", async (t) => {
  const fetch = createFetch(await open(t, new FakeFetch(answer(EMPTY, "99", { "grpc-status-details-bin": "AQI=" }))));
  const { headers } = await fetch(ADDRESS, { method: "POST", headers: WEB, body: frame(MESSAGE) });
  assert.deepEqual(
    ["grpc-status", "grpc-message", "grpc-status-details-bin"].map((name) => headers.get(name)),
    ["99", "down", "AQI="],
  );
});

test("status 0 with a message passes as it came", async (t) => {
  const body = concat(frame(MESSAGE), EMPTY);
  const fetch = createFetch(await open(t, new FakeFetch(answer(body, "0"))));
  const response = await fetch(ADDRESS, { method: "POST", headers: WEB, body: frame(MESSAGE) });
  assert.equal(response.headers.get("grpc-status"), "0");
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), body);
});
