import { Call, frame, type Line, type Receiver } from "./call.js";
import { Code } from "./code.js";
import { type Engine, engineOf, runSafely } from "./engine.js";
import { ConfigError, type Problem, refusal, StatusError } from "./errors.js";
import type { CallEvent, WarningKind } from "./events.js";
import { describe, Metadata } from "./metadata.js";
import type { CallOptions, ChannelOptions } from "./options.js";
import { checkOptions, type Settings } from "./settings.js";
import { Stream } from "./stream.js";
import type { Channel, Messages, ResponseStream, UnaryResponse } from "./types.js";

/** Makes a channel of options and the loaded module, or throws a ConfigError with everything that is wrong with them. */
export function openChannel(options: ChannelOptions, load: (options: ChannelOptions) => Promise<WebAssembly.Module>): Promise<Channel> {
  return checkOptions(options, async (settings, problems) => {
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
    engine.tenants.add(this);
    this.#engine = engine;
  }

  refused(path: string, reason: string): void {
    this.#problems.push({ path, reason });
  }

  warned(warning: string, text: string): void {
    console.warn(`hedgerow: ${text}`);
    const { onEvent } = this.#settings;
    const event = { callId: 0, method: "", at: performance.now(), type: "warning", warning: warning as WarningKind, text } as const;
    if (onEvent) runSafely(() => onEvent(event));
  }

  died(death: Error): void {
    const { onFatal } = this.#settings;
    if (!this.#engine?.host.alive) this.#engine = undefined; // else a call has come already, and has a fresh instance
    if (onFatal) runSafely(() => onFatal(death));
    else console.error(death);
  }

  unary(method: string, message: Uint8Array, options: CallOptions = {}): Promise<UnaryResponse> {
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
        this.#call(method, message, options, false, receiver).start();
      } catch (error) {
        reject(asStatus(method, error));
      }
    });
  }

  serverStreaming(method: string, message: Uint8Array, options: CallOptions = {}): ResponseStream {
    const stream = new Stream(method);
    try {
      const call = this.#call(method, message, options, true, stream);
      stream.attach(call);
      call.start();
    } catch (error) {
      stream.refused(asStatus(method, error));
    }
    return stream;
  }

  clientStreaming(method: string, _messages: Messages, _options?: CallOptions): Promise<UnaryResponse> {
    return Promise.reject(unbuilt(method, "clientStreaming"));
  }

  bidiStreaming(method: string, _messages: Messages, _options?: CallOptions): ResponseStream {
    const stream = new Stream(method);
    stream.refused(unbuilt(method, "bidiStreaming"));
    return stream;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const engine = this.#engine;
    engine?.tenants.delete(this);
    engine?.enter("close_channel", this.#id, performance.now());
    this.#engine = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Makes a call, or throws the StatusError with which it is refused. */
  #call(method: string, message: Uint8Array, options: CallOptions, streaming: boolean, receiver: Receiver): Call {
    const misuse = (text: string) => refusal(String(method), Code.INTERNAL, text, "internal");
    if (this.#closed) throw refusal(String(method), Code.CANCELLED, "the channel is closed", "cancelled");
    if (typeof method !== "string") throw misuse(`the method must be a string, not ${describe(method)}`);
    if (!(message instanceof Uint8Array)) {
      throw misuse(`the message must be a Uint8Array, the serialized message, not ${describe(message)}`);
    }
    if (typeof options !== "object" || options === null) throw misuse(`the call's options must be an object, not ${describe(options)}`);
    const { signal, onEvent, waitForReady } = options;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") {
      throw misuse(`signal must be an AbortSignal, not ${describe(signal)}`);
    }
    if (onEvent !== undefined && typeof onEvent !== "function") throw misuse(`onEvent must be a function, not ${describe(onEvent)}`);
    if (signal?.aborted) throw refusal(method, Code.CANCELLED, "the caller cancelled the call before it began", "cancelled", signal.reason);
    if (waitForReady) throw misuse("waitForReady is not built yet: leave it out");
    const listeners: ((event: CallEvent) => void)[] = [];
    if (this.#settings.onEvent) listeners.push(this.#settings.onEvent);
    if (onEvent) listeners.push(onEvent);
    return new Call(
      this.#line(),
      {
        method,
        body: frame(message),
        metadata: readMetadata(options, misuse),
        timeoutMs: readNumber("timeoutMs", options.timeoutMs, Number.POSITIVE_INFINITY, misuse),
        maxReceiveMessageBytes: readLimit(options.maxReceiveMessageBytes, misuse),
        signal,
        streaming,
        listeners,
      },
      receiver,
    );
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

type Misuse = (text: string) => StatusError;

function readMetadata({ metadata }: CallOptions, misuse: Misuse): Metadata {
  try {
    return metadata instanceof Metadata ? metadata : new Metadata(metadata);
  } catch (error) {
    throw misuse((error as Error).message);
  }
}

function readNumber(name: string, value: unknown, fallback: number, misuse: Misuse): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || Number.isNaN(value)) throw misuse(`${name} must be a number, not ${describe(value)}`);
  return value;
}

/** 0 stands for the channel's own. */
function readLimit(value: unknown, misuse: Misuse): number {
  const bytes = readNumber("maxReceiveMessageBytes", value, 0, misuse);
  if (value !== undefined && bytes <= 0) throw misuse(`maxReceiveMessageBytes must be greater than 0, not ${bytes}`);
  return bytes;
}

function unbuilt(method: string, name: string): StatusError {
  return refusal(method, Code.UNIMPLEMENTED, `${name} is not built yet: this version of hedgerow carries unary and serverStreaming`, "internal");
}
