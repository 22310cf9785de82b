import { prepare } from "../abi/runtime.js";
import { blocked, LoadError, loadPart } from "../api/errors.js";
import { clause } from "../api/foreign.js";
import type { LoadOptions } from "../api/options.js";
import type { ModuleType, UrlType } from "../api/platform.js";

/** Where the WebAssembly is if the options name no source: a URL to fetch, or, in Node, a function that reads a file. */
export type DefaultSource = UrlType | (() => Promise<ArrayBuffer | Uint8Array>);

const OWN_FILE = "the package's own file";

/** What to do about a file that is not there. */
const SET_URL = "Serve hedgerow.wasm there, or set wasmUrl to where it is";

/** What this page has loaded. One module serves all channels. */
let current:
  | { readonly name: unknown; readonly integrity: string | undefined; readonly module: Promise<WebAssembly.Module> }
  | undefined;

/** Loads and compiles the WebAssembly once. A load that failed can be tried again. */
export async function load(options: LoadOptions, fallback: DefaultSource): Promise<ModuleType> {
  checkGlobals();
  const named = source(options);
  const integrity = typeof options.integrity === "string" ? options.integrity.trim() : undefined; // else refused with the other options
  if (current && named !== undefined && named !== current.name) {
    throw new LoadError(
      `the WebAssembly was already loaded from ${show(current.name)}, but this channel names ${show(named)}. ` +
        "All channels of a page share one load: name the same source, or none",
    );
  }
  if (current && integrity && integrity !== current.integrity) {
    throw new LoadError(
      `the WebAssembly was already loaded ${current.integrity ? `with integrity ${current.integrity}` : "without integrity"}, ` +
        `and can no longer be checked against ${integrity}. Give the first channel, or preload, the same integrity`,
    );
  }
  if (!current) {
    const name = named ?? (typeof fallback === "function" ? fallback : fallback.href);
    const load = { name, integrity, module: compile(options, fallback, integrity) };
    current = load;
    load.module.catch(() => {
      if (current === load) current = undefined;
    });
  }
  return current.module;
}

/** Loads for one channel alone, from what its options name or from a module that is compiled already. */
export async function loadAlone(options: LoadOptions, module: ModuleType): Promise<ModuleType> {
  checkGlobals();
  return compile(source(options) === undefined ? { ...options, wasmModule: module } : options, undefined, options.integrity);
}

function checkGlobals(): void {
  for (const name of ["WebAssembly", "TextEncoder", "TextDecoder"]) {
    if (!(name in globalThis)) throw new LoadError(`hedgerow needs ${name}, which is not here`);
  }
}

/** The source that the options name, in a form that can be compared: URLs by their text, anything else by identity. */
function source({ wasmUrl, wasmModule, wasmBinary }: LoadOptions): unknown {
  if (wasmUrl !== undefined) return String(wasmUrl);
  return wasmModule ?? wasmBinary;
}

function show(name: unknown): string {
  if (typeof name === "string") return name;
  if (typeof name === "function") return OWN_FILE;
  return exportsOf(name) ? "a WebAssembly.Module" : "other bytes";
}

async function compile(
  { wasmUrl, wasmModule, wasmBinary }: LoadOptions,
  fallback: DefaultSource | undefined,
  integrity: string | undefined,
): Promise<WebAssembly.Module> {
  if (integrity && !HASH.test(integrity))
    throw new LoadError(`integrity has no sha256, sha384 or sha512 hash, such as "sha384-…": ${integrity}`);
  if (wasmUrl !== undefined) return download(wasmUrl, integrity);
  if (wasmModule !== undefined) {
    if (integrity)
      throw new LoadError("integrity cannot be checked for a wasmModule, because it is already compiled: leave integrity out");
    return ours(wasmModule, "wasmModule");
  }
  if (wasmBinary !== undefined) return compileBytes(wasmBinary as BufferSource, "wasmBinary", integrity);
  if (typeof fallback === "object") return download(fallback, integrity);
  return compileBytes(await read(fallback as () => Promise<BufferSource>), OWN_FILE, integrity);
}

const HASH = /(?<!\S)sha(256|384|512)-[^\s?]/;

async function read(file: () => Promise<BufferSource>): Promise<BufferSource> {
  try {
    return await file();
  } catch (cause) {
    throw new LoadError(
      `the package's own hedgerow.wasm could not be read: ${clause(cause)}. It must be in the same folder as the package's JavaScript. ` +
        "If a bundler moved that, set wasmUrl to where the file is, or pass its bytes as wasmBinary",
      { cause },
    );
  }
}

/** What a module exports, even one from another realm. undefined if it is not a module. */
function exportsOf(module: unknown): WebAssembly.ModuleExportDescriptor[] | undefined {
  try {
    return WebAssembly.Module.exports(module as WebAssembly.Module);
  } catch {
    return undefined;
  }
}

/** Prepares the module for its instances. Any other module is refused here, where the reason is clear, instead of at some line far away. */
async function ours(module: WebAssembly.Module, from: string): Promise<WebAssembly.Module> {
  if (exportsOf(module)?.some(({ name }) => name === "mailbox")) {
    await loadPart(prepare(module));
    return module;
  }
  throw new LoadError(`${from} is not Hedgerow's WebAssembly: it must be the package's hedgerow.wasm, of this version`);
}

async function download(url: string | URL, integrity: string | undefined): Promise<WebAssembly.Module> {
  const text = String(url);
  let response: Response;
  let bytes: ArrayBuffer | undefined;
  let type = "";
  try {
    response = await fetch(url, { credentials: "same-origin", ...(integrity ? { integrity } : {}) });
    type = response.headers.get("content-type") ?? "none";
    // compileStreaming accepts exactly this type, without a charset behind it.
    if (response.ok && type !== "application/wasm") bytes = await response.arrayBuffer();
  } catch (error) {
    throw new LoadError(
      `${text} could not be fetched: ${clause(error)}. Check that the file is served there` +
        (integrity ? `, that its hash is ${integrity}` : "") +
        ", and that the page's Content-Security-Policy (connect-src) and, on another origin, CORS allow it; or set wasmUrl to where the file is",
      { cause: error },
    );
  }
  if (!response.ok) throw new LoadError(`${text} answered with HTTP status ${response.status}. ${SET_URL}`);
  if (bytes) {
    const module = await compileBytes(bytes, `${text} (content-type ${type})`, "");
    console.warn(
      `hedgerow: ${text} was served with content-type ${type}. As plain application/wasm it would be compiled while it downloads`,
    );
    return module;
  }
  // The module is compiled while it downloads. A body that is not WebAssembly fails here, with the browser's own words.
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compileStreaming(response);
  } catch (error) {
    throw notCompiled(error, text);
  }
  return ours(module, text);
}

async function compileBytes(bytes: BufferSource, from: string, integrity: string | undefined): Promise<WebAssembly.Module> {
  if (integrity) {
    const { wrongHash } = await loadPart(import("./bytes.js"));
    const wrong = await wrongHash(bytes, integrity, from);
    if (wrong) throw new LoadError(wrong);
  }
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(view); // not every engine accepts a DataView
  } catch (error) {
    const wrong = await import("./bytes.js").then(
      ({ notWebAssembly }) => notWebAssembly(view, from),
      () => "",
    );
    throw wrong ? new LoadError(`${wrong} ${SET_URL}`) : notCompiled(error, from);
  }
  return ours(module, from);
}

function notCompiled(error: unknown, from: string): LoadError {
  return (
    blocked(error, from) ??
    new LoadError(
      `${from} could not be compiled: ${clause(error)}. Check that it is the package's hedgerow.wasm, complete and of this version`,
      { cause: error },
    )
  );
}
