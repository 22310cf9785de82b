// Compressed frames, and compression streams that tests can watch or hold up.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { concat, frame, OK, WEB } from "./responses.js";

export const GZIP: Record<string, string> = { ...WEB, "grpc-encoding": "gzip" };

/** Bytes that become much shorter by compression. */
export const LONG: Uint8Array = Uint8Array.from({ length: 20_000 }, (_, i) => i % 7);

/** Bytes that compression cannot make shorter, from the random generator SplitMix32. */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (state + 0x9e3779b9) | 0;
    const z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    return (z ^ (z >>> 13)) >>> 8;
  });
}

export function gzipped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes));
}

/** A message in a compressed frame. */
export function packed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  return frame(gzipped(message), 1);
}

export function trailerText(...lines: string[]): Uint8Array {
  return new TextEncoder().encode(lines.join("\r\n"));
}

/** A good response of these frames. */
export function answer(...frames: Uint8Array[]): Response {
  return new Response(concat(...frames, OK), { headers: GZIP });
}

/** The frames of a request's body: the flags of each, and the message before it was compressed. */
export function unframe(body: Uint8Array): { readonly flags: number; readonly message: Uint8Array }[] {
  const frames: { flags: number; message: Uint8Array }[] = [];
  for (let at = 0; at < body.length; ) {
    const flags = body[at] as number;
    const length = new DataView(body.buffer, body.byteOffset).getUint32(at + 1);
    const payload = body.subarray(at + 5, at + 5 + length);
    assert.equal(payload.length, length);
    frames.push({ flags, message: new Uint8Array(flags & 1 ? gunzipSync(payload) : payload) });
    at += 5 + length;
  }
  return frames;
}

type Name = "CompressionStream" | "DecompressionStream";

/** Watches one of the streams until the test ends: how many were made, and how many bytes came out of them. */
export class Watched {
  made = 0;
  bytes = 0;

  constructor(t: TestContext, name: Name) {
    const Real = globalThis[name];
    const self = this;
    replace(t, name, function (this: unknown, format: CompressionFormat) {
      self.made++;
      const { readable, writable } = new Real(format);
      const count = new TransformStream<Uint8Array, Uint8Array>(
        {
          transform: (chunk, controller) => {
            self.bytes += chunk.length;
            controller.enqueue(chunk);
          },
        },
        { highWaterMark: 1 },
        { highWaterMark: 0 },
      );
      return { readable: readable.pipeThrough(count), writable };
    });
  }
}

/** Replaces a compression stream by one that gives nothing before `go` is called. */
export class Held {
  made = 0;
  cancelled = false;
  readonly #begun: Promise<void>;
  go!: () => void;

  constructor(t: TestContext, name: Name) {
    const Real = globalThis[name];
    const going = new Promise<void>((resolve) => {
      this.go = resolve;
    });
    let begin!: () => void;
    this.#begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const self = this;
    replace(t, name, function (this: unknown, format: CompressionFormat) {
      self.made++;
      begin();
      const { readable, writable } = new Real(format);
      return { readable: readable.pipeThrough(new TransformStream({ start: () => going })), writable };
    });
  }

  /** Resolves when a stream has been made. */
  get begun(): Promise<void> {
    return this.#begun;
  }
}

/** Replaces a global until the test ends. */
export function replace(t: TestContext, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name) as PropertyDescriptor;
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  t.after(() => Object.defineProperty(globalThis, name, before));
}
