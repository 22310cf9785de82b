import { PAGE_CLOCK } from "../abi/clock.js";
import { ConfigError, type Problem } from "../api/errors.js";
import { describe, peek, show } from "../api/foreign.js";
import { blockOfMetadata, Metadata, type MetadataInit } from "../api/metadata.js";
import type { AttemptContext, ChannelOptions, Clock, CredentialsRefresh, StateStore } from "../api/options.js";
import type { FetchSettings } from "../carry/fetch.js";

/** A channel's options. Their types have been checked; Go checks the rest, from the text. */
export interface Settings extends FetchSettings {
  /** The options that Go knows, as alternating names and values. */
  readonly text: string;
  readonly baseUrls: readonly string[];
  readonly prepare: ((attempt: AttemptContext) => MetadataInit | Promise<MetadataInit>) | undefined;
  readonly requestStreaming: boolean;
  readonly gzip: boolean;
  readonly webSocket: typeof WebSocket | undefined;
  readonly clock: Clock;
  readonly state: StateStore | undefined;
  readonly refresh: CredentialsRefresh | undefined;
  readonly onFatal: ((error: Error) => void) | undefined;
}

const BOOLEAN = ["be true or false", "true", "false"];
export const REFRESH = "be an object with a function refresh and, if need be, a list of codes";
export const STATE_STORE = "be an object with get and set";
const FUNCTION = ["be a function", "a function"];

/** What the options must be that Go does not know, and how `describe` begins if they are that. Of some, this is only the text of a refusal. */
const MUST: { readonly [name: string]: readonly string[] } = {
  credentials: ['be "omit" or "same-origin" or "include"', '"omit"', '"same-origin"', '"include"'],
  redirect: ['be "manual" or "follow"', '"manual"', '"follow"'],
  requestStreaming: BOOLEAN,
  worker: BOOLEAN,
  userTiming: BOOLEAN,
  fetch: FUNCTION,
  onEvent: FUNCTION,
  onFatal: FUNCTION,
  integrity: ['be a string, such as "sha384-…"', '"'],
  baseUrl: ['be a URL, such as "https://api.example.com", or a list of them'],
  serviceConfig: ["be an object or JSON text"],
  acceptCompression: ['be [] or ["gzip"]'],
  webSocket: ["be true, false or a WebSocket class"],
  clock: ["be an object with now, setTimeout and clearTimeout"],
  state: [STATE_STORE],
  credentialsRefresh: [REFRESH],
  random: ["be a number from 0 to 1"],
};

/** Collects the problems, and the options for Go. */
class Reader {
  readonly problems: Problem[] = [];
  text = "";

  refuse(path: string, reason: string): void {
    this.problems.push({ path, reason });
  }

  tell(name: string, value: unknown): void {
    for (const part of [name, value]) this.text += `${String(part).replaceAll("\0", "\ufffd")}\0`;
  }

  /** Checks an option of which nothing is known but its name. What is not in MUST, Go knows, or refuses as unknown. */
  check(name: string, value: unknown): void {
    const shown = describe(value);
    const [must, ...begins] = Object.hasOwn(MUST, name) ? (MUST[name] as string[]) : []; // the name may be that of any property
    if (!must) this.tell(`?${name}`, shown);
    else if (!begins.some((begin) => shown.startsWith(begin))) this.refuse(name, `must ${must}, not ${shown}`);
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
  const { baseUrl, serviceConfig, metadata, random, clock, acceptCompression, webSocket, ...most } = options;
  const { state, credentialsRefresh, ...others } = most;
  const { wasmUrl, wasmModule, wasmBinary, workerUrl, ...plain } = others; // what is loaded is checked when it is
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) reader.check(name, value);
  readServiceConfig(reader, serviceConfig);
  const refresh = readRefresh(reader, credentialsRefresh);
  readMetadata(reader, metadata);
  if (typeof random === "number" && random >= 0 && random <= 1) reader.tell("random", Math.round(random * 2 ** 53));
  else if (random !== undefined) reader.check("random", random);
  if (options.worker === true)
    reader.refuse("worker", 'true needs a global Worker and the entry "hedgerow" itself: leave it out');
  const usable = has<Clock>(clock, "now", "setTimeout", "clearTimeout");
  if (clock !== undefined && !usable) reader.check("clock", clock);
  const stored = isStateStore(state);
  if (state !== undefined && !stored) reader.check("state", state);
  readAccepted(reader, acceptCompression);
  const gzip = options.sendCompression === "gzip";
  if (gzip && typeof CompressionStream !== "function") reader.refuse("sendCompression", `"gzip" ${needs("CompressionStream")}`);
  if (options.requestStreaming === true) reader.tell("requestStreaming", 1);
  const baseUrls = readBaseUrls(reader, baseUrl);
  const socket = readWebSocket(reader, webSocket);
  return then(
    {
      text: reader.text,
      baseUrls,
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      credentials: options.credentials ?? "same-origin",
      redirect: options.redirect ?? "manual",
      refusals: new Map(),
      prepare: typeof metadata === "function" ? metadata : undefined,
      requestStreaming: options.requestStreaming ?? requestStreaming,
      inText: options.format === "text",
      gzip,
      webSocket: socket,
      clock: usable ? clock : PAGE_CLOCK,
      state: stored ? state : undefined,
      refresh,
      onFatal: options.onFatal,
    },
    reader.problems,
  );
}

export function isRefresh(value: unknown): value is CredentialsRefresh {
  const codes = peek(value, "codes");
  return has(value, "refresh") && (codes === undefined || Array.isArray(codes));
}

function readRefresh(reader: Reader, value: unknown): CredentialsRefresh | undefined {
  if (value === undefined) return undefined;
  if (!isRefresh(value)) {
    reader.check("credentialsRefresh", value);
    return undefined;
  }
  for (const name of Object.keys(value))
    if (name !== "codes" && name !== "refresh") reader.refuse(`credentialsRefresh.${name}`, "unknown option");
  reader.tell("credentialsRefresh", (value.codes ?? []).map(describe).join("\n"));
  return value;
}

export function isStateStore(value: unknown): value is StateStore {
  return has(value, "get", "set");
}

/** Whether a value has these methods. */
function has<T>(value: unknown, ...methods: readonly (keyof T & string)[]): value is T {
  return methods.every((name) => typeof peek(value, name) === "function");
}

function needs(name: string): string {
  return `needs ${name}, which this runtime does not have`;
}

function readAccepted(reader: Reader, value: unknown): void {
  if (Array.isArray(value) && value.every((one) => one === "gzip")) {
    if (value.length === 0) return;
    if (typeof DecompressionStream === "function") reader.tell("acceptCompression", "gzip");
    else reader.refuse("acceptCompression", `"gzip" ${needs("DecompressionStream")}`);
  } else if (value !== undefined) reader.check("acceptCompression", value);
}

function readWebSocket(reader: Reader, value: unknown): typeof WebSocket | undefined {
  if (typeof value === "function") return value as typeof WebSocket;
  if (value === true) {
    if (typeof WebSocket === "function") return WebSocket;
    reader.refuse(
      "webSocket",
      "true needs a global WebSocket, which Node has from version 22 on: pass a class, such as undici's",
    );
  } else if (value !== undefined && value !== false) reader.check("webSocket", value);
  return undefined;
}

function readBaseUrls(reader: Reader, value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.map((one: unknown, i) => readBaseUrl(reader, one, value.length > 1 ? `baseUrl[${i}]` : "baseUrl"));
  return [readBaseUrl(reader, value, "baseUrl")];
}

/** Reads a base URL, which may be relative to the page if there is one. */
function readBaseUrl(reader: Reader, value: unknown, path: string): string {
  const page = typeof location === "object" ? location.href : undefined;
  let url: URL;
  try {
    if (typeof value !== "string" || value === "") throw value;
    url = new URL(value, page);
  } catch {
    reader.refuse(path, `must ${MUST["baseUrl"]}, not ${describe(value)}`);
    reader.tell("baseUrl", `http://localhost/${path}`); // so that nothing else is wrong with it
    return "";
  }
  if (page) reader.tell("page", 1);
  reader.tell("baseUrl", url.href);
  if (page && url.origin !== new URL(page).origin) reader.tell("crossOrigin", 1);
  return url.href.replace(/\/+$/, "");
}

function readServiceConfig(reader: Reader, value: unknown): void {
  if (typeof value === "string") reader.tell("serviceConfig", value);
  else if (typeof value === "object" && value !== null) {
    try {
      reader.tell("serviceConfig", JSON.stringify(value));
    } catch (error) {
      reader.refuse("serviceConfig", `cannot be written as JSON: ${String(error)}`);
    }
  } else if (value !== undefined) reader.check("serviceConfig", value);
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
