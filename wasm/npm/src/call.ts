import { type History, readEnding, readEvent, readFields, readHistory, readMetadata } from "./actions.js";
import { Attempt } from "./attempt.js";
import { Code } from "./code.js";
import type { Engine } from "./engine.js";
import { runSafely } from "./engine.js";
import { type Ending, StatusError, statusError } from "./errors.js";
import type { CallEvent } from "./events.js";
import { Action, type Cursor, FLAG_OBSERVE, FLAG_STREAMING, type Host } from "./host.js";
import { blockOfMetadata, Metadata, type MetadataInit } from "./metadata.js";
import type { AttemptContext, FetchLike } from "./options.js";

/** What a call has of its channel. */
export interface Line {
  readonly engine: Engine;
  /** The channel's id on the Go side. */
  readonly channel: number;
  readonly baseUrl: string;
  readonly fetch: FetchLike;
  readonly credentials: RequestCredentials;
  readonly prepare: ((attempt: AttemptContext) => MetadataInit | Promise<MetadataInit>) | undefined;
}

/** What a call is made of. */
export interface Request {
  readonly method: string;
  /** The message in its frame: every attempt sends this array. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  readonly maxReceiveMessageBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly streaming: boolean;
  readonly listeners: readonly ((event: CallEvent) => void)[];
}

/** Whom a call tells what came of it. */
export interface Receiver {
  onHeader(header: Metadata): void;
  onMessage(message: Uint8Array): void;
  /** The end, with OK or with an error. */
  onEnd(ending: Ending, error: StatusError | undefined): void;
}

const PREFIX = 5;

/** A message in its frame (PROTOCOL-WEB). It is copied here, once. */
export function frame(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = message;
  const framed = new Uint8Array(PREFIX + length);
  framed[1] = length >>> 24;
  framed[2] = length >>> 16;
  framed[3] = length >>> 8;
  framed[4] = length;
  framed.set(message, PREFIX);
  return framed;
}

let lastId = 0;

/** One call, on this side of the boundary: it holds bytes and promises, and decides nothing. */
export class Call {
  readonly id: number = ++lastId;
  readonly host: Host;
  readonly engine: Engine;
  readonly url: string;
  readonly fetch: FetchLike;
  readonly credentials: RequestCredentials;
  /** What is behind an end that is no attempt's: a cancel's reason, or why no request could be made. */
  cause: unknown;
  #line: Line;
  #request: Request;
  #receiver: Receiver;
  #body: Uint8Array<ArrayBuffer> | undefined;
  #released = false;
  #attempts: Attempt[] = [];
  #history: History = { attempts: [], commitReason: undefined };
  #over = false;

  constructor(line: Line, request: Request, receiver: Receiver) {
    this.engine = line.engine;
    this.host = line.engine.host;
    this.url = line.baseUrl + request.method;
    this.fetch = line.fetch;
    this.credentials = line.credentials;
    this.#line = line;
    this.#request = request;
    this.#receiver = receiver;
    this.#body = request.body;
  }

  /** Hands the call to Go, which answers with what to do first. */
  start(): void {
    const { method, body, metadata, timeoutMs, maxReceiveMessageBytes, signal, streaming, listeners } = this.#request;
    this.engine.calls.set(this.id, this);
    signal?.addEventListener("abort", this.#aborted);
    const { count, text } = blockOfMetadata(metadata);
    this.engine.enter(
      "start",
      this.id,
      this.#line.channel,
      (streaming ? FLAG_STREAMING : 0) | (listeners.length > 0 ? FLAG_OBSERVE : 0),
      performance.now(),
      timeoutMs,
      body.length - PREFIX,
      maxReceiveMessageBytes,
      count,
      this.host.text(`${method}\0${text}`),
    );
  }

  #aborted = (): void => {
    this.cancel("the caller cancelled the call", this.#request.signal?.reason);
  };

  /** Ends the call as CANCELLED. */
  cancel(why: string, cause?: unknown): void {
    if (this.#over) return;
    this.cause = cause;
    this.engine.enter("cancel", this.id, performance.now(), this.host.text(why));
  }

  /** Somebody waits for a message. */
  want(): void {
    if (!this.#over) this.engine.enter("read", this.id, performance.now());
  }

  /** The attempts so far. */
  get history(): History {
    if (!this.#over) this.host.enter("history", this.id);
    return this.#history;
  }

  /** Reads one action of Go's. What it asks for is done later: see Engine. */
  read(action: Action, attempt: number, cursor: Cursor): void {
    switch (action) {
      case Action.Prepare: {
        const number = cursor.word();
        this.engine.later(() => this.#prepare(attempt, number));
        return;
      }
      case Action.Open: {
        const fields = readFields(cursor);
        this.engine.later(() => this.#open(attempt, fields));
        return;
      }
      case Action.Abort:
        this.engine.later(() => this.#attempt(attempt).kill());
        return;
      case Action.Read:
        this.engine.later(() => this.#attempt(attempt).read());
        return;
      case Action.Head: {
        const header = readMetadata(cursor);
        this.engine.later(() => this.#receiver.onHeader(header));
        return;
      }
      case Action.Release:
        this.#released = true;
        if (this.#attempts[attempt]?.opened) this.#body = undefined;
        return;
      case Action.End: {
        const ending = readEnding(cursor);
        this.#close(ending);
        this.engine.later(() => this.#end(ending, attempt));
        return;
      }
      case Action.History:
        this.#history = readHistory(cursor);
        return;
      case Action.Observe: {
        const event = readEvent(cursor, this.id, this.#request.method);
        this.engine.later(() => this.#observe(event));
        return;
      }
    }
  }

  #attempt(id: number): Attempt {
    this.#attempts[id] ??= new Attempt(this, id);
    return this.#attempts[id];
  }

  #open(id: number, fields: [string, string][]): void {
    const body = this.#body;
    if (this.#released) this.#body = undefined;
    if (body) this.#attempt(id).open(fields, body);
  }

  /** Asks the channel's function for the attempt's own metadata. */
  #prepare(id: number, number: number): void {
    const attempt = this.#attempt(id);
    const { method } = this.#request;
    const context = { method, attempt: number, signal: attempt.abort.signal };
    new Promise<MetadataInit>((resolve) => {
      resolve(this.#line.prepare?.(context) ?? {});
    }).then(
      (init) => this.#prepared(id, init),
      (error) => this.#unprepared(id, error, Code.UNAUTHENTICATED),
    );
  }

  #prepared(id: number, init: MetadataInit): void {
    let block: { count: number; text: string };
    try {
      block = blockOfMetadata(new Metadata(init));
    } catch (error) {
      this.#unprepared(id, error, Code.INTERNAL);
      return;
    }
    this.engine.enter("prepared", this.id, id, performance.now(), block.count, this.host.text(block.text));
  }

  #unprepared(id: number, error: unknown, code: Code): void {
    this.#attempt(id).error = error;
    const own = error instanceof StatusError ? error : undefined;
    const { count, text } = blockOfMetadata(own ? own.trailer : new Metadata());
    const message = own ? own.message : `the metadata function failed: ${String(error)}`;
    const block = this.host.text(`${message.replaceAll("\0", " ")}\0${text}`);
    this.engine.enter("unprepared", this.id, id, performance.now(), own ? own.code : code, count, block);
  }

  deliver(message: Uint8Array): void {
    if (!this.#over) this.#receiver.onMessage(message);
  }

  #observe(event: CallEvent): void {
    for (const listener of this.#request.listeners) runSafely(() => listener(event));
  }

  /** From here on Go knows the call no more. */
  #close(ending: Ending): void {
    this.#over = true;
    this.#history = ending;
    this.#body = undefined;
    this.engine.calls.delete(this.id);
    this.#request.signal?.removeEventListener("abort", this.#aborted);
  }

  #end(ending: Ending, answer: number): void {
    if (ending.code === Code.OK) {
      this.#receiver.onEnd(ending, undefined);
      return;
    }
    const cause = this.#attempts[answer]?.error ?? this.cause;
    const details = ending.details ?? (cause instanceof StatusError ? cause.details : undefined);
    const whole = { ...ending, details };
    this.#receiver.onEnd(whole, statusError(this.#request.method, whole, cause));
  }

  /** The instance died under the call. */
  died(death: Error): void {
    const { attempts } = this.#history;
    const none = new Metadata();
    const ending: Ending = {
      code: Code.INTERNAL,
      message: `${death.message}. The next call gets a fresh instance`,
      details: undefined,
      header: none,
      trailer: none,
      attempts,
      commitReason: "internal",
    };
    this.#close(ending);
    for (const attempt of this.#attempts) attempt.kill();
    this.#receiver.onEnd(ending, statusError(this.#request.method, ending, death));
  }
}
