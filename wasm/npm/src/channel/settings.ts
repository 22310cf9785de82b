import { PAGE_CLOCK } from "../abi/engine.js";
import { CHOICES, NUMBERS } from "../abi/table.js";
import { ConfigError, type Problem } from "../api/errors.js";
import type { CallEvent } from "../api/events.js";
import { describe, peek, show } from "../api/foreign.js";
import { blockOfMetadata, Metadata, type MetadataInit } from "../api/metadata.js";
import type { AttemptContext, ChannelOptions, Clock } from "../api/options.js";
import type { FetchSettings } from "../carry/fetch.js";

/** A channel's options. Their types have been checked; Go checks the rest, from the text. */
export interface Settings extends FetchSettings {
  /** The options that Go knows, as alternating names and values. */
  readonly text: string;
  readonly baseUrl: string;
  readonly prepare: ((attempt: AttemptContext) => MetadataInit | Promise<MetadataInit>) | undefined;
  readonly requestStreaming: boolean;
  readonly gzip: boolean;
  readonly webSocket: typeof WebSocket | undefined;
  readonly clock: Clock;
  readonly onEvent: ((event: CallEvent) => void) | undefined;
  readonly onFatal: ((error: Error) => void) | undefined;
}

/** The options of fetch that are one of a few words. */
const FETCH_WORDS: typeof CHOICES = { credentials: ["omit", "same-origin", "include"], redirect: ["manual", "follow"] };

/** All options that are one of a few words. */
const WORDS: typeof CHOICES = { ...CHOICES, ...FETCH_WORDS };

const BOOLEANS: readonly string[] = ["requestStreaming", "worker"];

const FUNCTIONS: readonly string[] = ["fetch", "onEvent", "onFatal"];

const OTHERS: readonly string[] = [
  "baseUrl",
  "serviceConfig",
  "metadata",
  "acceptCompression",
  "webSocket",
  "wasmUrl",
  "workerUrl",
  "wasmModule",
  "wasmBinary",
];

/** Collects the problems, and the options for Go. */
class Reader {
  readonly problems: Problem[] = [];
  text = "";

  refuse(path: string, reason: string): void {
    this.problems.push({ path, reason });
  }

  tell(name: string, value: unknown): void {
    this.text += `${name}\0${String(value)}\0`;
  }
}

/** Far more than there are options. An object of another kind may have any number of fields, and each would be reported as a problem. */
const MAX_NAMES = 100;

/** Checks the options, then lets Go check the rest, so that all problems are reported together. */
export async function checkOptions<T>(
  options: ChannelOptions,
  requestStreaming: boolean,
  then: (settings: Settings, problems: readonly Problem[]) => Promise<T>,
): Promise<T> {
  if (typeof options !== "object" || options === null) {
    throw new ConfigError([
      { path: "", reason: `createChannel takes an object with baseUrl and other options, not ${describe(options)}` },
    ]);
  }
  const names = Object.keys(options).length;
  if (names > MAX_NAMES) {
    throw new ConfigError([
      { path: "", reason: `createChannel takes an object with at most ${MAX_NAMES} fields, not one with ${names}` },
    ]);
  }
  const reader = new Reader();
  reader.tell("seed", Math.floor(Math.random() * 2 ** 53)); // for the jitter, unless the option random is set
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) readOption(reader, name, value);
  }
  const baseUrl = readBaseUrl(reader, options.baseUrl);
  readServiceConfig(reader, options.serviceConfig);
  readMetadata(reader, options.metadata);
  readAccepted(reader, options.acceptCompression);
  if (options.worker === true)
    reader.refuse("worker", 'true needs a global Worker and the entry "hedgerow" itself: leave it out');
  const gzip = options.sendCompression === "gzip";
  if (gzip && typeof CompressionStream !== "function")
    reader.refuse("sendCompression", '"gzip" needs CompressionStream, which this runtime does not have');
  if (options.requestStreaming === true) reader.tell("requestStreaming", 1);
  return then(
    {
      text: reader.text,
      baseUrl,
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      credentials: options.credentials ?? "same-origin",
      redirect: options.redirect ?? "manual",
      refusals: new Map(),
      prepare: typeof options.metadata === "function" ? options.metadata : undefined,
      requestStreaming: options.requestStreaming ?? requestStreaming,
      inText: options.format === "text",
      gzip,
      webSocket: readWebSocket(reader, options.webSocket),
      clock: options.clock ?? PAGE_CLOCK,
      onEvent: options.onEvent,
      onFatal: options.onFatal,
    },
    reader.problems,
  );
}

function readOption(reader: Reader, name: string, value: unknown): void {
  const choices = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined; // the names are the user's
  if (choices) {
    if (!choices.includes(value as string))
      reader.refuse(name, `must be ${choices.map((c) => `"${c}"`).join(" or ")}, not ${describe(value)}`);
    else if (!FETCH_WORDS[name]) reader.tell(name, value);
  } else if (NUMBERS.includes(name)) {
    if (typeof value !== "number") reader.refuse(name, `must be a number, not ${describe(value)}`);
    else reader.tell(name, value);
  } else if (name === "integrity") {
    if (typeof value !== "string") reader.refuse(name, `must be a string, such as "sha384-…", not ${describe(value)}`);
  } else if (BOOLEANS.includes(name)) {
    if (typeof value !== "boolean") reader.refuse(name, `must be true or false, not ${describe(value)}`);
  } else if (FUNCTIONS.includes(name)) {
    if (typeof value !== "function") reader.refuse(name, `must be a function, not ${describe(value)}`);
  } else if (name === "random") {
    if (typeof value !== "number" || !(value >= 0 && value <= 1))
      reader.refuse(name, `must be a number from 0 to 1, not ${describe(value)}`);
    else reader.tell(name, Math.round(value * 2 ** 53));
  } else if (name === "clock") {
    if (!isClock(value)) reader.refuse(name, `must be an object with now, setTimeout and clearTimeout, not ${describe(value)}`);
  } else if (!OTHERS.includes(name)) {
    reader.refuse(name, "unknown option");
  }
}

function isClock(value: unknown): boolean {
  const clock = value as Partial<Clock> | null;
  return [clock?.now, clock?.setTimeout, clock?.clearTimeout].every((f) => typeof f === "function");
}

function readAccepted(reader: Reader, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || value.some((one) => one !== "gzip"))
    reader.refuse("acceptCompression", `must be [] or ["gzip"], not ${describe(value)}`);
  else if (value.length > 0 && typeof DecompressionStream !== "function")
    reader.refuse("acceptCompression", '"gzip" needs DecompressionStream, which this runtime does not have');
  else if (value.length > 0) reader.tell("acceptCompression", "gzip");
}

function readWebSocket(reader: Reader, value: unknown): typeof WebSocket | undefined {
  if (typeof value === "function") return value as typeof WebSocket;
  if (value === undefined || value === false) return undefined;
  if (value !== true) reader.refuse("webSocket", `must be true, false or a WebSocket class, not ${describe(value)}`);
  else if (typeof WebSocket === "function") return WebSocket;
  else
    reader.refuse(
      "webSocket",
      "true needs a global WebSocket, which Node has from version 22 on: pass a class, such as undici's",
    );
  return undefined;
}

/** Reads the base URL, which may be relative to the page if there is one. */
function readBaseUrl(reader: Reader, value: unknown): string {
  const page = typeof location === "object" ? location.href : undefined;
  if (typeof value !== "string" || value === "") {
    reader.refuse("baseUrl", `must be a URL, such as "https://api.example.com", not ${describe(value)}`);
    reader.tell("baseUrl", "http://localhost");
    return "";
  }
  let url: URL;
  try {
    url = new URL(value, page);
  } catch {
    reader.refuse(
      "baseUrl",
      `${JSON.stringify(value)} is not a URL${page ? "" : "; outside a page it must begin with https:// or http://"}`,
    );
    reader.tell("baseUrl", "http://localhost");
    return "";
  }
  if (page) reader.tell("page", 1);
  if (page && url.origin !== new URL(page).origin) reader.tell("crossOrigin", 1);
  reader.tell("baseUrl", url.href);
  return url.href.replace(/\/+$/, "");
}

function readServiceConfig(reader: Reader, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === "string") reader.tell("serviceConfig", value.replaceAll("\0", "\ufffd"));
  else if (typeof value === "object" && value !== null) {
    try {
      reader.tell("serviceConfig", JSON.stringify(value));
    } catch (error) {
      reader.refuse("serviceConfig", `cannot be written as JSON: ${String(error)}`);
    }
  } else reader.refuse("serviceConfig", `must be an object or JSON text, not ${describe(value)}`);
}

/** Metadata that every call sends. Its names are marked, so that none is mistaken for an option. */
function readMetadata(reader: Reader, value: ChannelOptions["metadata"]): void {
  if (value === undefined) return;
  if (typeof value === "function") {
    reader.tell("perAttempt", 1);
    return;
  }
  try {
    const { count, text } = blockOfMetadata(new Metadata(value));
    const parts = text.split("\0");
    if (parts.length !== 2 * count + 1) reader.refuse("metadata", "a name or a value contains a NUL character");
    else for (let i = 0; i < count; i++) reader.tell(`>${parts[2 * i]}`, parts[2 * i + 1]);
  } catch (error) {
    reader.refuse("metadata", show(peek(error, "message") ?? error));
  }
}
