import { CANCELED_BY_CALLER, CANCELED_BY_READER } from "../abi/table.js";
import { Code } from "../api/code.js";
import { type Ending, refusal, type StatusError } from "../api/errors.js";
import type { AttemptRecord, CommitReason } from "../api/events.js";
import type { Metadata } from "../api/metadata.js";
import type { ResponseStream } from "../api/types.js";
import type { LiveCall, Receiver } from "./live-call.js";

/** A promise that is settled from outside. Its rejection need not be caught. */
class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => {});
  }
}

type Result = IteratorResult<Uint8Array, undefined>;

interface Waiter {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

const DONE: Result = { done: true, value: undefined };

/** The responses of a streaming call: messages that have come, and readers that wait for one. */
export class Stream implements ResponseStream, Receiver {
  #method: string;
  #call: LiveCall | undefined;
  #header: Deferred<Metadata> = new Deferred();
  #trailer: Deferred<Metadata> = new Deferred();
  #messages: Uint8Array[] = [];
  #waiters: Waiter[] = [];
  #end: { readonly ending: Ending; readonly error: StatusError | undefined } | undefined;
  #iterated = false;
  /** The reader has stopped: it gets nothing more, not even the error. */
  #left = false;

  constructor(method: string) {
    this.#method = method;
  }

  /** Sets the call behind the stream. A call that was refused before it began is never set. */
  attach(call: LiveCall): void {
    this.#call = call;
  }

  /** The call was refused before it began. */
  refused(error: StatusError): void {
    this.onEnd(error, error);
  }

  get header(): Promise<Metadata> {
    return this.#header.promise;
  }

  get trailer(): Promise<Metadata> {
    return this.#trailer.promise;
  }

  get attempts(): readonly AttemptRecord[] {
    return this.#end?.ending.attempts ?? this.#call?.history.attempts ?? [];
  }

  get commitReason(): CommitReason | undefined {
    return this.#end?.ending.commitReason ?? this.#call?.history.commitReason;
  }

  cancel(): void {
    this.#call?.cancel(CANCELED_BY_CALLER);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    if (this.#iterated) {
      const twice = refusal(this.#method, Code.INTERNAL, "a response stream can be iterated only once", "internal");
      return reader(() => Promise.reject(twice));
    }
    this.#iterated = true;
    return reader(
      () => this.#next(),
      () => {
        this.#left = true;
        this.#call?.cancel(CANCELED_BY_READER);
        this.#messages = [];
      },
    );
  }

  #next(): Promise<Result> {
    if (this.#left) return Promise.resolve(DONE);
    const value = this.#messages.shift();
    if (value) return Promise.resolve({ done: false, value });
    if (this.#end) {
      // An error is thrown once; after that the stream is at its end, as with all iterators.
      const { error, ending } = this.#end;
      this.#end = { ending, error: undefined };
      return error ? Promise.reject(error) : Promise.resolve(DONE);
    }
    const promise = new Promise<Result>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#call?.want();
    return promise;
  }

  // What the call reports.

  onHeader(header: Metadata): void {
    this.#header.resolve(header);
  }

  onMessage(message: Uint8Array): void {
    const waiter = this.#waiters.shift();
    if (!waiter) this.#messages.push(message);
    else {
      waiter.resolve({ done: false, value: message });
      if (this.#waiters.length > 0) this.#call?.later(() => this.#call?.want());
    }
  }

  onEnd(ending: Ending, error: StatusError | undefined): void {
    this.#end = { ending, error };
    if (ending.drop) this.#messages = [];
    if (error) {
      this.#header.reject(error); // without effect where there was a header
      this.#trailer.reject(error);
    } else {
      this.#header.resolve(ending.header);
      this.#trailer.resolve(ending.trailer);
    }
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      if (this.#end.error) {
        reject(error);
        this.#end = { ending, error: undefined };
      } else resolve(DONE);
    }
  }
}

/** An iterator that is itself iterable, as generators are: after taking one message by hand you can loop over the rest. */
function reader(next: () => Promise<Result>, leave?: () => void): AsyncIterableIterator<Uint8Array, undefined> {
  const self: AsyncIterableIterator<Uint8Array, undefined> = {
    next,
    return: () => {
      leave?.();
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]: () => self,
  };
  return self;
}
