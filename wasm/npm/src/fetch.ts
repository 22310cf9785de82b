import { OWN, timeoutOf, WIRE } from "./adapters/headers.js";
import { send } from "./adapters/raw.js";
import { Metadata, metadataOfBlock } from "./api/metadata.js";
import type { Channel } from "./api/types.js";
import { RAW, type RawChannel } from "./channel/channel.js";
import "./channel/load.js"; // keeps one chunk: see splitting in bundle.mjs

/** How createFetch treats what is not its business. */
export interface FetchOptions {
  /** Takes all other requests, as they are. Default: globalThis.fetch, looked up at each. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * A `fetch` that gives any gRPC-Web client the channel's retries, hedging, throttle and deadlines: hand it to the client's own option
 * for a fetch, such as that of connect-web or protobuf-ts.
 *
 * It takes POSTs of gRPC-Web, binary or text, to methods under the channel's baseUrl; all others go to `options.fetch` untouched. Of a
 * request it takes the body, `grpc-timeout`, the metadata, `credentials` and `signal`. A body that is a stream is read to its end first.
 * What comes back are the bytes of the attempt that the call was committed to, or of the last that failed, as they came. A call that no
 * server has answered (no network, a deadline) comes back as a Trailers-Only response with its status, so that clients read
 * UNAVAILABLE or DEADLINE_EXCEEDED; one that its signal ended rejects with the signal's reason, as fetch does. A response that breaks off
 * has its body's stream fail with the StatusError.
 *
 * Throws a TypeError for a channel that is not from this package's createChannel, or that runs in a worker.
 */
export function createFetch(channel: Channel | Promise<Channel>, options: FetchOptions = {}): typeof globalThis.fetch {
  const other: typeof globalThis.fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);
  if (!("then" in channel)) rawOf(channel);
  return async (input, init) => {
    const raw = rawOf(await channel);
    const found = matching(raw.baseUrl, input, init);
    if (!found) return other(input, init);
    const { method, headers } = found;
    const given = requestOf(input);
    const signal = init?.signal ?? given?.signal;
    const body = await (init?.body === undefined || init.body === null ? given?.arrayBuffer() : wholeOf(init.body));
    if (signal?.aborted) throw signal.reason; // also while the body was read
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
  throw new TypeError("createFetch needs a channel of hedgerow's createChannel that does not run in a worker");
}

/** The call that a request is, if it is one. */
function matching(
  baseUrl: string,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): { readonly method: string; readonly headers: Headers } | undefined {
  const given = requestOf(input);
  const href = hrefOf(given?.url ?? String(input));
  if (href === undefined) return undefined; // options.fetch may know what it means
  const path = href.slice(baseUrl.length);
  if (!href.startsWith(baseUrl) || !/^\/[^/?#]+\/[^/?#]+$/.test(path)) return undefined;
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
    // Several values of a name have come joined by commas, which is what HTTP takes them for; bytes are told apart again.
    for (const part of name.endsWith("-bin") ? value.split(",") : [value]) block += `${name}\0${part.trim()}\0`;
  });
  return block === "" ? new Metadata() : metadataOfBlock(block);
}
