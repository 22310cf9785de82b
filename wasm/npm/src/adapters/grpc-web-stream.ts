import type { ClientReadableStream, Metadata as Fields, RpcError, Status } from "grpc-web";
import { rpcErrorOf } from "./grpc-web-convert.js";

/** What a stream tells, and with what. */
interface Events<O> {
  metadata: Fields;
  data: O;
  error: RpcError;
  status: Status;
  end: undefined;
}
type Listener = (event: never) => void;

/** A call's events. Nothing is told before its maker's turn is over, so that listeners can be added; nor anything after a cancel. */
export class EventStream<O> implements ClientReadableStream<O> {
  readonly #abort = new AbortController();
  readonly #listeners: Map<string, Listener[]> = new Map();

  /** Tells what a call does; it answers with the status that ends it. */
  static of<O>(call: (events: EventStream<O>) => Promise<Status>): EventStream<O> {
    const events = new EventStream<O>();
    void events.#run(call);
    return events;
  }

  async #run(call: (events: EventStream<O>) => Promise<Status>): Promise<void> {
    await undefined;
    try {
      this.emit("status", await call(this));
      this.emit("end", undefined);
    } catch (error) {
      const failure = rpcErrorOf(error, this.signal);
      const { code, message, metadata } = failure;
      this.emit("error", failure);
      this.emit("status", { code, details: message, metadata });
    }
  }

  /** Aborted by cancel. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  emit<Name extends keyof Events<O>>(name: Name, event: Events<O>[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      if (this.signal.aborted) return;
      try {
        (listener as (event: Events<O>[Name]) => void)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error; // it is the application's, and nothing of the call's
        });
      }
    }
  }

  on(name: string, listener: Listener): this {
    const listeners = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, [...listeners, listener]);
    return this;
  }

  removeListener(name: string, listener: Listener): void {
    const listeners = this.#listeners.get(name) ?? [];
    const at = listeners.indexOf(listener);
    if (at >= 0)
      this.#listeners.set(
        name,
        listeners.filter((_, i) => i !== at),
      );
  }

  cancel(): void {
    this.#abort.abort();
  }
}

/** A stream whose message and error somebody else is told. */
export function quietly<O>(stream: ClientReadableStream<O>): ClientReadableStream<O> {
  const told = (name: string): boolean => name === "data" || name === "error";
  const quiet = {
    on: (name: never, listener: never) => {
      if (!told(name)) stream.on(name, listener);
      return quiet;
    },
    removeListener: (name: never, listener: never) => {
      if (!told(name)) stream.removeListener(name, listener);
    },
    cancel: () => stream.cancel(),
  };
  return quiet;
}
