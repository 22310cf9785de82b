import type { History } from "../abi/actions.js";
import { CANCELED_BY_CALLER } from "../abi/table.js";
import { Code } from "../api/code.js";
import { type Ending, statusError } from "../api/errors.js";
import { follow, show } from "../api/foreign.js";
import { blockOfMetadata, Metadata, metadataOfBlock } from "../api/metadata.js";
import { Backpressure } from "../call/backpressure.js";
import { Listeners } from "../call/listeners.js";
import { type LiveCall, nextCallId, type Receiver } from "../call/live-call.js";
import type { Input, Request } from "../call/request.js";
import {
  type FromWorker,
  type RemoteCallHandler,
  type ToWorker,
  unpackEnding,
  unpackError,
  type WorkerPort,
} from "./worker-messages.js";

/** A call that runs in the worker. */
export class RemoteCall implements LiveCall, RemoteCallHandler {
  readonly id: number = nextCallId();
  #worker: WorkerPort;
  readonly channel: number;
  #request: Request;
  #message: Uint8Array | undefined;
  #receiver: Receiver;
  #listeners: Listeners;
  #backpressure: Backpressure = new Backpressure();
  #written = 0;
  /** What the call was canceled with. That is how it ends, whatever is still on its way from the worker. */
  #cancelled: { readonly code: Code; readonly message: string; readonly cause: unknown } | undefined;
  #unfollow: (() => void) | undefined;
  history: History = { attempts: [], commitReason: undefined };
  over = false;

  constructor(worker: WorkerPort, channel: number, request: Request, input: Input, receiver: Receiver) {
    this.#worker = worker;
    this.channel = channel;
    this.#request = request;
    this.#message = "message" in input ? new Uint8Array(input.message) : undefined; // the slice() of a Buffer would not be a copy
    this.#receiver = receiver;
    this.#listeners = new Listeners(request.listeners);
  }

  start(): void {
    const {
      method,
      metadata,
      streaming,
      timeoutMs,
      maxReceiveMessageBytes,
      waitForReady,
      noRefresh = false,
      signal,
    } = this.#request;
    this.#worker.add(this);
    const message = this.#message;
    this.#send({
      kind: "start",
      call: this.id,
      channel: this.channel,
      method,
      metadata: blockOfMetadata(metadata).text,
      message,
      streaming,
      timeoutMs,
      begun: performance.now(),
      maxReceiveMessageBytes,
      waitForReady,
      noRefresh,
      observe: !this.#listeners.empty,
    });
    if (!signal) return;
    try {
      this.#unfollow = follow(signal, (reason) => this.cancel(CANCELED_BY_CALLER, reason));
    } catch (error) {
      this.cancel(show(error), error, Code.INTERNAL);
    }
  }

  #send(message: ToWorker): void {
    const transfer = "message" in message && message.message ? [message.message.buffer] : [];
    this.#worker.send(this.channel, message, ...transfer);
  }

  async write(message: Uint8Array): Promise<void> {
    if (this.over) return;
    this.#send({ kind: "message", call: this.id, message: new Uint8Array(message) });
    await this.#backpressure.queued();
  }

  sendOnlyMessage(): void {} // the message went out with the start

  halfClose(): void {
    if (!this.over) this.#send({ kind: "halfClose", call: this.id });
  }

  unlessOver<T>(value: T | Promise<T>): Promise<T | undefined> {
    return this.#backpressure.unlessOver(value);
  }

  want(): void {
    if (!this.over) this.#send({ kind: "want", call: this.id });
  }

  later(act: () => void): void {
    act();
  }

  cancel(why: string, cause?: unknown, code: Code = Code.CANCELLED): void {
    if (this.over || this.#cancelled) return;
    this.#cancelled = { code, message: why, cause };
    this.#send({ kind: "cancel", call: this.id, why, code });
  }

  /** Receives what the worker says about the call. */
  read(data: Extract<FromWorker, { call: number }>): void {
    switch (data.kind) {
      case "header":
        if (this.#cancelled) return;
        this.#receiver.onHeader(metadataOfBlock(data.header), data.attempt);
        return;
      case "message":
        if (this.#cancelled) return;
        this.#receiver.onMessage(data.message);
        return;
      case "written":
        this.#backpressure.written(++this.#written);
        return;
      case "history":
        this.history = data.history;
        return;
      case "event":
        this.#listeners.tell({ ...data.event, callId: this.id });
        return;
      case "end":
        this.#end(data);
    }
  }

  #end({ ending: packed, failed, cause }: Extract<FromWorker, { kind: "end" }>): void {
    const cancelled = this.#cancelled;
    let ending = unpackEnding(packed);
    if (cancelled) ending = { ...ending, drop: true }; // whatever happened to it in the worker meanwhile
    if (cancelled && cancelled.code !== ending.code) ending = { ...ending, ...cancelled, details: undefined, rawCode: undefined };
    this.#close(ending);
    const behind = cancelled ? cancelled.cause : cause && unpackError(cause);
    const error = failed || cancelled ? statusError(this.#request.method, ending, behind) : undefined;
    this.#receiver.onEnd(ending, error, -1);
  }

  #close(history: History): void {
    this.over = true;
    this.history = history;
    this.#backpressure.end();
    this.#unfollow?.();
  }

  /** The worker is gone. */
  died(error: Error): void {
    if (this.over) return;
    const none = new Metadata();
    const { attempts } = this.history;
    const ending: Ending = {
      code: Code.INTERNAL,
      message: error.message,
      details: undefined,
      header: none,
      trailer: none,
      attempts,
      commitReason: "internal",
      drop: true,
    };
    this.#close(ending);
    const base = { callId: this.id, method: this.#request.method, at: performance.now() };
    this.#listeners.tellDeath(base, ending, attempts.length);
    this.#receiver.onEnd(ending, statusError(this.#request.method, ending, error), -1);
  }
}
