// Loaded only by createChannel({ worker: true }).

import { PAGE_CLOCK } from "../abi/clock.js";
import { runSafely } from "../abi/run-safely.js";
import type { Code } from "../api/code.js";
import { ConfigError, type Problem } from "../api/errors.js";
import { describe, peek, show } from "../api/foreign.js";
import { Metadata } from "../api/metadata.js";
import type { Listener } from "../api/observe.js";
import type { CallOptions, ChannelOptions, Clock } from "../api/options.js";
import type { Channel } from "../api/types.js";
import { AbstractChannel, closed } from "../call/abstract-channel.js";
import type { LiveCall, Receiver } from "../call/live-call.js";
import { checkRequest, type Input } from "../call/request.js";
import { listenersOf } from "../channel/channel.js";
import "../channel/load.js"; // keeps one chunk: see splitting in bundle.mjs
import { isRefresh, isStateStore, REFRESH, STATE_STORE } from "../channel/settings.js";
import { RemoteCall } from "./remote-call.js";
import { type RemoteChannel, WorkerConnection } from "./worker-connection.js";

/** Makes a channel whose WebAssembly runs in a worker. Problems that are found here and there are reported together. */
export async function openInWorker(options: ChannelOptions): Promise<Channel> {
  const problems: Problem[] = [];
  const channel = new WorkerChannel(options, sendableOptions(options, problems), await listenersOf(options));
  try {
    await channel.open();
  } catch (error) {
    if (problems.length === 0) throw error;
    throw new ConfigError(error instanceof ConfigError ? [...problems, ...error.problems] : problems);
  }
  if (problems.length === 0) return channel;
  channel.close();
  throw new ConfigError(problems);
}

type Sent = { -readonly [K in keyof ChannelOptions]: ChannelOptions[K] };

/** The options without functions, which cannot leave the page, and without those that are refused. */
function sendableOptions(options: ChannelOptions, problems: Problem[]): ChannelOptions {
  const { worker, workerUrl, onEvent, onFatal, metadata, state, credentialsRefresh, userTiming, ...rest } = options;
  const sent: Sent = { ...rest };
  const refuse = (path: string, reason: string) => {
    problems.push({ path, reason });
    delete sent[path as keyof Sent];
  };
  for (const [name, value] of Object.entries({ onEvent, onFatal })) {
    if (value !== undefined && typeof value !== "function") refuse(name, `must be a function, not ${describe(value)}`);
  }
  if (userTiming !== true) sent.userTiming = userTiming; // otherwise the page does it, whose panel has a track for it
  if (credentialsRefresh !== undefined && !isRefresh(credentialsRefresh))
    refuse("credentialsRefresh", `must ${REFRESH}, not ${describe(credentialsRefresh)}`);
  if (state !== undefined && !isStateStore(state)) refuse("state", `must ${STATE_STORE}, not ${describe(state)}`);
  try {
    if (metadata !== undefined && typeof metadata !== "function") sent.metadata = [...new Metadata(metadata)];
  } catch (error) {
    refuse("metadata", show(peek(error, "message") ?? error));
  }
  for (const [name, value] of Object.entries(sent)) {
    if (name === "clock" && value !== undefined) {
      refuse(name, "cannot be sent to a worker: leave it out, or leave worker out");
      continue;
    }
    try {
      structuredClone(value);
    } catch {
      refuse(name, "cannot be sent to a worker: leave it out, or leave worker out");
    }
  }
  sent.baseUrl = Array.isArray(sent.baseUrl) ? sent.baseUrl.map(fromHere) : (fromHere(sent.baseUrl) as string);
  if (sent.wasmUrl !== undefined) sent.wasmUrl = fromHere(sent.wasmUrl);
  return sent;
}

/** Relative addresses are relative to the page. The worker refuses what is not an address. */
function fromHere<T>(address: T): T | string {
  try {
    return typeof address === "string" || Object.prototype.toString.call(address) === "[object URL]"
      ? new URL(address as string | URL, location.href).href
      : address;
  } catch {
    return address;
  }
}

let lastChannel = 0;

class WorkerChannel extends AbstractChannel implements RemoteChannel {
  readonly id: number = ++lastChannel;
  readonly functions: RemoteChannel["functions"];
  readonly options: ChannelOptions;
  #workerUrl: string | URL | undefined;
  #worker: WorkerConnection | undefined;
  #closed = false;
  inside = false;

  constructor(
    { metadata, onEvent, onFatal, state, credentialsRefresh, workerUrl }: ChannelOptions,
    sent: ChannelOptions,
    listeners: readonly Listener[],
  ) {
    super(listeners);
    this.functions = {
      metadata: typeof metadata === "function" ? metadata : undefined,
      onEvent: typeof onEvent === "function" ? onEvent : undefined,
      onFatal: typeof onFatal === "function" ? onFatal : undefined,
      state: isStateStore(state) ? state : undefined,
      refresh: isRefresh(credentialsRefresh) ? credentialsRefresh : undefined,
    };
    this.options = sent;
    this.#workerUrl = workerUrl;
  }

  async open(): Promise<void> {
    await this.#open(WorkerConnection.current(this.#workerUrl));
  }

  async #open(worker: WorkerConnection): Promise<void> {
    this.#worker = worker;
    try {
      await worker.open(this);
    } catch (error) {
      worker.close(this);
      if (this.#worker === worker) this.#worker = undefined;
      throw error;
    }
  }

  make(method: string, input: Input, options: CallOptions, streaming: boolean, receiver: Receiver): LiveCall {
    if (this.#closed) throw closed(method);
    const { listeners } = this;
    const request = checkRequest(method, input, options, streaming, {
      canStream: true,
      gzip: true,
      listeners,
      inside: this.inside,
    });
    return new RemoteCall(this.#living(), this.id, request, input, receiver);
  }

  /** A worker that died, or could not open the channel again, is replaced. Calls wait until the new one has opened it, or fail with it. */
  #living(): WorkerConnection {
    if (this.#worker?.has(this)) return this.#worker;
    const worker = WorkerConnection.current(this.#workerUrl);
    this.#open(worker).catch(() => {});
    return worker;
  }

  readonly clock: Clock = PAGE_CLOCK;

  async renew(method: string, code: Code, lost: boolean, failures: number): Promise<number> {
    if (this.#closed) return Number.POSITIVE_INFINITY;
    return this.#living().renew(this.id, { method, code, lost, failures });
  }

  /** For adapters: a channel in the page has it too. */
  get baseUrl(): string {
    return ([this.options.baseUrl].flat()[0] as string).replace(/\/+$/, "");
  }

  died(error: Error): void {
    const { onFatal } = this.functions;
    runSafely(() => (onFatal ?? console.error)(error));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#worker?.close(this);
  }
}
