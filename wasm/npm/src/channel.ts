import { Call, type Line, type Receiver } from "./call.js";
import { Code } from "./code.js";
import { type Engine, engineOf, runSafely } from "./engine.js";
import { ConfigError, type Problem, refusal, StatusError } from "./errors.js";
import type { WarningKind } from "./events.js";
import type { CallOptions, ChannelOptions } from "./options.js";
import { pump } from "./pump.js";
import { checkRequest, type Input } from "./request.js";
import { checkOptions, type Settings } from "./settings.js";
import { Stream } from "./stream.js";
import type { Channel, Messages, ResponseStream, UnaryResponse } from "./types.js";

/** Makes a channel of options and the loaded module, or throws a ConfigError with everything that is wrong with them. */
export function openChannel(
  options: ChannelOptions,
  load: (options: ChannelOptions) => Promise<WebAssembly.Module>,
  requestStreaming = false,
): Promise<Channel> {
  return checkOptions(options, requestStreaming, async (settings, problems) => {
    const channel = new WasmChannel(await load(options), settings);
    channel.open(problems);
    return channel;
  });
}

let lastId = 0;

class WasmChannel implements Channel {
  #module: WebAssembly.Module;
  #settings: Settings;
  #engine: Engine | undefined;
  #id = 0;
  #closed = false;
  #problems: Problem[] = [];

  constructor(module: WebAssembly.Module, settings: Settings) {
    this.#module = module;
    this.#settings = settings;
  }

  /** Gives the options to Go, which checks them. A channel whose instance died does it again, with a fresh one. */
  open(problems: readonly Problem[]): void {
    const engine = engineOf(this.#module);
    this.#problems = [...problems];
    this.#id = ++lastId;
    engine.opening = this;
    engine.enter("open_channel", this.#id, engine.host.text(this.#settings.text));
    engine.opening = undefined;
    if (this.#problems.length > 0) {
      engine.enter("close_channel", this.#id, performance.now());
      throw new ConfigError(this.#problems);
    }
    engine.enrol(this);
    this.#engine = engine;
  }

  refused(path: string, reason: string): void {
    this.#problems.push({ path, reason });
  }

  warned(warning: string, text: string): void {
    console.warn(`hedgerow: ${text}`);
    const { onEvent } = this.#settings;
    const event = {
      callId: 0,
      method: "",
      at: performance.now(),
      type: "warning",
      warning: warning as WarningKind,
      text,
    } as const;
    if (onEvent) runSafely(() => onEvent(event));
  }

  died(death: Error): void {
    const { onFatal } = this.#settings;
    if (!this.#engine?.host.alive) this.#engine = undefined; // else a call has come already, and has a fresh instance
    if (onFatal) runSafely(() => onFatal(death));
    else console.error(death);
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

  /** A call that is answered by one message. */
  #answered(method: string, input: Input, options: CallOptions): Promise<UnaryResponse> {
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | undefined;
      const receiver: Receiver = {
        onHeader: () => {},
        onMessage: (message) => {
          answer = message;
        },
        onEnd: ({ header, trailer, attempts, commitReason }, error) => {
          if (error) reject(error);
          else resolve({ message: answer as Uint8Array, header, trailer, attempts, commitReason });
        },
      };
      try {
        begin(this.#call(method, input, options, false, receiver), input);
      } catch (error) {
        reject(asStatus(method, error));
      }
    });
  }

  /** A call that is answered by a stream. */
  #streamed(method: string, input: Input, options: CallOptions): ResponseStream {
    const stream = new Stream(method);
    try {
      const call = this.#call(method, input, options, true, stream);
      stream.attach(call);
      begin(call, input);
    } catch (error) {
      stream.refused(asStatus(method, error));
    }
    return stream;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const engine = this.#engine;
    engine?.release(this);
    engine?.enter("close_channel", this.#id, performance.now());
    this.#engine = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Makes a call, or throws the StatusError with which it is refused. */
  #call(method: string, input: Input, options: CallOptions, streaming: boolean, receiver: Receiver): Call {
    if (this.#closed) throw refusal(String(method), Code.CANCELLED, "the channel is closed", "cancelled");
    return new Call(this.#line(), checkRequest(method, input, options, streaming, this.#settings), receiver);
  }

  #line(): Line {
    if (!this.#engine?.host.alive) this.open([]);
    const { baseUrl, fetch, credentials, prepare } = this.#settings;
    return { engine: this.#engine as Engine, channel: this.#id, baseUrl, fetch, credentials, prepare };
  }
}

/** What a call is refused with, also where one of its arguments threw when it was looked at. */
function asStatus(method: string, error: unknown): StatusError {
  return error instanceof StatusError ? error : refusal(String(method), Code.INTERNAL, String(error), "internal", error);
}

function begin(call: Call, input: Input): void {
  call.start();
  if ("messages" in input) void pump(input.messages, call);
}
