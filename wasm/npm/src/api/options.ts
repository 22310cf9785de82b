import type { Code } from "./code.js";
import type { CallEvent } from "./events.js";
import type { MetadataInit } from "./metadata.js";
import type { AbortSignalType, ModuleType, RequestInitType, ResponseType, UrlType, WebSocketType } from "./platform.js";
import type { ServiceConfig } from "./service-config.js";

/** Where the WebAssembly comes from. All channels of a page share one load: a later one that names another source gets a LoadError. */
export interface LoadOptions {
  /** Where to fetch it. Default: `new URL("./hedgerow.wasm", import.meta.url)`, which bundlers understand; in Node, the package's own file. */
  wasmUrl?: string | UrlType | undefined;
  /** A module that is already compiled, as workers and edge platforms have it. */
  wasmModule?: ModuleType | undefined;
  /** The bytes of the WebAssembly. */
  wasmBinary?: ArrayBuffer | ArrayBufferView | undefined;
  /** The hash of the WebAssembly, as in `<script integrity>`: "sha384-…". The load fails if it differs, or if it was done without. */
  integrity?: string | undefined;
}

/** The part of `fetch` that Hedgerow uses. */
export type FetchLike = (url: string, init: RequestInitType) => Promise<ResponseType>;

/** A clock with timers. It counts milliseconds from any instant, and never goes back. */
export interface Clock {
  now(): number;
  /** Runs act once, after at least this many milliseconds, and not before setTimeout has returned. */
  setTimeout(act: () => void, ms: number): unknown;
  /** Cancels a timer that setTimeout returned. Ignores undefined, and timers that have run. */
  clearTimeout(timer: unknown): void;
}

/** How credentials that servers refuse are replaced. */
export interface CredentialsRefresh {
  /** The codes with which servers refuse credentials, as names or numbers. Default ["UNAUTHENTICATED"]. */
  readonly codes?: readonly (Code | string)[] | undefined;
  /**
   * Gets new credentials. It runs once for any number of calls that need them. Its signal is aborted when none of them waits any more, or
   * the channel is closed. A call that it makes on the channel itself must set `credentialsRefresh: false`.
   */
  refresh(context: { readonly signal: AbortSignalType }): void | Promise<void>;
}

/** A small place that outlives the page, such as an item of localStorage. */
export interface StateStore {
  /** Returns the text that was stored last. */
  get(): string | undefined | Promise<string | undefined>;
  /** Stores a text of at most 4 KB in place of the last one. */
  set(text: string): void;
}

/** Options of a channel. A number that is 0, negative or NaN is refused with a ConfigError. Infinity means no limit. */
export interface ChannelOptions extends LoadOptions {
  /**
   * "https://api.example.com" or "https://example.com/grpc". In a page it may be relative to the page. Methods are appended. A list of up to
   * 16 has several endpoints with the same services, in order of preference: calls stay with one, a retry or hedge goes to another than the
   * attempt before, and what fails or answers much later than the others is left alone for a while (SEMANTICS 8.6).
   */
  baseUrl: string | readonly string[];
  /** The gRPC service config, as an object or as JSON text. Default: none, so nothing is retried. */
  serviceConfig?: ServiceConfig | string | undefined;
  /** The most attempts that any policy may make. Default 5. 1 turns retries and hedging off. */
  maxRetryAttempts?: number | undefined;
  /** How many bytes all calls of the channel together may keep for retries. Default 16 MiB. Calls beyond that run, but are not retried. */
  maxRetryBufferSize?: number | undefined;
  /** How many bytes one call may keep for retries. Default 1 MiB. */
  maxRetryBufferPerCallSize?: number | undefined;
  /** The longest response message, in bytes. Default 4 MiB. A longer one ends the call with RESOURCE_EXHAUSTED. */
  maxReceiveMessageBytes?: number | undefined;
  /** The longest request message, in bytes. Default Infinity. */
  maxSendMessageBytes?: number | undefined;
  /** The deadline of calls that set none themselves, in milliseconds. Default: none. */
  defaultTimeoutMs?: number | undefined;
  /** How a delay is drawn from the backoff. Default "full": evenly between 0 and the backoff. "plusMinus20": 80 to 120 % of the backoff. */
  jitter?: "full" | "plusMinus20" | undefined;
  /**
   * What commits a call to an attempt (SEMANTICS 5.1f). Default "strict": the head of the response, as in gRPC. "firstFrame": the first frame
   * of its body, so that a failure that the server sends only in the body can be retried, and so can a call whose head the server sent
   * early. A stream's header then comes with its first message.
   */
  headerCommit?: "strict" | "firstFrame" | undefined;
  /**
   * Whether retries and hedges carry the header grpc-previous-rpc-attempts, which a server on another origin must allow (CORS). Default
   * "auto": they do, until such a server seems to refuse it. Then the attempt is made again at once without the header, which does not
   * count as a retry, the origin is sent it no more, and the warning "corsSuspected" says what to allow (SEMANTICS 5.5d to 5.5f).
   */
  attemptHeader?: "auto" | "always" | "never" | undefined;
  /**
   * The format of requests; responses are read in either. Default "binary": application/grpc-web. "text": application/grpc-web-text, which
   * is base64, for proxies that pass only text. A stream of requests is then sent when it is complete, unless webSocket is set.
   */
  format?: "binary" | "text" | undefined;
  /**
   * How request messages are compressed: each by itself, if that makes it shorter. Default "identity": not at all. "gzip" also sends the
   * header grpc-encoding, which CORS must allow. Message limits count the bytes before compression, replay buffers those that are sent.
   */
  sendCompression?: "identity" | "gzip" | undefined;
  /**
   * The compression to ask for in responses. Default []: none. ["gzip"] sends the header grpc-accept-encoding, which CORS must allow. Gzip
   * is read whether it was asked for or not. Limits apply to messages both as they come and inflated, already while they are inflated.
   */
  acceptCompression?: readonly "gzip"[] | undefined;
  /**
   * How client and bidirectional streams send their messages. false, the default in browsers: all together, when the stream is complete.
   * true, the default in Node: as they come. Among browsers only Chromium can do that, over HTTP/2; in others such calls end with INTERNAL.
   */
  requestStreaming?: boolean | undefined;
  /**
   * true (the global WebSocket) or a class such as undici's: client and bidirectional streams use WebSockets, in the protocol of the
   * improbable wrapper (SEMANTICS 5.8a), one for each attempt, full duplex in every browser. Other calls use fetch. A WebSocket has no
   * backpressure: what the server sends waits in memory to be read. The browser decides about cookies, whatever credentials says.
   * Default false.
   */
  webSocket?: boolean | WebSocketType | undefined;
  /** Sent with every call. A function runs once per attempt, for fresh credentials. If it rejects, the call ends with UNAUTHENTICATED. */
  metadata?: MetadataInit | ((attempt: AttemptContext) => MetadataInit | Promise<MetadataInit>) | undefined;
  /** fetch's credentials mode. Default "same-origin". */
  credentials?: "include" | "omit" | "same-origin" | undefined;
  /**
   * What to do with a redirect. Default "manual": it ends the call with UNKNOWN and is not retried, because it usually leads to the login
   * page of a session that has ended. "follow": fetch follows it, and sends the request's metadata, credentials included, to the new
   * address, which may be on another origin. After a 301, 302 or 303 the message is not sent, and a request that is a stream is not redirected.
   */
  redirect?: "manual" | "follow" | undefined;
  /** Default: globalThis.fetch, looked up for each attempt. */
  fetch?: FetchLike | undefined;
  /**
   * true: the WebAssembly, its fetches and its timers run in a module worker, which all such channels of the page share. The API is the
   * same. `fetch`, `clock` and a class as `webSocket` are then refused; metadata, onEvent and onFatal run in the page. Default false.
   */
  worker?: boolean | undefined;
  /** Where the worker's script is, if a bundler moved it. Default: `new URL("./worker.js", import.meta.url)` in the package. */
  workerUrl?: string | UrlType | undefined;
  /** The clock for backoffs, hedging delays, deadlines and the times in events. For tests: hedgerow/testing has one. Default: the page's. */
  clock?: Clock | undefined;
  /**
   * A number from 0 to 1 that the jitter uses instead of a random one: for tests, which need exact backoffs. With "full", 1 is the whole
   * backoff and 0 none of it; with "plusMinus20", 0.5 is the backoff itself. Default: random.
   */
  random?: number | undefined;
  /**
   * What to do when a server refuses the credentials of an attempt: refresh them, once for all calls that are refused, and send each of
   * these calls once more, with the metadata that the function `metadata` now returns. This takes no attempt and no throttle token. If the
   * refresh fails, the calls that wait end with UNAUTHENTICATED, and its error is the cause. Calls without a policy keep their requests
   * for this, as far as the replay buffer has room. Default: nothing is refreshed (SEMANTICS 8.3).
   */
  credentialsRefresh?: CredentialsRefresh | undefined;
  /**
   * Where the channel stores what it learns, so that it need not begin anew with every page (SEMANTICS 8.1a). It is read once, for at most
   * a second, before createChannel resolves; it is written when something has changed, at most once a second, and when the page is left.
   * If it throws or holds something else, the channel does without it, and warns once (`stateUnusable`). Default: nothing is stored.
   */
  state?: StateStore | undefined;
  /** Called with every event of the channel's calls and attempts. What it throws goes to reportError. */
  onEvent?: ((event: CallEvent) => void) | undefined;
  /**
   * true: each call and each attempt becomes an entry of the User Timing API (`performance.measure`) when it ends, so that the performance
   * panel of the browser's developer tools shows it, and a PerformanceObserver hears of it. The newest 1000 entries are kept. Default false,
   * which costs nothing: what makes the entries is then not even loaded.
   */
  userTiming?: boolean | undefined;
  /** Called when the WebAssembly instance has died. Pending calls were rejected with INTERNAL; the next call gets a fresh instance. */
  onFatal?: ((error: Error) => void) | undefined;
}

/** What the metadata function is passed for each attempt. */
export interface AttemptContext {
  /** "/package.Service/Method" */
  readonly method: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborted when the attempt is: by a deadline, a cancel, or another hedge that won. */
  readonly signal: AbortSignalType;
}

/** Options of one call. */
export interface CallOptions {
  /** Sent after the channel's own. */
  metadata?: MetadataInit | undefined;
  /**
   * Milliseconds for the whole call, all attempts and waits included. Default: the channel's. With 0 or less the call ends with
   * DEADLINE_EXCEEDED, and nothing is sent.
   */
  timeoutMs?: number | undefined;
  /** When it is aborted, the call ends with CANCELLED. The error's cause is signal.reason. */
  signal?: AbortSignalType | undefined;
  /**
   * What to do while the browser is offline. true: wait until it is online, or for the deadline. false: fail. Default: what the method
   * config says, else false.
   */
  waitForReady?: boolean | undefined;
  /**
   * false: the call neither waits for a refresh of the credentials nor starts one. For the call that refreshes them, which would wait for
   * itself. Default: as the channel's credentialsRefresh says.
   */
  credentialsRefresh?: false | undefined;
  /** The longest response message, in bytes. Default: the channel's. */
  maxReceiveMessageBytes?: number | undefined;
  /** Called with this call's events, after the channel's onEvent. What it throws goes to reportError. */
  onEvent?: ((event: CallEvent) => void) | undefined;
}

/** Where a subscription stands, for `channel.resumableStreaming`. C is a cursor: an id, an offset, a time. */
export interface ResumableSource<C> {
  /** The request that continues after the cursor; undefined is the beginning. If it throws, the subscription ends with INTERNAL. */
  request(cursor: C | undefined): Uint8Array;
  /** Where a message stands. previous is the cursor before it. If it throws, the subscription ends with INTERNAL. */
  cursor(message: Uint8Array, previous: C | undefined): C;
}

/** Options of a subscription that is resumed. timeoutMs bounds the whole of it; the method's `timeout` bounds each stream. */
export interface ResumeOptions extends CallOptions {
  /** "pause": while the page is hidden there is no stream, and it is resumed when the page is shown. Default "run". */
  whileHidden?: "run" | "pause" | undefined;
  /** Told, with the reason, when the server answers, when a wait begins, and when the page is hidden. What it throws is reported as uncaught. */
  onState?: ((state: "live" | "waiting" | "paused", why: string) => void) | undefined;
}
