import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader, fieldsOf } from "../../model/frames.js";

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
