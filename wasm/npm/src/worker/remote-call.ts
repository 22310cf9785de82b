import type { History } from "../abi/actions.js";
import { Code } from "../api/code.js";
import { type Ending, statusError } from "../api/errors.js";
import { blockOfMetadata, Metadata, metadataOfBlock } from "../api/metadata.js";
import { Audience } from "../call/audience.js";
import { nextId } from "../call/call.js";
import type { LiveCall, Receiver } from "../call/calls.js";
import { Pace } from "../call/pace.js";
import type { Input, Request } from "../call/request.js";
import { type FromWorker, type ToWorker, unpackEnding, unpackError } from "./worker-messages.js";

/** The way to the worker. */
export interface Wire {
  begin(call: RemoteCall): void;
  send(channel: number, message: ToWorker, ...transfer: Transferable[]): void;
}

/** A call that runs in the worker. */
export class RemoteCall implements LiveCall {
  readonly id: number = nextId();
  #wire: Wire;
  readonly channel: number;
  #request: Request;
  #message: Uint8Array | undefined;
  #receiver: Receiver;
  #audience: Audience;
  #pace: Pace = new Pace();
  #written = 0;
  /** What the call was cancelled with. From then on nothing else can become of it, whatever is on its way from the worker. */
  #cancelled: { readonly code: Code; readonly message: string; readonly cause: unknown } | undefined;
  #onAbort: (() => void) | undefined;
  history: History = { attempts: [], commitReason: undefined };
  over = false;

  constructor(wire: Wire, channel: number, request: Request, input: Input, receiver: Receiver) {
    this.#wire = wire;
    this.channel = channel;
    this.#request = request;
    this.#message = "message" in input ? new Uint8Array(input.message) : undefined; // slice() of a Buffer is no copy
    this.#receiver = receiver;
    this.#audience = new Audience(request.listeners);
  }

  start(): void {
    const { method, metadata, streaming, timeoutMs, maxReceiveMessageBytes, waitForReady, signal } = this.#request;
    if (signal) {
      this.#onAbort = () => this.cancel("the caller cancelled the call", signal.reason);
      signal.addEventListener("abort", this.#onAbort);
    }
    this.#wire.begin(this);
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
      observe: !this.#audience.empty,
    });
  }

  #send(message: ToWorker): void {
    const transfer = "message" in message && message.message ? [message.message.buffer] : [];
    this.#wire.send(this.channel, message, ...transfer);
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
    if (this.over || this.#cancelled) return;
    this.#cancelled = { code, message: why, cause };
    this.#send({ kind: "cancel", call: this.id, why, code });
  }

  /** What the worker tells of the call. */
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
        this.#pace.written(++this.#written);
        return;
      case "history":
        this.history = data.history;
        return;
      case "event":
        this.#audience.tell({ ...data.event, callId: this.id });
        return;
      case "end":
        this.#end(data);
    }
  }

  #end({ ending: packed, failed, cause }: Extract<FromWorker, { kind: "end" }>): void {
    const cancelled = this.#cancelled;
    let ending = unpackEnding(packed);
    if (cancelled && cancelled.code !== ending.code) ending = { ...ending, ...cancelled, details: undefined };
    this.#close(ending);
    const behind = cancelled ? cancelled.cause : cause && unpackError(cause);
    const error = failed || cancelled ? statusError(this.#request.method, ending, behind) : undefined;
    this.#receiver.onEnd(ending, error, -1);
  }

  #close(history: History): void {
    this.over = true;
    this.history = history;
    this.#pace.end();
    if (this.#onAbort) this.#request.signal?.removeEventListener("abort", this.#onAbort);
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
    };
    this.#close(ending);
    const base = { callId: this.id, method: this.#request.method, at: performance.now() };
    this.#audience.tellDeath(base, ending, attempts.length);
    this.#receiver.onEnd(ending, statusError(this.#request.method, ending, error), -1);
  }
}
