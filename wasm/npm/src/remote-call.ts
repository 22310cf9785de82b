import type { History } from "./actions.js";
import { nextId } from "./call.js";
import type { LiveCall, Receiver } from "./calls.js";
import { Code } from "./code.js";
import { runSafely } from "./engine.js";
import { statusError } from "./errors.js";
import type { CallEvent } from "./events.js";
import { blockOfMetadata, Metadata, metadataOfBlock } from "./metadata.js";
import { Pace } from "./pace.js";
import type { Input, Request } from "./request.js";
import { type FromWorker, type ToWorker, unpackEnding } from "./worker-messages.js";

/** The way to the worker. */
export interface Wire {
  begin(call: RemoteCall): void;
  send(message: ToWorker, ...transfer: Transferable[]): void;
}

/** A call that runs in the worker. */
export class RemoteCall implements LiveCall {
  readonly id: number = nextId();
  #wire: Wire;
  #channel: number;
  #request: Request;
  #message: Uint8Array | undefined;
  #receiver: Receiver;
  #pace: Pace = new Pace();
  #written = 0;
  #cause: unknown;
  #onAbort: (() => void) | undefined;
  history: History = { attempts: [], commitReason: undefined };
  over = false;

  constructor(wire: Wire, channel: number, request: Request, input: Input, receiver: Receiver) {
    this.#wire = wire;
    this.#channel = channel;
    this.#request = request;
    this.#message = "message" in input ? new Uint8Array(input.message) : undefined;
    this.#receiver = receiver;
  }

  start(): void {
    const { method, metadata, streaming, timeoutMs, maxReceiveMessageBytes, waitForReady, signal, listeners } = this.#request;
    if (signal) {
      this.#onAbort = () => this.cancel("the caller cancelled the call", signal.reason);
      signal.addEventListener("abort", this.#onAbort);
    }
    this.#wire.begin(this);
    const message = this.#message;
    this.#send({
      kind: "start",
      call: this.id,
      channel: this.#channel,
      method,
      metadata: blockOfMetadata(metadata).text,
      message,
      streaming,
      timeoutMs,
      begun: performance.now(),
      maxReceiveMessageBytes,
      waitForReady,
      observe: listeners.length > 0,
    });
  }

  #send(message: ToWorker): void {
    if ("message" in message && message.message) this.#wire.send(message, message.message.buffer);
    else this.#wire.send(message);
  }

  async write(message: Uint8Array): Promise<void> {
    if (this.over) return;
    this.#send({ kind: "message", call: this.id, message: new Uint8Array(message) });
    await this.#pace.queued();
  }

  sendAlone(): Promise<void> {
    return Promise.resolve(); // it went with the start
  }

  halfClose(): void {
    if (!this.over) this.#send({ kind: "halfClose", call: this.id });
  }

  unlessOver<T>(value: T | Promise<T>): Promise<T | undefined> {
    return this.#pace.unlessOver(value);
  }

  want(): void {
    if (!this.over) this.#send({ kind: "want", call: this.id });
  }

  later(act: () => void): void {
    act();
  }

  cancel(why: string, cause?: unknown, code: Code = Code.CANCELLED): void {
    if (this.over) return;
    this.#cause = cause;
    this.#send({ kind: "cancel", call: this.id, why, code });
  }

  /** What the worker tells of the call. */
  read(data: Extract<FromWorker, { call: number }>): void {
    switch (data.kind) {
      case "header":
        this.#receiver.onHeader(metadataOfBlock(data.header), data.attempt);
        return;
      case "message":
        this.#receiver.onMessage(data.message);
        return;
      case "written":
        this.#pace.written(++this.#written);
        this.#pace.wake();
        return;
      case "history":
        this.history = data.history;
        return;
      case "event":
        this.#observe({ ...data.event, callId: this.id });
        return;
      case "end": {
        const ending = unpackEnding(data.ending);
        const error = data.failed ? statusError(this.#request.method, ending, this.#cause ?? data.cause) : undefined;
        this.#close(ending);
        this.#receiver.onEnd(ending, error, -1);
      }
    }
  }

  #observe(event: CallEvent): void {
    for (const listener of this.#request.listeners) runSafely(() => listener(event));
  }

  #close(history: History): void {
    this.over = true;
    this.history = history;
    this.#pace.end();
    if (this.#onAbort) this.#request.signal?.removeEventListener("abort", this.#onAbort);
  }

  /** The worker is gone. */
  died(error: Error): void {
    const none = new Metadata();
    const { attempts } = this.history;
    const ending = {
      code: Code.INTERNAL,
      message: error.message,
      details: undefined,
      header: none,
      trailer: none,
      attempts,
      commitReason: "internal" as const,
    };
    this.#close(ending);
    this.#receiver.onEnd(ending, statusError(this.#request.method, ending, error), -1);
  }
}
