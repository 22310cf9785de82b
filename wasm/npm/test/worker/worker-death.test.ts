// createChannel({ worker: true }) over a fake worker that dies or gets unusual requests. ../browser/worker.test.ts has real
// workers.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Code, createChannel, type StatusError } from "hedgerow";
import { METHOD, refused, settle } from "../support/calls.js";

/** Takes the place of Worker. It opens every channel, and answers nothing else. */
class Silent {
  static last: Silent;
  /** Why it opens no channel. */
  static failure: string | undefined;
  onmessage?: (event: { data: unknown }) => void;
  onerror?: (event: { message: string }) => void;
  sent: { kind: string; channel: number }[] = [];

  constructor() {
    Silent.last = this;
  }

  postMessage(message: never, transfer: Transferable[]): void {
    const sent: { kind: string; channel: number } = structuredClone(message, { transfer });
    this.sent.push(sent);
    const failure = Silent.failure;
    if (sent.kind === "open")
      queueMicrotask(() => this.onmessage?.({ data: { kind: "opened", channel: sent.channel, failure } }));
  }

  terminate(): void {}
}

const kinds = ({ sent }: Silent): string[] => sent.map(({ kind }) => kind);

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

test("a worker that dies ends the calls that run; those that are made after have another", async (t) => {
  inPage(t);
  const deaths: Error[] = [];
  const channel = await createChannel({ baseUrl: "/", worker: true, onFatal: (error) => deaths.push(error) });
  const { signal } = new AbortController();
  const running = refused(channel.unary(METHOD, new Uint8Array()));
  const first = Silent.last;
  first.onerror?.({ message: "out of memory" });
  const later = refused(channel.unary(METHOD, new Uint8Array(), { signal }));
  const error: StatusError = await running;
  assert.equal(error.code, Code.INTERNAL);
  assert.match(error.message, /out of memory/);
  assert.equal(deaths.length, 1);
  assert.notEqual(Silent.last, first);
  assert.deepEqual(kinds(first), ["open", "start"]);
  await settle();
  assert.deepEqual(kinds(Silent.last), ["open", "start"]);
  Silent.last.onerror?.({ message: "out of memory" });
  assert.equal((await later).code, Code.INTERNAL);
  channel.close();
});

test("a worker that cannot be started a second time ends the calls that wait for it, and the next one tries again", async (t) => {
  inPage(t);
  const channel = await createChannel({ baseUrl: "/", worker: true, onFatal: () => {} });
  Silent.last.onerror?.({ message: "out of memory" });
  const calls = [refused(channel.unary(METHOD, new Uint8Array())), refused(channel.unary(METHOD, new Uint8Array()))];
  Silent.last.onerror?.({ message: "" });
  for (const { code, message } of await Promise.all(calls)) {
    assert.equal(code, Code.INTERNAL);
    assert.match(message, /did not start/);
  }
  const failed = Silent.last;
  channel.unary(METHOD, new Uint8Array()).catch(() => {});
  await settle();
  assert.notEqual(Silent.last, failed);
  assert.deepEqual(kinds(Silent.last), ["open", "start"]);
  channel.close();
});

test("a worker that cannot open the channel again ends the calls that wait, and one that is made because of it asks anew", async (t) => {
  inPage(t);
  const channel = await createChannel({ baseUrl: "/", worker: true, onFatal: () => {} });
  Silent.last.onerror?.({ message: "out of memory" });
  Silent.failure = "hedgerow.wasm answered with HTTP status 503";
  let failed: Silent | undefined;
  const failing = refused(channel.unary(METHOD, new Uint8Array())).then((error) => {
    failed = Silent.last;
    Silent.failure = undefined;
    const again = channel.unary(METHOD, new Uint8Array());
    again.catch(() => {});
    return error;
  });
  assert.match((await failing).message, /HTTP status 503/);
  await settle();
  assert.deepEqual(kinds(failed as Silent), ["open"]);
  assert.notEqual(Silent.last, failed);
  assert.deepEqual(kinds(Silent.last), ["open", "start"]);
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
