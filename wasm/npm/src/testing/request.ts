import { timeoutOf, WIRE } from "../adapters/headers.js";
import type { AbortSignalType, HeadersType } from "../api/platform.js";
import { type Clock, Metadata } from "../index.js";
import { Frames } from "./frames.js";

/** A request that came to the server, one for each attempt. Its fields show the state at the time when you read them. */
export interface TestRequest {
  /** "/package.Service/Method" */
  readonly method: string;
  /** grpc-previous-rpc-attempts + 1: always 1 if the channel's attemptHeader is "never". */
  readonly attempt: number;
  /** What the application sent, without the headers that the protocol needs. */
  readonly metadata: Metadata;
  /** All headers, as they were sent. */
  readonly headers: HeadersType;
  /** How much of the call's timeout was left when the request was sent, in milliseconds. Infinity if it has none. */
  readonly timeoutMs: number;
  /** When it came, on the server's clock. */
  readonly startedAt: number;
  /** When its response ended, or when it was aborted. undefined while it is under way. */
  readonly endedAt: number | undefined;
  /** Whether the client ended it before its response had ended. */
  readonly aborted: boolean;
  /** Aborted when the client ends the request. */
  readonly signal: AbortSignalType;
  /** The first message. Throws if none has come. */
  readonly message: Uint8Array;
  /** The messages that have come. */
  readonly messages: readonly Uint8Array[];
  /** The messages, as they come, up to the end of the request. */
  readonly incoming: AsyncIterable<Uint8Array>;
}

/** A request's body: known at once, or to be read. */
type Body = Uint8Array | string | ReadableStream<Uint8Array> | null;

/**
 * One request, and what happens to it.
 *
 * @internal
 */
export class Exchange implements TestRequest {
  readonly attempt: number;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  readonly startedAt: number;
  readonly messages: Uint8Array[] = [];
  endedAt: number | undefined;
  aborted = false;
  /** It will never be answered. */
  hangs = false;
  #clock: Clock;
  #controller: AbortController = new AbortController();
  #gone: Promise<never>;
  #unlink: () => void;
  #complete = false;
  #waiting: (() => void)[] = [];

  constructor(
    clock: Clock,
    readonly method: string,
    /** Of the method's requests, from 1. */
    readonly count: number,
    readonly headers: Headers,
    body: Body,
    client: AbortSignal | undefined,
  ) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.attempt = Number(headers.get("grpc-previous-rpc-attempts")) + 1;
    this.metadata = metadataOf(headers);
    this.timeoutMs = timeoutOf(headers.get("grpc-timeout"));
    this.#gone = new Promise((_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason));
    });
    this.#gone.catch(() => {});
    const abort = (): void => this.abort(client?.reason);
    client?.addEventListener("abort", abort);
    this.#unlink = () => client?.removeEventListener("abort", abort);
    void this.#receive(body);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get message(): Uint8Array {
    const [message] = this.messages;
    if (!message) throw new Error(`hedgerow/testing: the request to ${this.method} has not sent a message yet`);
    return message;
  }

  get incoming(): AsyncIterable<Uint8Array> {
    return this.#incoming();
  }

  async *#incoming(): AsyncGenerator<Uint8Array> {
    for (let next = 0; ; next++) {
      while (next >= this.messages.length) {
        if (this.#complete || this.aborted) return;
        await this.#change();
      }
      yield this.messages[next] as Uint8Array;
    }
  }

  /** Resolves once all messages have come, or no more can come. */
  async whole(): Promise<void> {
    while (!this.#complete && !this.aborted) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((go) => this.#waiting.push(go));
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** A body that is known is read at once, so that a test sees it as soon as it has made the call. */
  async #receive(body: Body): Promise<void> {
    const frames = new Frames(this.messages);
    try {
      if (typeof body === "object" && body && "getReader" in body) {
        const reader = body.getReader();
        this.#gone.catch((reason) => reader.cancel(reason).catch(() => {}));
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          if (frames.push(value)) await frames.inflated();
          this.#wake();
        }
      } else if (frames.push(typeof body === "string" ? bytesOf(body) : (body ?? new Uint8Array()))) await frames.inflated();
      this.#complete = true;
      this.#wake();
    } catch (error) {
      this.abort(error); // like a request that breaks off
    }
  }

  /** Waits. If the request is aborted first, it rejects with the reason of the abort. */
  async wait(ms: number): Promise<void> {
    let timer: unknown;
    const passed = new Promise<void>((go) => {
      timer = this.#clock.setTimeout(go, ms);
    });
    try {
      await this.unlessAborted(passed);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  async hang(): Promise<never> {
    this.hangs = true;
    return this.#gone;
  }

  unlessAborted<T>(value: Promise<T>): Promise<T> {
    return Promise.race([value, this.#gone]);
  }

  /** The answer is over. */
  end(): void {
    this.endedAt ??= this.#clock.now();
    this.#unlink();
  }

  abort(reason: unknown): void {
    if (this.endedAt !== undefined) return;
    this.aborted = true;
    this.end();
    this.#controller.abort(reason);
    this.#wake();
  }
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  headers.forEach((value, name) => {
    if (WIRE.has(name)) return;
    if (!name.endsWith("-bin")) metadata.append(name, value);
    else for (const one of value.split(",")) metadata.append(name, bytesOf(one.trim()));
  });
  return metadata;
}

/** Decodes base64: a value of metadata, or a body of format "text". */
function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
