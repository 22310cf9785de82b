import type { Warning } from "../abi/actions.js";
import { engineOf, runSafely } from "../abi/engine.js";
import { ConfigError, LoadError, type Problem } from "../api/errors.js";
import type { CallEvent } from "../api/events.js";
import type { CallOptions, ChannelOptions } from "../api/options.js";
import { Call, type Line } from "../call/call.js";
import { Calls, closed, type Receiver } from "../call/calls.js";
import { checkRequest, type Defaults, type Input } from "../call/request.js";
import { checkOptions, type Settings } from "./settings.js";

/** Makes a channel of options and the loaded module, or throws a ConfigError with everything that is wrong with them. */
export function openChannel(
  options: ChannelOptions,
  load: (options: ChannelOptions) => Promise<WebAssembly.Module>,
  requestStreaming = false,
): Promise<Calls> {
  return checkOptions(options, requestStreaming, async (settings, problems) => {
    const [module, parts] = await Promise.all([load(options), loadParts(settings)]);
    const channel = new WasmChannel(module, settings, parts);
    channel.open(problems);
    return channel;
  });
}

/** What only some channels need, and others do not load. */
interface Parts {
  readonly shorten: Line["shorten"];
  readonly carryBySocket: Line["carryBySocket"];
}

async function loadParts({ gzip, webSocket }: Settings): Promise<Parts> {
  try {
    const shorten = gzip ? (await import("../carry/compression.js")).shorten : undefined;
    if (!webSocket) return { shorten, carryBySocket: undefined };
    const { Socket } = await import("../carry/web-socket.js");
    return { shorten, carryBySocket: (attempt, ...of) => new Socket(attempt, webSocket, ...of) };
  } catch (cause) {
    throw new LoadError(`a part of hedgerow's own JavaScript could not be loaded: ${String(cause)}`, { cause });
  }
}

let lastId = 0;

/** Under this, a channel has what hedgerow/fetch needs of it. It is no part of the public interface. */
export const RAW: unique symbol = Symbol("raw");

export interface RawLine {
  readonly baseUrl: string;
  readonly onEvent: ((event: CallEvent) => void) | undefined;
  /** What a call has of its channel; throws the StatusError with which it is refused. */
  line(method: string): Line;
}

/** A channel whose WebAssembly runs here. */
class WasmChannel extends Calls {
  #module: WebAssembly.Module;
  #settings: Settings;
  #parts: Parts;
  #defaults: Defaults;
  /** What its calls have of it, as long as the instance lives. */
  #line: Line | undefined;
  #closed = false;
  #problems: Problem[] = [];

  constructor(module: WebAssembly.Module, settings: Settings, parts: Parts) {
    super();
    this.#module = module;
    this.#settings = settings;
    this.#parts = parts;
    const { requestStreaming, gzip, onEvent } = settings;
    this.#defaults = { streams: requestStreaming || parts.carryBySocket !== undefined, gzip, onEvent };
  }

  /** Gives the options to Go, which checks them. A channel whose instance died does it again, with a fresh one. */
  open(problems: readonly Problem[]): void {
    const engine = engineOf(this.#module, this.#settings.clock);
    this.#problems = [...problems];
    const channel = ++lastId;
    engine.opening = this;
    engine.enter("open_channel", channel, engine.buffers.text(this.#settings.text));
    engine.opening = undefined;
    if (this.#problems.length > 0) {
      engine.enter("close_channel", channel, engine.clock.now());
      throw new ConfigError(this.#problems);
    }
    engine.enrol(this);
    const { baseUrl, fetch, credentials, inText, prepare } = this.#settings;
    this.#line = { engine, channel, baseUrl, how: { fetch, credentials, inText }, prepare, ...this.#parts };
  }

  refused(path: string, reason: string): void {
    this.#problems.push({ path, reason });
  }

  warned(warning: Warning): void {
    console.warn(`hedgerow: ${warning.text}`);
    const { onEvent } = this.#settings;
    const event = {
      callId: 0,
      method: "",
      at: this.#settings.clock.now(),
      type: "warning",
      ...warning,
    } as const;
    if (onEvent) runSafely(() => onEvent(event));
  }

  died(death: Error): void {
    const { onFatal } = this.#settings;
    if (!this.#line?.engine.buffers.alive) this.#line = undefined; // else a call has come already, and has a fresh instance
    if (onFatal) runSafely(() => onFatal(death));
    else console.error(death);
  }

  get [RAW](): RawLine {
    const { baseUrl, onEvent } = this.#settings;
    return { baseUrl, onEvent, line: (method) => this.#open(method) };
  }

  /** For adapters whose interceptors are shown a call's URL. No part of the public interface either. */
  get baseUrl(): string {
    return this.#settings.baseUrl;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#line) return;
    const { engine, channel } = this.#line;
    engine.release(this);
    engine.enter("close_channel", channel, engine.clock.now());
    this.#line = undefined;
  }

  make(method: string, input: Input, options: CallOptions, streaming: boolean, receiver: Receiver): Call {
    return new Call(this.#open(method), checkRequest(method, input, options, streaming, this.#defaults), receiver);
  }

  /** The line of a channel that is open, on a living instance. */
  #open(method: string): Line {
    if (this.#closed) throw closed(method);
    if (!this.#line?.engine.buffers.alive) this.open([]);
    return this.#line as Line;
  }
}
