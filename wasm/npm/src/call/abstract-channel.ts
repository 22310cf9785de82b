import { CHANNEL_IS_CLOSED, UNRESUMABLE } from "../abi/table.js";
import { Code } from "../api/code.js";
import { ConfigError, type Ending, isLost, loadPart, refusal, StatusError } from "../api/errors.js";
import { show } from "../api/foreign.js";
import type { Listener, Observable } from "../api/observe.js";
import type { CallOptions, Clock, ResumableSource, ResumeOptions } from "../api/options.js";
import type { Channel, Messages, ResponseStream, UnaryResponse } from "../api/types.js";
import type { LiveCall, Receiver } from "./live-call.js";
import { pump } from "./pump.js";
import type { Input } from "./request.js";
import type { Resumer } from "./resumed.js";
import { Stream } from "./stream.js";

/** A channel as its users see it, with the four kinds of call. Subclasses make the calls, here or in a worker. */
export abstract class AbstractChannel implements Channel, Observable {
  /**
   * Who is told of the events of calls. A call keeps the list that it started with, so a change makes a new list. While it is empty, Go
   * makes no events.
   */
  protected listeners: readonly Listener[];

  constructor(listeners: readonly Listener[]) {
    this.listeners = listeners;
  }

  observe(listener: Listener): () => void {
    this.listeners = [...this.listeners, listener];
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  /** Makes a call, or throws the StatusError with which it is refused. */
  abstract make(method: string, input: Input, options: CallOptions, streaming: boolean, receiver: Receiver): LiveCall;

  /** Asks Go whether a subscription is renewed: after how many milliseconds; Infinity: not at all; NaN: the method has no retryPolicy. */
  abstract renew(method: string, code: Code, lost: boolean, failures: number): Promise<number>;

  /** What its timers count by. */
  abstract readonly clock: Clock;

  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }

  unary(method: string, message: Uint8Array, options: CallOptions = {}): Promise<UnaryResponse> {
    return this.#answered(method, { message }, options);
  }

  serverStreaming(method: string, message: Uint8Array, options: CallOptions = {}): ResponseStream {
    return this.#streamed(method, { message }, options);
  }

  clientStreaming(method: string, messages: Messages, options: CallOptions = {}): Promise<UnaryResponse> {
    return this.#answered(method, { messages }, options);
  }

  bidiStreaming(method: string, messages: Messages, options: CallOptions = {}): ResponseStream {
    return this.#streamed(method, { messages }, options);
  }

  async *resumableStreaming<C>(
    method: string,
    source: ResumableSource<C>,
    options: ResumeOptions = {},
  ): AsyncGenerator<Uint8Array, void, void> {
    const { resumed } = await loadPart(import("./resumed.js"));
    const resumer: Resumer = {
      clock: this.clock,
      open: (request, options) => this.serverStreaming(method, request, options),
      renew: (code, lost, failures) => this.renew(method, code, lost, failures),
      lost: (error) => (error instanceof StatusError ? isLost(error) : undefined),
      broken: (error) =>
        refusal(show(method), Code.INTERNAL, `the subscription's own function threw: ${show(error)}`, "internal", error),
      unresumable: () => new ConfigError([{ path: "serviceConfig", reason: `${UNRESUMABLE}: ${show(method)}` }]),
    };
    yield* resumed(resumer, source, options);
  }

  /** A call whose response is one message. */
  #answered(method: string, input: Input, options: CallOptions): Promise<UnaryResponse> {
    return new Promise((resolve, reject) => {
      try {
        begin(this.make(method, input, options, false, new Answer(resolve, reject)), input);
      } catch (error) {
        reject(asStatus(method, error));
      }
    });
  }

  /** A call whose response is a stream. */
  #streamed(method: string, input: Input, options: CallOptions): ResponseStream {
    const stream = new Stream(method);
    try {
      const call = this.make(method, input, options, true, stream);
      stream.attach(call);
      begin(call, input);
    } catch (error) {
      stream.refused(asStatus(method, error));
    }
    return stream;
  }
}

/** The response of a call that has one message. */
class Answer implements Receiver {
  #resolve: (response: UnaryResponse) => void;
  #reject: (error: unknown) => void;
  #message!: Uint8Array;

  constructor(resolve: (response: UnaryResponse) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onHeader(): void {}

  onMessage(message: Uint8Array): void {
    this.#message = message;
  }

  onEnd({ header, trailer, attempts, commitReason }: Ending, error: StatusError | undefined): void {
    if (error) this.#reject(error);
    else this.#resolve({ message: this.#message, header, trailer, attempts, commitReason });
  }
}

/** The error of a call that is refused, also if one of its arguments threw an error when it was read. */
function asStatus(method: string, error: unknown): StatusError {
  try {
    if (error instanceof StatusError) return error;
  } catch {} // of a Proxy, for example
  return refusal(show(method), Code.INTERNAL, show(error), "internal", error);
}

/** The error of a call on a closed channel. */
export function closed(method: string): StatusError {
  return refusal(show(method), Code.CANCELLED, CHANNEL_IS_CLOSED, "cancelled");
}

function begin(call: LiveCall, input: Input): void {
  call.start();
  if ("messages" in input) void pump(input.messages, call);
  else call.sendOnlyMessage(input.message);
}
