// Loaded only by createChannel({ worker: true }).
import { Calls, closed, type LiveCall, type Receiver } from "./calls.js";
import { runSafely } from "./engine.js";
import { ConfigError, LoadError, type Problem, StatusError } from "./errors.js";
import { blockOfMetadata, describe, Metadata } from "./metadata.js";
import type { CallOptions, ChannelOptions } from "./options.js";
import { RemoteCall, type Wire } from "./remote-call.js";
import { checkRequest, type Input } from "./request.js";
import type { Channel } from "./types.js";
import { type FromWorker, type Prepared, packEnding, sendable, type ToWorker } from "./worker-messages.js";

/** Makes a channel whose WebAssembly runs in a worker. */
export async function openInWorker(options: ChannelOptions): Promise<Channel> {
  const problems: Problem[] = [];
  const sent = sendableOptions(options, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const channel = new WorkerChannel(options);
  await channel.open(sent);
  return channel;
}

/** The options but for functions, which cannot leave the page. */
function sendableOptions(options: ChannelOptions, problems: Problem[]): ChannelOptions {
  const { worker, workerUrl, onEvent, onFatal, metadata, ...rest } = options;
  const refuse = (path: string, reason: string) => problems.push({ path, reason });
  for (const name of ["fetch", "webSocket", "clock"] as const) {
    const value: unknown = rest[name];
    if (typeof value === "function" || (typeof value === "object" && value !== null))
      refuse(name, "cannot be handed to a worker: leave it out, or leave worker out");
  }
  for (const [name, value] of Object.entries({ onEvent, onFatal })) {
    if (value !== undefined && typeof value !== "function") refuse(name, `must be a function, not ${describe(value)}`);
  }
  const sent: { -readonly [K in keyof ChannelOptions]: ChannelOptions[K] } = { ...rest };
  try {
    if (metadata !== undefined && typeof metadata !== "function") sent.metadata = [...new Metadata(metadata)];
  } catch (error) {
    refuse("metadata", (error as Error).message);
  }
  // What is relative is so to the page.
  if (typeof sent.baseUrl === "string" && URL.canParse(sent.baseUrl, location.href))
    sent.baseUrl = new URL(sent.baseUrl, location.href).href;
  if (sent.wasmUrl !== undefined) sent.wasmUrl = new URL(sent.wasmUrl, location.href).href;
  for (const [name, value] of Object.entries(sent)) {
    if (problems.some(({ path }) => path === name)) continue;
    try {
      structuredClone(value);
    } catch {
      refuse(name, `cannot be handed to a worker: it is ${describe(value)}`);
    }
  }
  return sent;
}

let lastChannel = 0;

class WorkerChannel extends Calls {
  readonly id: number = ++lastChannel;
  readonly options: ChannelOptions;
  #remote: Remote | undefined;
  #closed = false;

  constructor(options: ChannelOptions) {
    super();
    this.options = options;
  }

  async open(options: ChannelOptions): Promise<void> {
    this.#remote = Remote.current(this.options.workerUrl);
    try {
      await this.#remote.open(this, options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  make(method: string, input: Input, options: CallOptions, streaming: boolean, receiver: Receiver): LiveCall {
    if (this.#closed) throw closed(method);
    const { onEvent } = this.options;
    const request = checkRequest(method, input, options, streaming, { streams: true, gzip: true, onEvent });
    return new RemoteCall(this.#remote as Remote, this.id, request, input, receiver);
  }

  /** For adapters, as a channel in the page has it. */
  get baseUrl(): string {
    return new URL(this.options.baseUrl, location.href).href;
  }

  /** The worker is gone, or its WebAssembly. */
  died(error: Error): void {
    const { onFatal } = this.options;
    if (onFatal) runSafely(() => onFatal(error));
    else console.error(error);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#remote?.close(this);
  }
}

/** The worker that all such channels of a page share. It ends with the last of them. */
class Remote implements Wire {
  static #current: Remote | undefined;
  #worker: Worker;
  #channels: Map<number, WorkerChannel> = new Map();
  #calls: Map<number, RemoteCall> = new Map();
  #opening: Map<number, (answer: Extract<FromWorker, { kind: "opened" }>) => void> = new Map();
  #prepares: Map<number, AbortController> = new Map();
  /** What killed it; one that was left, because nobody needed it any more, has none. */
  #death: Error | undefined;
  #dead = false;

  static current(url: string | URL | undefined): Remote {
    if (!Remote.#current || Remote.#current.#dead) Remote.#current = new Remote(url);
    return Remote.#current;
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
    this.#worker.onerror = (event) => this.#die(event.message || "its script, or what it imports, could not be loaded");
  }

  open(channel: WorkerChannel, options: ChannelOptions): Promise<void> {
    this.#channels.set(channel.id, channel);
    const { metadata, onEvent } = channel.options;
    const asks = { metadata: typeof metadata === "function", onEvent: onEvent !== undefined };
    return new Promise((resolve, reject) => {
      this.#opening.set(channel.id, ({ problems, failure }) => {
        if (problems) reject(new ConfigError(problems));
        else if (failure !== undefined) reject(new LoadError(failure));
        else resolve();
      });
      this.send({ kind: "open", channel: channel.id, options, asks, timeOrigin: performance.timeOrigin });
    });
  }

  close({ id }: WorkerChannel): void {
    this.#channels.delete(id);
    this.send({ kind: "close", channel: id });
    this.#leave();
  }

  begin(call: RemoteCall): void {
    if (this.#death) call.died(this.#death);
    else this.#calls.set(call.id, call);
  }

  send(message: ToWorker, ...transfer: Transferable[]): void {
    if (!this.#dead) this.#worker.postMessage(message, transfer);
  }

  /** Nobody needs the worker any more. */
  #leave(): void {
    if (this.#channels.size > 0 || this.#calls.size > 0) return;
    this.#dead = true;
    this.#worker.terminate();
  }

  #read(data: FromWorker): void {
    switch (data.kind) {
      case "opened":
        this.#opening.get(data.channel)?.(data);
        this.#opening.delete(data.channel);
        return;
      case "fatal":
        this.#channels.get(data.channel)?.died(data.error as Error);
        return;
      case "warning": {
        const onEvent = this.#channels.get(data.channel)?.options.onEvent;
        if (onEvent) runSafely(() => onEvent(data.event));
        return;
      }
      case "prepare":
        void this.#prepare(data);
        return;
      case "unprepare":
        this.#prepares.get(data.id)?.abort();
        return;
    }
    this.#calls.get(data.call)?.read(data);
    if (data.kind !== "end") return;
    this.#calls.delete(data.call);
    this.#leave();
  }

  /** Asks the page's metadata function. */
  async #prepare({ channel, id, method, attempt }: Extract<FromWorker, { kind: "prepare" }>): Promise<void> {
    const abort = new AbortController();
    this.#prepares.set(id, abort);
    const metadata = this.#channels.get(channel)?.options.metadata;
    let prepared: Prepared;
    try {
      const given = typeof metadata === "function" ? await metadata({ method, attempt, signal: abort.signal }) : undefined;
      prepared = { metadata: blockOfMetadata(new Metadata(given)).text };
    } catch (error) {
      const failure =
        error instanceof StatusError
          ? { method: error.method, ending: packEnding(error), cause: sendable(error.cause) }
          : { error: sendable(error) };
      prepared = { failure };
    }
    this.#prepares.delete(id);
    this.send({ kind: "prepared", id, prepared });
  }

  /** The worker could not be loaded, or threw what nobody caught: nothing is to be had of it any more. */
  #die(why: string): void {
    this.#dead = true;
    this.#worker.terminate();
    const error = notStarted(why);
    this.#death = error;
    for (const [channel, answer] of this.#opening) answer({ kind: "opened", channel, failure: error.message });
    for (const call of this.#calls.values()) call.died(error);
    for (const [id, channel] of this.#channels) if (!this.#opening.has(id)) channel.died(error);
  }
}

function notStarted(why: string, cause?: unknown): LoadError {
  return new LoadError(
    `the worker that is to run hedgerow did not start: ${why}. Its script, worker.js of the package, must lie where the bundler puts it ` +
      "(or name its URL as workerUrl), and the page's Content-Security-Policy must allow it in worker-src",
    { cause },
  );
}
