import type { Warning } from "../abi/actions.js";
import { type ChannelHandler, engineOf, runSafely } from "../abi/engine.js";
import { ConfigError, LoadError, loadPart, type Problem } from "../api/errors.js";
import type { CallEvent } from "../api/events.js";
import type { CallOptions, ChannelOptions } from "../api/options.js";
import { AbstractChannel, closed } from "../call/abstract-channel.js";
import { Call } from "../call/call.js";
import type { CarrierFactory, Inflate } from "../call/carrier.js";
import type { ChannelView } from "../call/channel-view.js";
import type { Receiver } from "../call/live-call.js";
import { checkRequest, type Defaults, type Input } from "../call/request.js";
import { FetchCarrier, type FetchSettings } from "../carry/fetch.js";
import { checkOptions, type Settings } from "./settings.js";

/** Makes a channel from options and the loaded module, or throws a ConfigError with all problems in the options. */
export function openChannel(
  options: ChannelOptions,
  load: (options: ChannelOptions) => Promise<WebAssembly.Module>,
  requestStreaming = false,
): Promise<AbstractChannel> {
  return checkOptions(options, requestStreaming, async (settings, problems) => {
    const [module, parts] = await Promise.all([load(options), loadParts(settings)]);
    const channel = new WasmChannel(module, settings, parts);
    channel.open(problems);
    return channel;
  });
}

/** What depends on the options; parts that few channels need are loaded only for those. */
type Parts = Pick<ChannelView, "carry" | "webSocket" | "compress">;

async function loadParts(settings: Settings): Promise<Parts> {
  const { gzip, webSocket } = settings;
  const byFetch: CarrierFactory = (...exchange) => new FetchCarrier(settings, ...exchange);
  const compress = gzip ? (await loadPart(import("../carry/compression.js"))).compress : undefined;
  if (!webSocket) return { compress, carry: byFetch, webSocket: false };
  const { WebSocketCarrier } = await loadPart(import("../carry/web-socket.js"));
  const carry: CarrierFactory = (request, events) =>
    "getReader" in request.body ? new WebSocketCarrier(webSocket, request, request.body, events) : byFetch(request, events);
  return { compress, carry, webSocket: true };
}

async function loadInflate(): Promise<Inflate> {
  return (await loadPart(import("../carry/compression.js"))).inflate;
}

let lastId = 0;

/** The property of a channel that hedgerow/fetch uses. It is not part of the public API. */
export const RAW: unique symbol = Symbol("raw");

export interface RawChannel {
  readonly baseUrl: string;
  /** How its requests are fetched. */
  readonly settings: FetchSettings;
  readonly onEvent: ((event: CallEvent) => void) | undefined;
  /** The channel as a call of this method sees it; throws the StatusError with which the call is refused. */
  view(method: string): ChannelView;
}

/** A channel whose WebAssembly runs in this realm, not in a worker. */
class WasmChannel extends AbstractChannel implements ChannelHandler {
  #module: WebAssembly.Module;
  #settings: Settings;
  #parts: Parts;
  #defaults: Defaults;
  /** The channel as its calls see it; undefined if its instance has died. */
  #view: ChannelView | undefined;
  #closed = false;
  #problems: Problem[] = [];

  constructor(module: WebAssembly.Module, settings: Settings, parts: Parts) {
    super();
    this.#module = module;
    this.#settings = settings;
    this.#parts = parts;
    const { requestStreaming, gzip, onEvent } = settings;
    this.#defaults = { canStream: requestStreaming || parts.webSocket, gzip, onEvent };
  }

  /** Passes the options to Go, which checks them. A channel whose instance died does this again, with a fresh instance. */
  open(problems: readonly Problem[]): void {
    const engine = engineOf(this.#module, this.#settings.clock);
    this.#problems = [...problems];
    const id = ++lastId;
    engine.opening = this;
    engine.enter("open_channel", id, engine.buffers.text(this.#settings.text));
    engine.opening = undefined;
    const { death } = engine.buffers;
    if (death) throw new LoadError(`the WebAssembly died while it opened the channel: ${death.message}`, { cause: death });
    if (this.#problems.length > 0) {
      engine.enter("close_channel", id, engine.clock.now());
      throw new ConfigError(this.#problems);
    }
    engine.addChannel(this);
    const { baseUrl, prepare } = this.#settings;
    this.#view = { engine, id, baseUrl, prepare, loadInflate, ...this.#parts };
  }

  refused(path: string, reason: string): void {
    this.#problems.push({ path, reason });
  }

  warned(warning: Warning): void {
    runSafely(() => console.warn(`hedgerow: ${warning.text}`));
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
    if (!this.#view?.engine.buffers.alive) this.#view = undefined; // otherwise a call has already been made since, on a fresh instance
    runSafely(() => (onFatal ?? console.error)(death));
  }

  get [RAW](): RawChannel {
    const { baseUrl, onEvent } = this.#settings;
    return { baseUrl, settings: this.#settings, onEvent, view: (method) => this.#open(method) };
  }

  /** For adapters whose interceptors see a call's URL. It is not part of the public API either. */
  get baseUrl(): string {
    return this.#settings.baseUrl;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#view) return;
    const { engine, id } = this.#view;
    engine.removeChannel(this);
    engine.enter("close_channel", id, engine.clock.now());
    this.#view = undefined;
  }

  make(method: string, input: Input, options: CallOptions, streaming: boolean, receiver: Receiver): Call {
    return new Call(this.#open(method), checkRequest(method, input, options, streaming, this.#defaults), receiver);
  }

  /** The channel as calls see it, if it is open. An instance that died is replaced first. */
  #open(method: string): ChannelView {
    if (this.#closed) throw closed(method);
    if (!this.#view?.engine.buffers.alive) this.open([]);
    return this.#view as ChannelView;
  }
}
