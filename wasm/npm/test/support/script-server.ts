// Plays one of the scripts that both drivers run: the server's part, as a fetch.
import { gzipSync } from "node:zlib";
import type { FetchLike } from "hedgerow";
import type { TestClock } from "hedgerow/testing";
import { concat, frame } from "./responses.js";
import type { Exchange, Failure, Part } from "./script-types.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Bytes = Uint8Array<ArrayBuffer>;

/** What the server sees of one exchange. */
export class SeenRequest {
  /** Whether the request came to its end. */
  whole = false;
  readonly #headers: readonly (readonly [string, string])[];
  #body: Bytes = new Uint8Array();

  constructor(
    readonly at: number,
    headers: readonly (readonly [string, string])[],
  ) {
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    const values = this.#headers.filter(([n]) => n === name).map(([, value]) => value);
    return values.length > 0 ? values.join(", ") : undefined;
  }

  add(piece: Uint8Array): void {
    this.#body = concat(this.#body, piece);
  }

  get messages(): string[] {
    const inText = this.header("content-type")?.startsWith("application/grpc-web-text");
    const body = inText ? new Uint8Array(Buffer.from(decoder.decode(this.#body), "base64")) : this.#body;
    const messages: string[] = [];
    for (let at = 0; at < body.length; ) {
      const length = new DataView(body.buffer, body.byteOffset).getUint32(at + 1);
      messages.push(decoder.decode(body.subarray(at + 5, at + 5 + length)));
      at += 5 + length;
    }
    return messages;
  }
}

/** A server whose n-th exchange follows the n-th entry of the script, and all further ones the last. */
export class ScriptServer {
  readonly requests: SeenRequest[] = [];
  readonly #exchanges: readonly Exchange[];
  readonly #clock: TestClock;

  constructor(exchanges: readonly Exchange[], clock: TestClock) {
    this.#exchanges = exchanges;
    this.#clock = clock;
  }

  readonly fetch: FetchLike = async (_url, init) => {
    const request = new SeenRequest(this.#clock.now(), init.headers as [string, string][]);
    const exchange = this.#exchanges[Math.min(this.requests.push(request), this.#exchanges.length) - 1] ?? { fail: "network" };
    const source = bodyOf(init.body, request);
    const aborted = abortOf(init.signal as AbortSignal);
    await Promise.race([this.#head(exchange, source), aborted]);
    return new Response(this.#body(exchange, source, aborted), {
      status: exchange.http ?? 200,
      headers: { "content-type": contentType(exchange), ...exchange.header },
    });
  };

  async #head({ take, after, fail }: Exchange, source: RequestBody): Promise<void> {
    await source.take(take ?? Number.POSITIVE_INFINITY);
    await this.#wait(after);
    if (fail) throw failure(fail);
  }

  async #wait(ms = 0): Promise<void> {
    if (ms > 0) await new Promise<void>((go) => this.#clock.setTimeout(go, ms));
  }

  #body(exchange: Exchange, source: RequestBody, aborted: Promise<never>): ReadableStream<Uint8Array> {
    const parts = [...partsOf(exchange)];
    const next = async (): Promise<Bytes | undefined> => {
      const part = parts.shift();
      if (!part) return undefined;
      await source.take(part.take === "rest" ? Number.POSITIVE_INFINITY : (part.take ?? 0));
      await this.#wait(part.after);
      if (part.fail) throw failure(part.fail);
      return bytesOf(part);
    };
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const chunk = await Promise.race([next(), aborted]);
          if (chunk) controller.enqueue(chunk);
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

interface RequestBody {
  /** Takes so many more pieces, or all that are to come. */
  take(pieces: number): Promise<void>;
}

function bodyOf(body: RequestInit["body"], request: SeenRequest): RequestBody {
  if (!(body instanceof ReadableStream)) {
    request.add(typeof body === "string" ? encoder.encode(body) : (body as Uint8Array));
    request.whole = true;
    return { take: async () => {} };
  }
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  return {
    take: async (pieces) => {
      for (let i = 0; i < pieces; i++) {
        const { done, value } = await reader.read();
        if (done) {
          request.whole = true;
          return;
        }
        request.add(value);
      }
    },
  };
}

function abortOf(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  aborted.catch(() => {});
  return aborted;
}

function failure(word: Failure): Error {
  return word === "network" ? new TypeError("the network failed") : new DOMException("the page is left", "AbortError");
}

function contentType({ text }: Exchange): string {
  return text ? "application/grpc-web-text+proto" : "application/grpc-web+proto";
}

/** The parts of a body; in text, or cut into chunks, they are bytes. */
function partsOf({ body = [], text, cut }: Exchange): readonly (Part & { readonly bytes?: Bytes })[] {
  if (!text && !cut) return body;
  let whole = concat(...body.map(bytesOf));
  if (text) whole = encoder.encode(Buffer.from(whole).toString("base64")) as Bytes;
  const size = cut ?? whole.length;
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => ({ bytes: whole.slice(i * size, (i + 1) * size) }));
}

function bytesOf(part: Part & { readonly bytes?: Bytes }): Bytes {
  const { bytes, message, messages = [], gzip, trailer, gzipTrailer, hex } = part;
  if (bytes) return bytes;
  if (hex) return new Uint8Array(Buffer.from(hex, "hex"));
  const all = message === undefined ? messages : [...messages, message];
  const parts = all.map((one) => frame(encoder.encode(one)));
  if (gzip !== undefined) parts.push(frame(gzipSync(gzip), 1));
  if (trailer) parts.push(frame(encoder.encode(lines(trailer)), 0x80));
  if (gzipTrailer) parts.push(frame(gzipSync(lines(gzipTrailer)), 0x81));
  return concat(...parts);
}

function lines(fields: Record<string, string>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}
