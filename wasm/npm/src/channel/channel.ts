import type { Warning } from "../abi/actions.js";
import { type ChannelHandler, Engine, engineOf } from "../abi/engine.js";
import { runSafely } from "../abi/run-safely.js";
import { MAX_TEXT } from "../abi/table.js";
import type { Code } from "../api/code.js";
import { ConfigError, LoadError, loadPart, type Problem } from "../api/errors.js";
import { show } from "../api/foreign.js";
import type { Listener } from "../api/observe.js";
import type { CallOptions, ChannelOptions, Clock } from "../api/options.js";
import { AbstractChannel, closed } from "../call/abstract-channel.js";
import { Call } from "../call/call.js";
import type { CarrierFactory, Inflate } from "../call/carrier.js";
import type { ChannelView } from "../call/channel-view.js";
import type { Receiver } from "../call/live-call.js";
import { checkRequest, type Input } from "../call/request.js";
import { FetchCarrier, type FetchSettings } from "../carry/fetch.js";
import type { KeptState } from "./kept-state.js";
import type { CredentialsRefresher } from "./refresher.js";
import { checkOptions, type Settings } from "./settings.js";
import type { SharedBudget } from "./shared-budget.js";

/** What is particular to where an entry runs. */
export interface Place {
  /** Its fetch streams request bodies, whatever the server speaks. */
  readonly requestStreaming?: boolean;
  /**
   * Each channel has an instance of its own, and hears no page. Edge runtimes end what one request waits for and another one would wake,
   * and an instance has one timer for all its calls.
   */
  readonly alone?: boolean;
}

/** Makes a channel from options and the loaded module, or throws a ConfigError with all problems in the options. */
export function openChannel(
  options: ChannelOptions,
  load: (options: ChannelOptions) => Promise<WebAssembly.Module>,
  { requestStreaming = false, alone = false }: Place = {},
): Promise<AbstractChannel> {
  return checkOptions(options, requestStreaming, async (settings, problems) => {
    const opened = [load(options), loadParts(settings), listenersOf(options)] as const;
    const [module, parts, listeners] = await Promise.all(opened);
    const kept = await readState(settings, listeners);
    const channel = new WasmChannel(module, settings, parts, listeners, kept, alone);
    channel.open(problems);
    return channel;
  });
}

/** What depends on the options; parts that few channels need are loaded only for those. */
type Parts = Pick<ChannelView, "carry" | "webSocket" | "compress"> & {
  readonly Refresher: typeof CredentialsRefresher | undefined;
};

async function loadParts(settings: Settings): Promise<Parts> {
  const { gzip, webSocket, refresh } = settings;
  const Refresher = refresh && (await loadPart(import("./refresher.js"))).CredentialsRefresher;
  const byFetch: CarrierFactory = (...exchange) => new FetchCarrier(settings, ...exchange);
  const compress = gzip ? (await loadPart(import("../carry/compression.js"))).compress : undefined;
  if (!webSocket) return { compress, carry: byFetch, webSocket: false, Refresher };
  const { WebSocketCarrier } = await loadPart(import("../carry/web-socket.js"));
  const carry: CarrierFactory = (request, events) =>
    "getReader" in request.body ? new WebSocketCarrier(webSocket, request, request.body, events) : byFetch(request, events);
  return { compress, carry, webSocket: true, Refresher };
}

/** Who is told of the events of a channel's calls from the start. */
export async function listenersOf({ onEvent, userTiming }: ChannelOptions): Promise<readonly Listener[]> {
  const listeners = typeof onEvent === "function" ? [onEvent] : [];
  if (userTiming !== true) return listeners;
  const { measureCalls } = await loadPart(import("./user-timing.js"));
  return [...listeners, measureCalls()];
}

async function loadInflate(): Promise<Inflate> {
  return (await loadPart(import("../carry/compression.js"))).inflate;
}

/** What the application has stored of an earlier channel, if it stores such things. */
async function readState(settings: Settings, listeners: readonly Listener[]): Promise<KeptState | undefined> {
  const { state, clock } = settings;
  if (!state) return undefined;
  const { KeptState } = await loadPart(import("./kept-state.js"));
  const kept = new KeptState(state, clock, (warning, text, why) =>
    warn(settings, listeners, { warning, text: `${text}: ${show(why)}` }),
  );
  await kept.read();
  return kept;
}

/** Warns of something that is about the channel. */
function warn({ clock }: Settings, listeners: readonly Listener[], warning: Warning): void {
  runSafely(() => console.warn(`hedgerow: ${warning.text}`));
  const event = { callId: 0, method: "", at: clock.now(), type: "warning", ...warning } as const;
  for (const listener of listeners) runSafely(() => listener(event));
}

let lastId = 0;

/** The property of a channel that hedgerow/fetch uses. It is not part of the public API. */
export const RAW: unique symbol = Symbol("raw");

export interface RawChannel {
  readonly baseUrls: readonly string[];
  /** How its requests are fetched. */
  readonly settings: FetchSettings;
  /** Who is told of the events of a call that starts now. */
  readonly listeners: () => readonly Listener[];
  /** The channel as a call of this method sees it; throws the StatusError with which the call is refused. */
  view(method: string): ChannelView;
}

/** A channel whose WebAssembly runs in this realm, not in a worker. */
class WasmChannel extends AbstractChannel implements ChannelHandler {
  #module: WebAssembly.Module;
  #settings: Settings;
  #parts: Parts;
  #alone: boolean;
  /** The carrier can send each message when it comes. */
  #canStream: boolean;
  /** The channel as its calls see it; undefined if its instance has died. */
  #view: ChannelView | undefined;
  #closed = false;
  #problems: Problem[] = [];
  #kept: KeptState | undefined;
  /** What Go says that is to be stored. */
  #learned: string | undefined;
  #budgeted = false;
  #shared: SharedBudget | undefined;
  /** What Go says of a renewal. */
  #after = 0;

  constructor(
    module: WebAssembly.Module,
    settings: Settings,
    parts: Parts,
    listeners: readonly Listener[],
    kept: KeptState | undefined,
    alone: boolean,
  ) {
    super(listeners);
    this.#kept = kept;
    this.#alone = alone;
    this.#module = module;
    this.#settings = settings;
    this.#parts = parts;
    this.#canStream = settings.requestStreaming || parts.webSocket;
  }

  /** What is to be stored, if that has changed. */
  #ask(): string | undefined {
    this.#learned = undefined;
    const { engine, id } = this.#view ?? {};
    if (!engine?.buffers.alive || id === undefined) return undefined;
    engine.asking = this;
    engine.enter("state", id);
    engine.asking = undefined;
    return this.#learned;
  }

  get clock(): Clock {
    return this.#settings.clock;
  }

  async renew(method: string, code: Code, lost: boolean, failures: number): Promise<number> {
    const { engine, id } = this.#open(method);
    this.#after = Number.POSITIVE_INFINITY;
    engine.asking = this;
    engine.enter("renew", id, engine.clock.now(), code, lost ? 1 : 0, failures, engine.buffers.text(method));
    engine.asking = undefined;
    return this.#after;
  }

  renewed(after: number): void {
    this.#after = after;
  }

  learned(text: string): void {
    this.#learned = text;
  }

  budgeted(text: string): void {
    this.#budgeted = true;
    this.#shared?.tell(text);
  }

  /** Shares the budget with the other tabs that have a channel to the same URL, as soon as the part that does it is loaded. */
  async #share({ engine, id }: ChannelView): Promise<void> {
    const { SharedBudget } = await loadPart(import("./shared-budget.js"));
    if (this.#view?.id !== id) return;
    this.#shared?.stop();
    this.#shared = new SharedBudget(`hedgerow ${this.#settings.baseUrls}`, (text) => {
      if (this.#view?.id === id && engine.buffers.alive) engine.enter("share", id, engine.buffers.text(text));
    });
  }

  /** Passes the options to Go, which checks them. A channel whose instance died does this again, with a fresh instance. */
  open(problems: readonly Problem[]): void {
    const kept = this.#kept;
    const text = this.#settings.text + (kept ? `state\0${kept.text}\0` : "");
    if (text.length > MAX_TEXT) {
      const reason = `the service config and the other options are too long: ${text.length} characters, of at most ${MAX_TEXT}`;
      throw new ConfigError([...problems, { path: "", reason }]);
    }
    const { clock } = this.#settings;
    const engine = this.#alone ? new Engine(this.#module, clock, false) : engineOf(this.#module, clock);
    this.#problems = [...problems];
    const id = ++lastId;
    engine.asking = this;
    engine.enter("open_channel", id, engine.buffers.text(text));
    engine.asking = undefined;
    const { death } = engine.buffers;
    if (death) throw new LoadError(`the WebAssembly died while it opened the channel: ${death.message}`, { cause: death });
    if (this.#problems.length > 0) {
      engine.enter("close_channel", id, engine.clock.now());
      throw new ConfigError(this.#problems);
    }
    engine.addChannel(this);
    const { baseUrls, prepare, refresh } = this.#settings;
    const { Refresher, ...parts } = this.#parts;
    const ended = (failed?: { readonly error: unknown }): void => {
      const text = engine.buffers.text(failed ? show(failed.error) : "");
      engine.enter("refreshed", id, engine.clock.now(), failed ? 1 : 0, text);
    };
    const refresher = Refresher && refresh && new Refresher(refresh, ended);
    const tell = this.#budgeted ? (text: string): void => this.#shared?.tell(text) : undefined;
    const waits = /waitForReady|\\u/i.test(text); // Go reads a key in any case, and JSON may escape its letters
    this.#view = { engine, id, baseUrls, waits, prepare, loadInflate, ended: kept?.touch, refresher, tell, ...parts };
    kept?.start(() => this.#ask());
    if (tell && typeof BroadcastChannel === "function") void this.#share(this.#view).catch(() => {}); // each tab then has a budget of its own
  }

  refused(path: string, reason: string): void {
    this.#problems.push({ path, reason });
  }

  warned(warning: Warning): void {
    if (warning.warning === "stateUnusable") this.#kept?.silence();
    warn(this.#settings, this.listeners, warning);
  }

  died(death: Error): void {
    const { onFatal } = this.#settings;
    if (!this.#view?.engine.buffers.alive) this.#view = undefined; // otherwise a call has already been made since, on a fresh instance
    runSafely(() => (onFatal ?? console.error)(death));
  }

  get [RAW](): RawChannel {
    const { baseUrls } = this.#settings;
    return { baseUrls, settings: this.#settings, listeners: () => this.listeners, view: (method) => this.#open(method) };
  }

  /** For adapters whose interceptors see a call's URL. It is not part of the public API either. */
  get baseUrl(): string {
    return this.#settings.baseUrls[0] as string;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#view) return;
    this.#kept?.stop();
    this.#shared?.stop();
    const { engine, id } = this.#view;
    engine.removeChannel(this);
    engine.enter("close_channel", id, engine.clock.now());
    this.#view = undefined;
  }

  make(method: string, input: Input, options: CallOptions, streaming: boolean, receiver: Receiver): Call {
    const view = this.#open(method);
    const inside = view.refresher?.inside === true;
    const defaults = { canStream: this.#canStream, gzip: this.#settings.gzip, listeners: this.listeners, inside };
    return new Call(view, checkRequest(method, input, options, streaming, defaults), receiver);
  }

  /** The channel as calls see it, if it is open. An instance that died is replaced first. */
  #open(method: string): ChannelView {
    if (this.#closed) throw closed(method);
    if (!this.#view?.engine.buffers.alive) this.open([]);
    return this.#view as ChannelView;
  }
}
