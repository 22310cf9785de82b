// The small modules: places in JSON, frames, zoom, code, and the clock of a hidden tab.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clock } from "../channels.js";
import { programsOf } from "../code.js";
import { FrameReader, fieldsOf } from "../frames.js";
import { locate } from "../locate.js";
import { defaults, merged } from "../settings.js";
import { marked, panned, zoomed } from "../zoom.js";

const text = `{
  "methodConfig": [
    { "name": [{}],
      "retryPolicy": { "maxAttempts": 1, "retryableStatusCodes": ["A", "B"] } }
  ]
}`;

test("a problem's path finds its place in the JSON", () => {
  const found = (path) => {
    const { from, to, line } = locate(text, path);
    return [text.slice(from, to), line];
  };
  assert.deepEqual(found("methodConfig[0].retryPolicy.maxAttempts"), ['"maxAttempts": 1', 4]);
  assert.deepEqual(found("methodConfig[0].retryPolicy.retryableStatusCodes[1]"), ['"B"', 4]);
  assert.match(found("methodConfig[0].retryPolicy.maxBackoff")[0], /^"retryPolicy"/, "what is missing: where it is missing");
  assert.equal(found("retryThrottling.maxTokens")[1], 1);
});

test("text that is no JSON has places as far as it can be read", () => {
  for (const broken of ["", "{", "[", '{"a":', '{"a" 1}', "[,,]", "{,}", '"abc', '{"a":[{'])
    assert.ok(locate(broken, "a.b[0]").line === 1, broken);
});

test("frames are read however the body was cut", () => {
  const trailers = new TextEncoder().encode("grpc-status: 0\r\ngrpc-message: all: well\r\n");
  const body = new Uint8Array([0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, trailers.length, ...trailers]);
  for (const size of [1, 3, 7, body.length]) {
    const reader = new FrameReader();
    for (let at = 0; at < body.length; at += size) reader.feed(body.subarray(at, at + size));
    assert.deepEqual([reader.messages, reader.bytes], [2, body.length], `pieces of ${size}`);
    assert.deepEqual(fieldsOf(reader.trailers), [
      ["grpc-status", "0"],
      ["grpc-message", "all: well"],
    ]);
  }
});

test("a zoom keeps its instant where it is, and stays within the run", () => {
  const all = { from: 0, to: 1000 };
  assert.deepEqual(zoomed(all, 2, 500, 1000), { from: 250, to: 750 });
  assert.deepEqual(zoomed(all, 2, 0, 1000), { from: 0, to: 500 });
  assert.equal(zoomed({ from: 250, to: 750 }, 0.5, 500, 1000), undefined, "all of it is no zoom");
  assert.deepEqual(panned({ from: 0, to: 500 }, 2, 1000), { from: 500, to: 1000 });
  assert.deepEqual(marked(700, 300, 1000), { from: 300, to: 700 });
  assert.deepEqual(marked(300, 300, 1000), { from: 300, to: 305 });
});

test("settings become programs that name only what is not usual", () => {
  const settings = merged(defaults, { channel: { jitter: "plusMinus20", maxRetryAttempts: "7" } });
  const [[, ts], [, go], [, json]] = programsOf({ ...settings, config: '{\n  "methodConfig": []\n}' }, "http://localhost");
  assert.match(ts, /serviceConfig: {\n {4}"methodConfig": \[\]\n {2}},\n {2}jitter: "plusMinus20",\n {2}maxRetryAttempts: 7,/);
  assert.doesNotMatch(ts, /attemptHeader/);
  assert.match(ts, /"\/hedgerow\.chaos\.v1\.Chaos\/Do"/, "a method that the config's name matches");
  assert.match(go, /grpcweb\.WithJitter\(grpcweb\.PlusMinus20\)/);
  assert.match(go, /grpcweb\.WithMaxRetryAttempts\(7\)/);
  assert.equal(json, '{\n  "methodConfig": []\n}');
});

test("a hidden tab's timers run out on full seconds, and not before their time", (t) => {
  const timers = t.mock.method(globalThis, "setTimeout", () => 0).mock;
  t.mock.method(performance, "now", () => 1234.5);
  const waited = (ms) => {
    clock.setTimeout(() => {}, ms);
    return timers.calls.at(-1).arguments[1];
  };
  assert.equal(waited(200), 200);
  clock.hidden = true;
  assert.deepEqual([0, 200, 765.5, 1700].map(waited), [765.5, 765.5, 765.5, 1765.5]);
  clock.hidden = false;
});
