// What is known not to have been sent is INTERNAL and is not retried (SEMANTICS 5.3d); everything else is the network's.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import vm from "node:vm";
import { type ChannelOptions, Code, createChannel, type FetchLike } from "hedgerow";
import { createTestServer, networkError } from "hedgerow/testing";
import { MESSAGE, METHOD, open, refused, retrying } from "../support/calls.js";
import { FakeFetch } from "../support/fake-fetch.js";
import { ok } from "../support/responses.js";

/** A policy that would retry all codes of concern, and a throttle that shows whether a token was taken. */
const serviceConfig = retrying({ maxAttempts: 2, retryableStatusCodes: ["UNAVAILABLE", "INTERNAL"] });

/** Puts something in the place of a global, for as long as the test runs. undefined: there is none. */
function replaceGlobal(t: TestContext, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  if (value === undefined) delete (globalThis as Record<string, unknown>)[name];
  t.after(() => {
    if (before) Object.defineProperty(globalThis, name, before);
    else delete (globalThis as Record<string, unknown>)[name];
  });
}

/** A Request that refuses what it is given, and counts. */
class Refusing {
  static asked = 0;
  constructor() {
    Refusing.asked++;
    throw new TypeError("Request: Expected signal to be an instance of AbortSignal");
  }
}

const rejecting = (error: unknown): FetchLike => (() => Promise.reject(error)) as FetchLike;

async function failing(t: TestContext, fetch: FetchLike, options: Partial<ChannelOptions> = {}) {
  const channel = await open(t, new FakeFetch(), { fetch, serviceConfig, ...options });
  return () => refused(channel.unary(METHOD, MESSAGE));
}

test("98 a fetch that throws has sent nothing", async (t) => {
  const fetch = () => {
    throw new TypeError("no");
  };
  const error = await (await failing(t, fetch))();
  assert.equal(error.code, Code.INTERNAL);
  assert.match(error.message, /no request can be made to https:\/\/api.test.*: TypeError: no/);
  assert.deepEqual([error.attempts.length, error.commitReason], [1, "internal"]);
  const [attempt] = error.attempts;
  assert.deepEqual([attempt?.outcome, attempt?.code, attempt?.statusMessage], ["failed", Code.INTERNAL, error.message]);
});

test("a fetch that rejects with a TypeError has sent nothing if Request refuses the same", async (t) => {
  replaceGlobal(t, "Request", Refusing);
  const cause = new TypeError("Failed to fetch");
  const call = await failing(t, rejecting(cause));
  for (let i = 0; i < 3; i++) {
    const error = await call();
    assert.equal(error.code, Code.INTERNAL);
    assert.match(error.message, /no request can be made.*Failed to fetch.*instance of AbortSignal/);
    assert.match(error.message, /a test environment brings a DOM/);
    assert.equal(error.cause, cause);
    assert.deepEqual([error.attempts.length, error.commitReason], [1, "internal"]);
  }
  assert.equal(Refusing.asked, 1);
});

test("a TypeError of another realm is one", async (t) => {
  replaceGlobal(t, "Request", Refusing);
  const error = await (await failing(t, rejecting(vm.runInNewContext("new TypeError('Failed to fetch')"))))();
  assert.equal(error.code, Code.INTERNAL);
});

/** A Request that takes what it is given, and counts. */
class Taking {
  static asked = 0;
  constructor() {
    Taking.asked++;
  }
}

test("it is the network where Request takes it, or is not there, or the error is another", async (t) => {
  for (const [request, error, questions] of [
    [Taking, new TypeError("Failed to fetch"), 1],
    [undefined, new TypeError("Failed to fetch"), 0],
    [Refusing, new Error("Failed to fetch"), 0],
    [Refusing, Object.assign(new Error("no"), { name: "NetworkError" }), 0],
    [Refusing, undefined, 0],
  ] as const) {
    await t.test(`${request?.name}, ${String(error)}`, async (t) => {
      replaceGlobal(t, "Request", request);
      Taking.asked = Refusing.asked = 0;
      const call = await failing(t, rejecting(error));
      for (let i = 0; i < 2; i++) {
        const { code, attempts } = await call();
        assert.deepEqual([code, attempts.length], [Code.UNAVAILABLE, 2]);
      }
      assert.equal(Taking.asked + Refusing.asked, questions);
    });
  }
});

test("Node's own fetch refuses the signal of another AbortController: the call says so", async (t) => {
  class Controller {
    readonly signal = { aborted: false };
    abort(): void {
      this.signal.aborted = true;
    }
  }
  replaceGlobal(t, "AbortController", Controller);
  const channel = await createChannel({ baseUrl: "http://127.0.0.1:1", serviceConfig });
  t.after(() => channel.close());
  const error = await refused(channel.unary(METHOD, MESSAGE));
  assert.equal(error.code, Code.INTERNAL);
  assert.match(error.message, /a test environment brings a DOM/);
  assert.equal(error.attempts.length, 1);
});

test("what hedgerow/testing says of its network stays the network's, whatever Request there is", async (t) => {
  replaceGlobal(t, "Request", Refusing);
  const server = createTestServer().on(METHOD, networkError(), networkError());
  const error = await server.clock.runUntil((async () => (await failing(t, server.options.fetch, server.options))())());
  assert.deepEqual([error.code, error.attempts.length], [Code.UNAVAILABLE, 2]);
});

test("a request has only those fields that Request knows", async (t) => {
  const { Request } = globalThis;
  for (const unknown of ["cache", "mode", "credentials"]) {
    await t.test(unknown, async (t) => {
      const fake = new FakeFetch(ok(MESSAGE));
      class Knowing {}
      for (const name of Object.getOwnPropertyNames(Request.prototype)) {
        if (name !== unknown && name !== "constructor") Object.assign(Knowing.prototype, { [name]: undefined });
      }
      replaceGlobal(t, "Request", Knowing);
      await (await open(t, fake)).unary(METHOD, MESSAGE);
      const { signal, headers, body, ...init } = (await fake.request(1)).init;
      const all: Record<string, string> = { cache: "no-store", mode: "cors", credentials: "same-origin" };
      delete all[unknown];
      assert.deepEqual(init, { method: "POST", redirect: "manual", ...all });
    });
  }
});
