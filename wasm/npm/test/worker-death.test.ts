// createChannel({ worker: true }) over a worker that dies, or is asked odd things; worker.test.ts in test/browser has real ones.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code, createChannel, type StatusError } from "hedgerow";
import { METHOD, refused } from "./support.js";

/** Stands in for Worker: it opens every channel, and answers nothing else. */
class Silent {
  static last: Silent;
  onmessage?: (event: { data: unknown }) => void;
  onerror?: (event: { message: string }) => void;
  sent: { kind: string; channel: number }[] = [];

  constructor() {
    Silent.last = this;
  }

  postMessage(message: never, transfer: Transferable[]): void {
    const sent: { kind: string; channel: number } = structuredClone(message, { transfer });
    this.sent.push(sent);
    if (sent.kind === "open") queueMicrotask(() => this.onmessage?.({ data: { kind: "opened", channel: sent.channel } }));
  }

  terminate(): void {}
}

function inPage(t: TestContext): void {
  for (const [name, value] of Object.entries({ Worker: Silent, location: new URL("https://page.test/") })) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() => {
      if (before) Object.defineProperty(globalThis, name, before);
      else Reflect.deleteProperty(globalThis, name);
    });
  }
}

test("a worker that dies ends the calls that run, and all that are made after", async (t) => {
  inPage(t);
  const deaths: Error[] = [];
  const channel = await createChannel({ baseUrl: "/", worker: true, onFatal: (error) => deaths.push(error) });
  const { signal } = new AbortController();
  const running = refused(channel.unary(METHOD, new Uint8Array()));
  Silent.last.onerror?.({ message: "out of memory" });
  const later = refused(channel.unary(METHOD, new Uint8Array(), { signal }));
  for (const error of [await running, await later] as StatusError[]) {
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /out of memory/);
  }
  const stream = channel.serverStreaming(METHOD, new Uint8Array());
  assert.equal((await refused(stream.header)).code, Code.INTERNAL);
  assert.equal(deaths.length, 1);
  channel.close();
});

test("a Buffer that is sent stays the application's", async (t) => {
  inPage(t);
  const channel = await createChannel({ baseUrl: "/", worker: true });
  const message = Buffer.alloc(3, 1); // whose slice is a view of it
  channel.unary(METHOD, message).catch(() => {});
  assert.deepEqual([...message], [1, 1, 1]);
  channel.close();
});
