import { runSafely } from "../abi/run-safely.js";
import { ConfigError, LoadError } from "../api/errors.js";
import { settle, show } from "../api/foreign.js";
import { blockOfMetadata, Metadata } from "../api/metadata.js";
import type { ChannelOptions } from "../api/options.js";
import {
  type FromWorker,
  type PageEvent,
  type Prepared,
  packError,
  type RemoteCallHandler,
  type Renewal,
  type ToWorker,
  type WorkerPort,
} from "./worker-messages.js";

/** A channel that the worker is to open, as the connection sees it. */
export interface RemoteChannel {
  readonly id: number;
  /** The options that can be sent to a worker. */
  readonly options: ChannelOptions;
  /** Those that cannot. */
  readonly functions: {
    readonly metadata: Extract<ChannelOptions["metadata"], (...of: never) => unknown> | undefined;
    readonly onEvent: ChannelOptions["onEvent"];
    readonly onFatal: ChannelOptions["onFatal"];
    readonly state: ChannelOptions["state"];
    readonly refresh: ChannelOptions["credentialsRefresh"];
  };
  /** The function for refreshing credentials is being called. */
  inside: boolean;
  /** The worker is gone, or its WebAssembly died. */
  died(error: Error): void;
}

type HeldMessage = readonly [message: ToWorker, transfer: Transferable[]];

/** A channel that the worker has not opened yet. */
interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Messages that are sent once it has. */
  readonly held: HeldMessage[];
}

const PAGE_EVENTS: readonly PageEvent[] = ["online", "offline", "pageshow", "pagehide", "beforeunload"];

let lastSource = 0;
const sources = new WeakMap<object, number>();

/** A number for a module or bytes, by which the worker recognizes copies of it. */
function sourceOf({ wasmModule, wasmBinary }: ChannelOptions): number | undefined {
  const source: unknown = wasmModule ?? wasmBinary;
  if (typeof source !== "object" || source === null) return undefined;
  const known = sources.get(source) ?? ++lastSource;
  sources.set(source, known);
  return known;
}

/** The page's end of the worker that all its worker channels share. The worker ends with the last of them. */
export class WorkerConnection implements WorkerPort {
  static #current: WorkerConnection | undefined;
  dead = false;
  #worker: Worker;
  /** The worker has said something, so its script was loaded. */
  #began = false;
  #channels: Map<number, RemoteChannel> = new Map();
  #calls: Map<number, RemoteCallHandler> = new Map();
  #opening: Map<number, Opening> = new Map();
  #renewals: Map<number, (after: number) => void> = new Map();
  #prepares: Map<number, AbortController> = new Map();

  /** The page's connection. The address counts only if the worker is yet to be started. */
  static current(url: string | URL | undefined): WorkerConnection {
    if (!WorkerConnection.#current || WorkerConnection.#current.dead) WorkerConnection.#current = new WorkerConnection(url);
    return WorkerConnection.#current;
  }

  constructor(url: string | URL | undefined) {
    try {
      // Bundlers look for exactly this expression, and take the file along.
      this.#worker = url
        ? new Worker(url, { type: "module", name: "hedgerow" })
        : new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "hedgerow" });
    } catch (cause) {
      throw notStarted(String(cause), cause);
    }
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#read(data);
    this.#worker.onerror = (event) => this.#die(event.message);
    for (const type of PAGE_EVENTS) globalThis.addEventListener?.(type, this.#onPage);
  }

  /** Browsers do not tell workers that their page is left or comes back, and not all tell them about the network. */
  #onPage = ({ type }: Event): void => this.#post({ kind: "page", type: type as PageEvent });

  open(channel: RemoteChannel): Promise<void> {
    const { id, options, functions } = channel;
    this.#channels.set(id, channel);
    return new Promise((resolve, reject) => {
      this.#opening.set(id, { resolve, reject, held: [] });
      const { metadata, onEvent, state, refresh } = functions;
      const asks = {
        metadata: metadata !== undefined,
        onEvent: onEvent !== undefined,
        state: state !== undefined,
        refresh: refresh && { codes: refresh.codes },
      };
      const { timeOrigin } = performance;
      this.#post({ kind: "open", channel: id, options, asks, timeOrigin, source: sourceOf(options) });
    });
  }

  #opened({ channel, problems, failure }: Extract<FromWorker, { kind: "opened" }>): void {
    const opening = this.#opening.get(channel);
    this.#opening.delete(channel);
    if (problems || failure !== undefined) {
      const error = problems ? new ConfigError(problems) : new LoadError(failure);
      // The channel is forgotten first: a call that is made because another failed asks for it anew.
      this.#channels.delete(channel);
      for (const call of [...this.#calls.values()]) if (call.channel === channel) this.#endCall(call, error);
      opening?.reject(error);
      this.#leave();
      return;
    }
    for (const held of opening?.held ?? []) this.#post(...held);
    opening?.resolve();
  }

  /** Whether the channel is open in the worker, or is being opened. */
  has({ id }: RemoteChannel): boolean {
    return !this.dead && this.#channels.has(id);
  }

  close({ id }: RemoteChannel): void {
    if (!this.#channels.delete(id)) return;
    this.send(id, { kind: "close", channel: id });
    this.#leave();
  }

  /** Asks the worker whether a subscription is renewed. A worker that is gone says nothing: the call that follows has a fresh one. */
  renew(channel: number, renewal: Renewal): Promise<number> {
    const id = ++lastSource;
    return new Promise((resolve) => {
      this.#renewals.set(id, resolve);
      this.send(channel, { kind: "renew", channel, id, ...renewal });
    });
  }

  add(call: RemoteCallHandler): void {
    this.#calls.set(call.id, call);
  }

  send(channel: number, message: ToWorker, ...transfer: Transferable[]): void {
    const opening = this.#opening.get(channel);
    if (opening) opening.held.push([message, transfer]);
    else this.#post(message, transfer);
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.dead) this.#worker.postMessage(message, transfer);
  }

  /** Ends the worker if nobody needs it any more. */
  #leave(): void {
    if (this.#channels.size === 0 && this.#calls.size === 0) this.#end();
  }

  #end(): void {
    this.dead = true;
    this.#worker.terminate();
    for (const type of PAGE_EVENTS) globalThis.removeEventListener?.(type, this.#onPage);
  }

  #read(data: FromWorker): void {
    this.#began = true;
    switch (data.kind) {
      case "opened":
        this.#opened(data);
        return;
      case "fatal":
        this.#channels.get(data.channel)?.died(data.error as Error);
        return;
      case "warning": {
        const onEvent = this.#channels.get(data.channel)?.functions.onEvent;
        if (onEvent) runSafely(() => onEvent(data.event));
        return;
      }
      case "prepare":
        void this.#prepare(data);
        return;
      case "unask":
      case "unprepare":
        this.#prepares.get(data.id)?.abort();
        this.#prepares.delete(data.id);
        return;
      case "renewed":
        this.#renewals.get(data.id)?.(data.after);
        this.#renewals.delete(data.id);
        return;
      case "ask":
        this.#answer(data);
        return;
    }
    this.#calls.get(data.call)?.read(data);
    if (data.kind !== "end") return;
    this.#calls.delete(data.call);
    this.#leave();
  }

  /** Calls the page's metadata function. */
  async #prepare({ channel, id, method, attempt }: Extract<FromWorker, { kind: "prepare" }>): Promise<void> {
    const abort = new AbortController();
    this.#prepares.set(id, abort);
    const { metadata } = this.#channels.get(channel)?.functions ?? {};
    let unusable = false;
    let prepared: Prepared;
    try {
      const given = await metadata?.({ method, attempt, signal: abort.signal });
      unusable = true;
      prepared = { metadata: blockOfMetadata(new Metadata(given)).text };
    } catch (error) {
      prepared = { failure: packError(error), unusable };
    }
    if (this.#prepares.delete(id)) this.#post({ kind: "prepared", id, prepared });
  }

  /** Calls a function of the page's. */
  #answer({ channel: of, id, what, text }: Extract<FromWorker, { kind: "ask" }>): void {
    const channel = this.#channels.get(of);
    const { state, refresh } = channel?.functions ?? {};
    const abort = new AbortController();
    this.#prepares.set(id, abort);
    const answer = (text: unknown): void => {
      this.#prepares.delete(id);
      this.#post({ kind: "answer", id, text: text === undefined || text === null ? undefined : show(text) });
    };
    if (channel) channel.inside = what === "refresh";
    settle<unknown>(
      () => {
        if (what === "refresh") return refresh?.refresh({ signal: abort.signal });
        return what === "getState" ? state?.get() : state?.set(text);
      },
      (value) => answer(what === "getState" ? value : undefined),
      (error) => {
        this.#prepares.delete(id);
        this.#post({ kind: "answer", id, text: undefined, failure: packError(error) });
      },
    );
    if (channel) channel.inside = false;
  }

  #endCall(call: RemoteCallHandler, error: Error): void {
    this.#calls.delete(call.id);
    call.died(error);
  }

  /** The worker could not be loaded, or threw an error that it did not catch: it can no longer be used. A worker that just ends is reported by no browser. */
  #die(why: string): void {
    if (this.dead) return;
    this.#end();
    const error = this.#began ? gone(why) : notStarted(why || "its script, or what it imports, could not be loaded");
    for (const abort of this.#prepares.values()) abort.abort();
    this.#prepares.clear();
    const channels = [...this.#channels.values()].filter(({ id }) => !this.#opening.has(id));
    for (const { reject } of this.#opening.values()) reject(error);
    this.#opening.clear();
    for (const renew of this.#renewals.values()) renew(0);
    this.#renewals.clear();
    for (const call of [...this.#calls.values()]) this.#endCall(call, error);
    for (const channel of channels) channel.died(error);
  }
}

function gone(why: string): Error {
  return new Error(`the worker that ran Hedgerow is gone: ${why || "it had an error"}. The next call gets a fresh worker`);
}

function notStarted(why: string, cause?: unknown): LoadError {
  return new LoadError(
    `the worker for Hedgerow did not start: ${why}. Check that its script, the package's worker.js, is served where the bundler says ` +
      "(or set workerUrl to where it is), and that the page's Content-Security-Policy (worker-src) allows it",
    { cause },
  );
}
