import { OWN, timeoutOf, WIRE } from "./adapters/headers.js";
import { send } from "./adapters/raw.js";
import { Metadata, metadataOfBlock } from "./api/metadata.js";
import type { FetchType } from "./api/platform.js";
import type { Channel } from "./api/types.js";
import { RAW, type RawChannel } from "./channel/channel.js";
import "./channel/load.js"; // keeps one chunk: see splitting in bundle.mjs

/** Options of createFetch. */
export interface FetchOptions {
  /** Gets all other requests, unchanged. Default: globalThis.fetch, looked up for each. */
  readonly fetch?: FetchType | undefined;
}

/**
 * A `fetch` that gives any gRPC-Web client the channel's retries, hedging, throttle and deadlines. Pass it to the client's own option for
 * a fetch function, which connect-web and protobuf-ts have.
 *
 * It handles gRPC-Web POSTs, binary or text, to methods under the channel's baseUrl, or any of several; all other requests go to `options.fetch` unchanged.
 * From a request it uses the body, `grpc-timeout`, the metadata, `credentials` and `signal`. A body that is a stream is read to its end
 * first. The response has the bytes of the attempt that the call was committed to, or of the last one that failed, as they came. If no
 * server answered (no network, a deadline), it is a Trailers-Only response with the status, so that clients read UNAVAILABLE or
 * DEADLINE_EXCEEDED. If the signal ended the call, it rejects with the signal's reason, as fetch does. If the response breaks off, the
 * stream of its body fails with the StatusError.
 *
 * Throws a TypeError for a channel that this package's createChannel did not make, or that runs in a worker.
 */
export function createFetch(channel: Channel | Promise<Channel>, options: FetchOptions = {}): FetchType {
  const other: FetchType = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  if (!("then" in channel)) rawOf(channel);
  return async (input, init) => {
    const raw = rawOf(await channel);
    const found = matching(raw.baseUrls, input, init);
    if (!found) return other(input, init);
    const { method, headers } = found;
    const given = requestOf(input);
    const signal = init?.signal ?? given?.signal;
    const body = await (init?.body === undefined || init.body === null ? given?.arrayBuffer() : wholeOf(init.body));
    if (signal?.aborted) throw signal.reason; // also if it was aborted while the body was read
    const request = {
      method,
      fields: OWN.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) as string] as const] : [])),
      metadata: metadataOf(headers),
      body: new Uint8Array(body ?? new ArrayBuffer(0)),
      credentials: init?.credentials ?? given?.credentials ?? "same-origin",
      timeoutMs: timeoutOf(headers.get("grpc-timeout")),
      signal: signal ?? undefined,
    };
    return send(request, raw);
  };
}

/** A Request, of whatever realm. */
function requestOf(input: RequestInfo | URL): Request | undefined {
  return typeof input === "object" && "url" in input ? input : undefined;
}

/** The bytes of a body, of whatever realm: a Response takes for text what it does not know. */
async function wholeOf(body: BodyInit): Promise<ArrayBuffer> {
  if (typeof body !== "object" || !("getReader" in body)) {
    return typeof body === "object" && "arrayBuffer" in body ? body.arrayBuffer() : new Response(body).arrayBuffer();
  }
  const reader = body.getReader();
  const parts: BlobPart[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    parts.push(value as Uint8Array<ArrayBuffer>);
  }
}

function rawOf(channel: Channel): RawChannel {
  const raw = (channel as { readonly [RAW]?: RawChannel })[RAW];
  if (raw) return raw;
  throw new TypeError("createFetch needs a channel that Hedgerow's createChannel made, and that does not run in a worker");
}

const METHOD = /^\/[^/?#]+\/[^/?#]+$/;

/** The method and headers of a request, if it is a call. */
function matching(
  baseUrls: readonly string[],
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): { readonly method: string; readonly headers: Headers } | undefined {
  const given = requestOf(input);
  const href = hrefOf(given?.url ?? String(input));
  if (href === undefined) return undefined; // options.fetch may know what it means
  const path = baseUrls
    .flatMap((url) => (href.startsWith(url) ? [href.slice(url.length)] : []))
    .find((rest) => METHOD.test(rest));
  if (!path) return undefined;
  if ((init?.method ?? given?.method ?? "GET").toUpperCase() !== "POST") return undefined;
  // A browser's Request drops what is the browser's to set, as its fetch would; a service worker is shown such fields.
  const { headers } = new Request(href, { headers: init?.headers ?? given?.headers ?? [] });
  return headers.get("content-type")?.startsWith("application/grpc-web") ? { method: path, headers } : undefined;
}

function hrefOf(address: string): string | undefined {
  try {
    return new URL(address, typeof location === "object" ? location.href : undefined).href;
  } catch {
    return undefined;
  }
}

function metadataOf(headers: Headers): Metadata {
  let block = "";
  headers.forEach((value, name) => {
    if (WIRE.has(name)) return;
    // Several values of a name have come joined by commas, as HTTP allows. Those of bytes are separated again.
    for (const part of name.endsWith("-bin") ? value.split(",") : [value]) block += `${name}\0${part.trim()}\0`;
  });
  return block === "" ? new Metadata() : metadataOfBlock(block);
}
