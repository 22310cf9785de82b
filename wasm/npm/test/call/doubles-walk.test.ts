// A walk at random over fetches, responses, readers, signals, iterators, sockets and callbacks that break every contract: each call
// settles, with a code if it fails; calls beside it are untouched; and nothing is left unhandled.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallOptions, type Channel, type ChannelOptions, Code, createChannel, type FetchLike, StatusError } from "hedgerow";
import { TestClock } from "hedgerow/testing";
import { collect, MESSAGE, METHOD, retrying } from "../support/calls.js";
import { Draw, Oddities, thrown } from "../support/doubles.js";
import { concat, frame, OK, ok, trailers, WEB } from "../support/responses.js";

const STEPS = Number(process.env["HEDGEROW_WALK_STEPS"] ?? 100_000);

/** Marks the calls that the fetch answers as it should. */
const GOOD = { metadata: { "x-good": "1" } };

const bodies = [
  concat(frame(MESSAGE), OK),
  concat(frame(MESSAGE), trailers("grpc-status: 14", "grpc-message: down")),
  trailers("grpc-status: 14"),
  OK,
  new Uint8Array(),
  Uint8Array.of(1, 2, 3),
];

class World {
  readonly draw: Draw;
  readonly odd: Oddities;

  constructor(draw: Draw, mayHang: boolean) {
    this.draw = draw;
    this.odd = new Oddities(draw, mayHang);
  }

  readonly fetch: FetchLike = (_, init) => {
    if ((init.headers as [string, string][]).some(([name]) => name === "x-good")) return Promise.resolve(ok(MESSAGE));
    return this.odd.result("fetch", () => this.response()) as Promise<Response>;
  };

  response(): unknown {
    const { draw, odd } = this;
    const body = draw.one(...bodies);
    const headers = { ...WEB, ...(draw.chance(20) ? { "grpc-status": draw.one("0", "14", "99", "x") } : {}) };
    if (draw.chance(30)) return new Response(body, { status: draw.one(200, 200, 503, 302), headers });
    const given = odd.spoiled({
      type: draw.one("basic", "default", "opaqueredirect", "error"),
      status: draw.one<unknown>(200, 200, 200, 0, -1, 503, 1.5, "200", 10n, Symbol("s")),
      headers: draw.chance(80) ? new Headers(headers) : { [Symbol.iterator]: () => (draw.chance(50) ? odd.value() : thrown()) },
      body: draw.chance(80) ? this.body(body) : draw.one<unknown>(null, undefined, {}, odd.value()),
      arrayBuffer: () => odd.result("arrayBuffer", () => body.slice().buffer),
    });
    return given;
  }

  body(bytes: Uint8Array): unknown {
    const { draw, odd } = this;
    let at = 0;
    let reads = 0;
    const next = () => {
      if (at >= bytes.length || ++reads > 50) return { done: true, value: undefined };
      const begin = at;
      at += draw.below(6);
      return { done: false, value: bytes.slice(begin, at) };
    };
    const reader = odd.spoiled(
      { read: () => odd.result("read", next), cancel: () => odd.result("cancel", () => Promise.resolve()) },
      10,
    );
    return odd.spoiled(
      { getReader: () => (draw.chance(90) ? reader : odd.value()), cancel: () => odd.result("onEvent", () => undefined) },
      10,
    );
  }

  signal(): unknown {
    const { draw, odd } = this;
    const listeners: (() => void)[] = [];
    const add = (_: string, listener: () => void) => {
      odd.story.unshift("addEventListener");
      if (draw.chance(10)) throw odd.error();
      listeners.push(listener);
      if (draw.chance(20)) listener();
      else if (draw.chance(50)) queueMicrotask(listener);
    };
    const remove = () => {
      if (draw.chance(30)) throw odd.error();
    };
    const given = odd.spoiled({
      reason: odd.value(),
      removeEventListener: remove,
      aborted: draw.one<unknown>(false, false, 0, true),
    });
    return Object.defineProperty(given, "addEventListener", { value: draw.chance(95) ? add : odd.value() });
  }

  messages(): unknown {
    const { draw, odd } = this;
    let left = draw.below(4);
    const next = () =>
      odd.result("next", () => (left-- > 0 ? { done: false, value: draw.chance(90) ? MESSAGE : odd.value() } : { done: true }));
    const end = () => odd.result("return", () => ({ done: true }));
    const iterator = odd.spoiled({ next: () => (left < -5 ? { done: true } : next()), return: end }, 8);
    return draw.among<unknown>(
      () => [MESSAGE, draw.chance(70) ? MESSAGE : odd.value()],
      () => ({ [Symbol.asyncIterator]: () => (draw.chance(90) ? iterator : odd.value()) }),
      () => ({ [Symbol.iterator]: () => iterator }),
      () => odd.value(),
    );
  }

  options(): CallOptions {
    const { draw, odd } = this;
    const options: Record<string, unknown> = {};
    if (odd.mayHang) options["timeoutMs"] = 1000;
    if (draw.chance(40)) options["signal"] = this.signal();
    if (draw.chance(20)) options["onEvent"] = () => odd.result("onEvent", () => undefined);
    if (draw.chance(5)) options[draw.one("metadata", "maxReceiveMessageBytes", "waitForReady", "timeout")] = odd.value();
    return options as CallOptions;
  }

  message(): Uint8Array {
    return (this.draw.chance(90) ? MESSAGE : this.odd.value()) as Uint8Array;
  }

  /** Makes a call, and says how it ends. */
  async call(channel: Channel): Promise<unknown> {
    this.odd.story.length = 0;
    const options = this.options();
    const messages = this.messages() as Uint8Array[];
    return this.draw.among<Promise<unknown>>(
      () => channel.unary(METHOD, this.message(), options),
      () => collect(channel.serverStreaming(METHOD, this.message(), options)),
      () => channel.clientStreaming(METHOD, messages, options),
      () => collect(channel.bidiStreaming(METHOD, messages, options)),
    );
  }
}

/** A socket that does what it likes. */
function socketOf({ draw, odd }: World): typeof WebSocket {
  class Socket {
    readonly OPEN = 1;
    readyState = 1;
    bufferedAmount = 0;
    constructor() {
      if (draw.chance(10)) throw odd.error();
      const happen = (name: string, event: unknown) => {
        const handler = (this as Record<string, unknown>)[name];
        odd.story.unshift(name);
        if (typeof handler === "function") handler(event);
      };
      const act = [
        () => happen("onopen", odd.value()),
        () => happen("onmessage", { data: draw.one<unknown>(OK, OK.buffer, frame(MESSAGE), odd.value()) }),
        () => happen("onmessage", odd.value()),
        () => happen("onerror", odd.value()),
      ].filter(() => draw.chance(60));
      act.push(() =>
        happen("onclose", draw.one<unknown>({ code: 1000, reason: "" }, { code: odd.value(), reason: odd.value() }, undefined)),
      );
      void act.reduce((before, next) => before.then(next), Promise.resolve());
    }
    send(): void {
      if (draw.chance(20)) throw odd.error();
    }
    close(): void {
      if (draw.chance(20)) throw odd.error();
    }
  }
  return Socket as unknown as typeof WebSocket;
}

test(`every call settles, over ${STEPS} steps of doubles that break their contracts`, async (t) => {
  t.mock.method(console, "error", () => {
    throw new Error("a test may make errors of what is logged");
  });
  t.mock.method(console, "warn", () => {});
  t.mock.method(globalThis, "setTimeout", (act: () => void) => setImmediate(act));
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  t.after(() => process.off("unhandledRejection", note).off("uncaughtException", note));
  const seed = Number(process.env["HEDGEROW_WALK_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`HEDGEROW_WALK_SEED=${seed}`);
  const draw = new Draw(seed);
  const outcomes = new Map<string, number>();
  for (let channels = 0; draw.count < STEPS; channels++) {
    const world = new World(draw, draw.chance(50));
    const clock = new TestClock();
    const options: ChannelOptions = {
      baseUrl: "https://api.test",
      fetch: world.fetch,
      clock,
      serviceConfig: retrying({ retryableStatusCodes: ["UNAVAILABLE", "UNKNOWN"], initialBackoff: "0.01s" }),
      onEvent: () => {
        if (draw.chance(2)) throw world.odd.error();
      },
      ...(draw.chance(30) ? { webSocket: socketOf(world) } : {}),
      ...(draw.chance(30) ? { requestStreaming: draw.chance(50) } : {}),
      ...(draw.chance(20) ? { metadata: () => (draw.chance(80) ? {} : world.odd.result("metadata", () => ({}))) as never } : {}),
    };
    const channel = await createChannel(options);
    for (let calls = 0; calls < 20; calls++) {
      const where = `seed ${seed}, channel ${channels}, call ${calls}, step ${draw.count}`;
      const odd = world.call(channel);
      const good = options.metadata ? undefined : channel.unary(METHOD, MESSAGE, GOOD);
      const [ended, fine] = await settled(clock, Promise.allSettled([odd, good]), where, world.odd.story);
      if (ended?.status === "rejected") {
        assert.ok(ended.reason instanceof StatusError, `${where}: ${String(ended.reason)}`);
        assert.ok(ended.reason.code in Code, where);
        const name = Code[ended.reason.code];
        outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
      }
      assert.equal(fine?.status, "fulfilled", `${where}: a call beside it`);
    }
    channel.close();
  }
  await new Promise((go) => setImmediate(go));
  assert.deepEqual(unhandled, [], `seed ${seed}`);
  t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
});

/** Lets time pass until the calls have settled. A call that nothing is under way for any more never does. */
async function settled<T>(clock: TestClock, calls: Promise<T>, where: string, story: readonly string[]): Promise<T> {
  let done = false;
  void calls.then(() => {
    done = true;
  });
  for (let idle = 0; !done; ) {
    if (!(await clock.next()) && ++idle > 100) assert.fail(`${where}: a call never settles after ${story.join("; ")}`);
  }
  return calls;
}
