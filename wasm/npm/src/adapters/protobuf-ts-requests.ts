import type { RpcError, RpcInputStream } from "@protobuf-ts/runtime-rpc";
import { rpcError } from "./protobuf-ts-convert.js";

interface Sent {
  readonly bytes: Uint8Array;
  resolve(): void;
  reject(error: RpcError): void;
}

/** The messages that an application sends in a call, one by one, and that the channel takes, one by one. */
export class Requests<I> implements RpcInputStream<I>, AsyncIterableIterator<Uint8Array> {
  readonly #serialize: (message: I) => Uint8Array;
  readonly #queue: Sent[] = [];
  /** The channel has taken this one, and has not asked for the next. */
  #taken: Sent | undefined;
  #complete = false;
  #over = false;
  #error: RpcError | undefined;
  #wake: () => void = () => {};

  constructor(serialize: (message: I) => Uint8Array) {
    this.#serialize = serialize;
  }

  /** Resolves once the channel is ready for another message, or the call ended well; rejects with what the call failed with. */
  send(message: I): Promise<void> {
    const sending = new Promise<void>((resolve, reject) => {
      if (this.#complete) throw rpcError("a message cannot be sent after the end of the request", "INTERNAL");
      const sent = { bytes: this.#serialize(message), resolve, reject };
      if (this.#over) this.#settle(sent);
      else {
        this.#queue.push(sent);
        this.#wake();
      }
    });
    sending.catch(() => {}); // the application learns of the failure elsewhere too
    return sending;
  }

  complete(): Promise<void> {
    this.#complete = true;
    this.#wake();
    return Promise.resolve();
  }

  /** The call is over, with an error or without. */
  end(error?: RpcError): void {
    this.#over = true;
    this.#error ??= error;
    for (const sent of this.#taken ? [this.#taken, ...this.#queue] : this.#queue) this.#settle(sent);
    this.#taken = undefined;
    this.#queue.length = 0;
    this.#wake();
  }

  #settle({ resolve, reject }: Sent): void {
    if (this.#error) reject(this.#error);
    else resolve();
  }

  // The channel's side.

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#taken?.resolve();
    this.#taken = undefined;
    while (this.#queue.length === 0 && !this.#complete && !this.#over) {
      await new Promise<void>((go) => {
        this.#wake = go;
      });
    }
    this.#taken = this.#queue.shift();
    return this.#taken ? { done: false, value: this.#taken.bytes } : { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
