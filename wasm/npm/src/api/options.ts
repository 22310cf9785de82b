import type { CallEvent } from "./events.js";
import type { MetadataInit } from "./metadata.js";
import type { ServiceConfig } from "./service-config.js";

/** Where the WebAssembly comes from. The first load of a page wins: a later one that names another source gets a LoadError. */
export interface LoadOptions {
  /** Where to fetch it. Default: `new URL("./hedgerow.wasm", import.meta.url)`, which bundlers know to follow; in Node, the package's own file. */
  wasmUrl?: string | URL | undefined;
  /** Compiled elsewhere, as workers and edge platforms have it. */
  wasmModule?: WebAssembly.Module | undefined;
  /** Bytes at hand. */
  wasmBinary?: ArrayBuffer | ArrayBufferView | undefined;
  /** The hash of the download, as in `<script integrity>`: "sha384-…". The load fails if it differs. */
  integrity?: string | undefined;
}

/** What `fetch` is used as. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** A clock with timers. Its instants are milliseconds from any beginning, and never go back. */
export interface Clock {
  now(): number;
  /** Runs act once, after at least so many milliseconds, and not before setTimeout has returned. */
  setTimeout(act: () => void, ms: number): unknown;
  /** Undoes a setTimeout, by what it answered; undefined, and what has run, are passed over. */
  clearTimeout(timer: unknown): void;
}

/** Options of a channel. A number that is 0, negative or NaN is refused with a ConfigError; Infinity is no limit. */
export interface ChannelOptions extends LoadOptions {
  /** "https://api.example.com" or "https://example.com/grpc"; in a page also relative to it. Methods are appended. */
  baseUrl: string;
  /** The gRPC service config, as object or JSON text. Default: none, so that nothing is retried. */
  serviceConfig?: ServiceConfig | string | undefined;
  /** Clamps every policy's maxAttempts. Default 5. 1: retries and hedging are off. */
  maxRetryAttempts?: number | undefined;
  /** Bytes that all calls of the channel may keep for replay. Default 16 MiB. Calls beyond it run, but are not retried. */
  maxRetryBufferSize?: number | undefined;
  /** Bytes that one call may keep for replay. Default 1 MiB. */
  maxRetryBufferPerCallSize?: number | undefined;
  /** The longest response message, in bytes. Default 4 MiB. A longer one ends the call with RESOURCE_EXHAUSTED. */
  maxReceiveMessageBytes?: number | undefined;
  /** The longest request message, in bytes. Default Infinity. */
  maxSendMessageBytes?: number | undefined;
  /** Deadline of calls that set none themselves, in milliseconds. Default: none. */
  defaultTimeoutMs?: number | undefined;
  /** How a delay is drawn from the backoff. Default "full": uniform in 0..backoff. "plusMinus20": 80 to 120 % of it. */
  jitter?: "full" | "plusMinus20" | undefined;
  /**
   * What commits a call to an attempt (SEMANTICS 5.1f). Default "strict": the response's head, as in gRPC. "firstFrame": the first frame of
   * its body, so that a failure that a server sends in the body alone can be retried; then a stream's header comes with its first
   * message, and a head that a server has sent early does not keep a call from being retried.
   */
  headerCommit?: "strict" | "firstFrame" | undefined;
  /**
   * Whether retries and hedges carry grpc-previous-rpc-attempts, a header that the CORS answer of another origin must allow. Default
   * "auto": they do, until such a server seems to refuse it: then the attempt is made again at once without it, uncounted, the origin
   * gets it no more, and the warning "corsSuspected" says what to allow (SEMANTICS 5.5d to 5.5f).
   */
  attemptHeader?: "auto" | "always" | "never" | undefined;
  /**
   * How requests are written; responses are read in either. Default "binary": application/grpc-web. "text": application/grpc-web-text,
   * base64, for what lets no bytes through; streams of requests then go out at the half-close, unless by webSocket.
   */
  format?: "binary" | "text" | undefined;
  /**
   * How request messages are compressed: those that become shorter by it, each by itself. Default "identity": not at all. "gzip" also
   * sends grpc-encoding, one more header for CORS to allow. Limits count the bytes before, the replay buffer those that are sent.
   */
  sendCompression?: "identity" | "gzip" | undefined;
  /**
   * Compression that is asked for in responses. Default []: none. ["gzip"] sends grpc-accept-encoding, one more header for CORS to allow.
   * Gzip is read whether it was asked for or not; limits hold for messages as they come and inflated, and are heeded meanwhile.
   */
  acceptCompression?: readonly "gzip"[] | undefined;
  /**
   * How client and bidirectional streams send their messages. false, the default in browsers: all together, at the half-close. true, the
   * default in Node: as they come. Of the browsers Chromium can, over HTTP/2; elsewhere such calls fail as UNAVAILABLE.
   */
  requestStreaming?: boolean | undefined;
  /**
   * true, for the global WebSocket, or a class such as undici's: client and bidirectional streams go over WebSockets, in the dialect of
   * the improbable wrapper (SEMANTICS 5.8a), one for each attempt, full duplex in every browser; other calls are fetched. What a server
   * sends cannot be held back then: it waits in memory to be read. Cookies go along as the browser has it, whatever credentials says.
   * Default false.
   */
  webSocket?: boolean | typeof WebSocket | undefined;
  /** Goes out with every call. A function runs once per attempt, for fresh credentials; what it rejects with ends the call as UNAUTHENTICATED. */
  metadata?: MetadataInit | ((attempt: AttemptContext) => MetadataInit | Promise<MetadataInit>) | undefined;
  /** fetch's credentials mode. Default "same-origin". */
  credentials?: RequestCredentials | undefined;
  /**
   * What becomes of a redirect. Default "manual": it ends the call as UNKNOWN and is not retried, since it most often leads to the login
   * page of a session that has ended. "follow": fetch follows it, and the request's metadata, credentials included, goes to the new
   * address, which may be another origin's. After a 301, 302 or 303 its message does not, and a request that is sent as a stream follows none.
   */
  redirect?: "manual" | "follow" | undefined;
  /** Default globalThis.fetch, looked up at each attempt. */
  fetch?: FetchLike | undefined;
  /**
   * true: the WebAssembly, its fetches and its timers run in a module worker that all such channels of the page share, behind the same API.
   * The functions `fetch` and `webSocket`, and `clock`, are refused then; metadata, onEvent and onFatal stay in the page. Default false.
   */
  worker?: boolean | undefined;
  /** Where the worker's script is, where a bundler has lost it. Default: new URL("./worker.js", import.meta.url) of the package. */
  workerUrl?: string | URL | undefined;
  /** What backoffs, hedging delays, deadlines and instants go by. For tests: hedgerow/testing has one. Default: the page's. */
  clock?: Clock | undefined;
  /**
   * What the jitter draws each time, from 0 to 1, in the place of a random number: for tests, whose backoffs are exact by it. With
   * "full" 1 is the whole backoff and 0 none of it; with "plusMinus20" 0.5 is the backoff itself. Default: random.
   */
  random?: number | undefined;
  /** Every call and attempt of the channel. What it throws goes to reportError. */
  onEvent?: ((event: CallEvent) => void) | undefined;
  /** The WebAssembly instance died; pending calls were rejected with INTERNAL; the next call gets a fresh one. */
  onFatal?: ((error: Error) => void) | undefined;
}

/** What the per-attempt metadata function is told. */
export interface AttemptContext {
  /** "/package.Service/Method" */
  readonly method: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the attempt is: by a deadline, a cancel, or another hedge that won. */
  readonly signal: AbortSignal;
}

/** Options of one call. */
export interface CallOptions {
  /** Goes out behind the channel's. */
  metadata?: MetadataInit | undefined;
  /** Milliseconds for the whole call, attempts and waits included. Default: the channel's. 0 or less: DEADLINE_EXCEEDED, nothing sent. */
  timeoutMs?: number | undefined;
  /** Any abort ends the call as CANCELLED; the error's cause is signal.reason. */
  signal?: AbortSignal | undefined;
  /** While the browser is offline: true waits for it to be online, or the deadline; false fails. Default: the method config's, else false. */
  waitForReady?: boolean | undefined;
  /** The longest response message, in bytes. Default: the channel's. */
  maxReceiveMessageBytes?: number | undefined;
  /** This call's events, besides the channel's onEvent. What it throws goes to reportError. */
  onEvent?: ((event: CallEvent) => void) | undefined;
}
