// Fakes that the tests without a network share: frames, answers, a scripted fetch and a clock that stands still.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  type Channel,
  type ChannelOptions,
  type Code,
  createChannel,
  type FetchLike,
  type HedgingPolicy,
  type RetryPolicy,
  type ServiceConfig,
  StatusError,
} from "hedgerow";

export const METHOD = "/pkg.Service/Method";
export const MESSAGE: Uint8Array = Uint8Array.of(1, 2, 3);

const encoder = new TextEncoder();

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A frame of gRPC-Web: flags, length, payload. */
export function frame(payload: Uint8Array, flags = 0): Uint8Array<ArrayBuffer> {
  const prefix = new Uint8Array(5);
  prefix[0] = flags;
  new DataView(prefix.buffer).setUint32(1, payload.length);
  return concat(prefix, payload);
}

/** The trailers frame. */
export function trailers(...lines: string[]): Uint8Array<ArrayBuffer> {
  return frame(encoder.encode(lines.map((line) => `${line}\r\n`).join("")), 0x80);
}

export const OK: Uint8Array<ArrayBuffer> = trailers("grpc-status: 0");

export const WEB = { "content-type": "application/grpc-web+proto" };

/** A whole good response: the messages, then OK. */
export function ok(...messages: Uint8Array[]): Response {
  return new Response(concat(...messages.map((message) => frame(message)), OK), { headers: WEB });
}

/** A Trailers-Only answer. */
export function failed(code: Code, message = "", fields: Record<string, string> = {}): Response {
  return new Response(null, { headers: { ...WEB, "grpc-status": String(code), "grpc-message": message, ...fields } });
}

/** A 200 whose body is what the stream gives. */
export function streamed(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: WEB });
}

/** A body of these chunks, which counts how many were asked for. It is never ahead of its reader. */
export class Chunks {
  pulled = 0;
  cancelled: unknown;
  readonly body: ReadableStream<Uint8Array>;

  constructor(...chunks: Uint8Array[]) {
    this.body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const chunk = chunks[this.pulled++];
          if (chunk) controller.enqueue(chunk);
          else controller.close();
        },
        cancel: (reason) => {
          this.cancelled = reason ?? "cancelled";
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/** One request that came to the fake fetch. */
export class Exchange {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
  readonly at = performance.now();
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  readonly response: Promise<Response>;

  constructor(
    readonly url: string,
    readonly init: RequestInit,
  ) {
    this.headers = init.headers as [string, string][];
    this.body = init.body as Uint8Array;
    this.signal = init.signal as AbortSignal;
    this.response = new Promise<Response>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.signal.aborted) this.#reject(this.signal.reason);
    this.signal.addEventListener("abort", () => this.#reject(this.signal.reason), { once: true });
  }

  header(name: string): string | undefined {
    return this.headers.find(([n]) => n === name)?.[1];
  }

  /** grpc-previous-rpc-attempts. */
  get previous(): string | undefined {
    return this.header("grpc-previous-rpc-attempts");
  }

  respond(response: Response): void {
    this.#resolve(response);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

type Answer = Response | Error | ((exchange: Exchange) => Response | Promise<Response> | undefined) | undefined;

/** A fetch that keeps what it was given. Answers are given in order; a request without one waits for `respond` or `fail`. */
export class FakeFetch {
  readonly exchanges: Exchange[] = [];
  #answers: Answer[];
  #waiting: (() => void)[] = [];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  readonly fetch: FetchLike = (url, init) => {
    const exchange = new Exchange(url, init);
    const answer = this.#answers[this.exchanges.push(exchange) - 1];
    if (answer instanceof Error) exchange.fail(answer);
    else if (answer instanceof Response) exchange.respond(answer);
    else if (answer) {
      const response = answer(exchange);
      if (response)
        Promise.resolve(response).then(
          (r) => exchange.respond(r),
          (error) => exchange.fail(error),
        );
    }
    for (const wake of this.#waiting.splice(0)) wake();
    return exchange.response;
  };

  /** The n-th request, from 1, once it has come. */
  async request(n: number): Promise<Exchange> {
    while (this.exchanges.length < n) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.exchanges[n - 1] as Exchange;
  }

  get previous(): (string | undefined)[] {
    return this.exchanges.map((exchange) => exchange.previous);
  }
}

/** A channel over the fake, which is closed when the test ends. */
export async function open(t: TestContext, fake: FakeFetch, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  const channel = await createChannel({ baseUrl: "https://api.test/grpc", fetch: fake.fetch, ...options });
  t.after(() => channel.close());
  return channel;
}

/** A service config that retries UNAVAILABLE, by default without a wait worth speaking of. */
export function retrying(policy: Partial<RetryPolicy> = {}, more: Partial<ServiceConfig> = {}): ServiceConfig {
  const retryPolicy = {
    maxAttempts: 4,
    initialBackoff: "0.000001s",
    maxBackoff: "0.000001s",
    backoffMultiplier: 1,
    retryableStatusCodes: ["UNAVAILABLE"],
    ...policy,
  };
  return { methodConfig: [{ name: [{}], retryPolicy }], ...more };
}

export function hedging(policy: Partial<HedgingPolicy> = {}): ServiceConfig {
  const hedgingPolicy = { maxAttempts: 3, nonFatalStatusCodes: ["UNAVAILABLE"], ...policy };
  return { methodConfig: [{ name: [{}], hedgingPolicy }] };
}

/** The StatusError that a call rejects with. */
export async function refused(call: Promise<unknown>): Promise<StatusError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  assert.ok("error" in outcome, "the call was expected to fail");
  assert.ok(outcome.error instanceof StatusError, `expected a StatusError, not ${String(outcome.error)}`);
  return outcome.error;
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

const realImmediate = setImmediate;

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => realImmediate(resolve));
}

interface Timer {
  readonly at: number;
  readonly delay: number;
  readonly run: () => void;
}

/** Stands in for performance.now, setTimeout and clearTimeout until the test ends. Time passes only in `advance`. */
export class Clock {
  now = 1000;
  readonly timers: Map<number, Timer> = new Map();
  /** Every delay that was asked for. */
  readonly delays: number[] = [];
  #last = 0;

  constructor(t: TestContext) {
    const { setTimeout, clearTimeout } = globalThis;
    const { now } = performance;
    performance.now = () => this.now;
    globalThis.setTimeout = ((run: () => void, delay = 0) => {
      this.delays.push(delay);
      this.timers.set(++this.#last, { at: this.now + delay, delay, run });
      return this.#last;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((id: number) => {
      this.timers.delete(id);
    }) as typeof clearTimeout;
    t.after(() => {
      performance.now = now;
      globalThis.setTimeout = setTimeout;
      globalThis.clearTimeout = clearTimeout;
    });
  }

  /** Lets so many milliseconds pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    await settle();
    const end = this.now + ms;
    for (let due = this.#due(end); due; due = this.#due(end)) {
      const [id, { at, run }] = due;
      this.timers.delete(id);
      this.now = Math.max(this.now, at);
      run();
      await settle();
    }
    this.now = end;
  }

  #due(end: number): [number, Timer] | undefined {
    return [...this.timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  }
}
