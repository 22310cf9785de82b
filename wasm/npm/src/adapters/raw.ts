import { CANCELED_BY_READER } from "../abi/table.js";
import { type Ending, StatusError } from "../api/errors.js";
import { base64, type Metadata } from "../api/metadata.js";
import { Call } from "../call/call.js";
import type { CarrierFactory } from "../call/carrier.js";
import type { Receiver } from "../call/live-call.js";
import { Outgoing } from "../call/outgoing.js";
import type { Request, Tap } from "../call/request.js";
import { inflate } from "../carry/compression.js";
import { FetchCarrier, type FetchSettings } from "../carry/fetch.js";
import type { RawChannel } from "../channel/channel.js";
import { WIRE } from "./headers.js";

/** A request of another gRPC-Web client. Its body is sent as it is, and its response is returned as it came. */
export interface RawRequest {
  readonly method: string;
  /** What the client says about its body, and about itself. */
  readonly fields: readonly (readonly [string, string])[];
  readonly metadata: Metadata;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly credentials: RequestCredentials;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Sends a request. Resolves with the response of the attempt that the call was committed to. */
export function send(raw: RawRequest, { view, settings, listeners }: RawChannel): Promise<Response> {
  const answer = new RawAnswer(contentTypeOf(raw), raw.signal);
  let call: Call;
  try {
    // inflate is imported beforehand, because a service worker cannot import it later.
    const channel = { ...view(raw.method), carry: carrierOf(raw, settings), loadInflate: () => Promise.resolve(inflate) };
    call = new Call(channel, requestOf(raw, answer, listeners()), answer);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    answer.onEnd(error, error, -1);
    return answer.response;
  }
  answer.attach(call);
  call.start();
  return answer.response;
}

function contentTypeOf({ fields }: RawRequest): string {
  return fields.find(([name]) => name === "content-type")?.[1] ?? "application/grpc-web";
}

/** The body, the credentials and some fields are the other client's. */
function carrierOf({ body, credentials, fields: own }: RawRequest, settings: FetchSettings): CarrierFactory {
  return ({ url, fields }, events) =>
    new FetchCarrier({ ...settings, credentials, inText: false }, { url, fields: replaced(fields, own), body }, events);
}

function requestOf(raw: RawRequest, tap: Tap, listeners: Request["listeners"]): Request {
  const { method, metadata, timeoutMs, signal, body } = raw;
  return {
    method,
    outgoing: Outgoing.raw(body),
    canStream: false,
    streaming: true, // only the other client knows how many messages there should be
    metadata,
    timeoutMs,
    maxReceiveMessageBytes: Number.POSITIVE_INFINITY, // and how long they may be
    waitForReady: undefined,
    signal,
    listeners,
    tap,
  };
}

/** What the other client says about its body replaces what Hedgerow says about its own. */
const OF_BODY: ReadonlySet<string> = new Set(["content-type", "accept", "grpc-encoding", "grpc-accept-encoding"]);

function replaced(fields: [string, string][], by: RawRequest["fields"]): [string, string][] {
  const names = new Set(by.map(([name]) => name));
  const kept = fields.filter(([name]) => !OF_BODY.has(name) && !names.has(name));
  return [...kept, ...by.map(([name, value]): [string, string] => [name, value])];
}

/** Adds a field, unless its name or its value is one that no header has room for. */
function append(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch {}
}

/** The statuses whose responses have no body (Fetch, null body status). A Response refuses one. */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** One attempt's response. */
interface Exchange {
  readonly status: number;
  readonly headers: Headers;
  /** What has come and was not passed on yet. */
  chunks: Uint8Array<ArrayBuffer>[];
  ended: boolean;
}

/** Makes a Response of the attempt that a call commits to, or whose response ended the call. */
class RawAnswer implements Receiver, Tap {
  readonly response: Promise<Response>;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #contentType: string;
  #signal: AbortSignal | undefined;
  #exchanges: Map<number, Exchange> = new Map();
  #committed: number | undefined;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #call: Call | undefined;

  /** contentType is for a response that has to be made here. */
  constructor(contentType: string, signal: AbortSignal | undefined) {
    this.#contentType = contentType;
    this.#signal = signal;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  attach(call: Call): void {
    this.#call = call;
  }

  // What the attempts report.

  head(attempt: number, status: number, fields: string): void {
    const headers = new Headers();
    const parts = fields.split("\0");
    for (let i = 0; i + 1 < parts.length; i += 2) append(headers, parts[i] as string, parts[i + 1] as string);
    for (const name of ["content-encoding", "content-length"]) headers.delete(name); // which were true for the body on the wire
    const redirects = status >= 300 && status < 400 && status !== 304;
    if (redirects && !headers.has("grpc-status")) return; // a page that is handed a redirect follows it, or sees a network error
    // A Response takes no others. To gRPC they all mean UNKNOWN, as 500 does.
    const known = status >= 200 && status <= 599;
    this.#exchanges.set(attempt, { status: redirects ? 200 : known ? status : 500, headers, chunks: [], ended: false });
  }

  chunk(attempt: number, chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#call?.over) return; // its reader may have left while the chunk was on its way
    if (attempt === this.#committed) this.#body?.enqueue(chunk);
    else this.#exchanges.get(attempt)?.chunks.push(chunk);
  }

  end(attempt: number): void {
    const exchange = this.#exchanges.get(attempt);
    if (exchange) exchange.ended = true;
  }

  // What the call reports.

  onHeader(_header: Metadata, attempt: number): void {
    const exchange = this.#exchanges.get(attempt);
    if (!exchange) return;
    this.#committed = attempt;
    this.#exchanges = new Map([[attempt, exchange]]); // nothing is wanted of the others any more
    if (NO_BODY.has(exchange.status)) {
      this.#resolve(new Response(null, exchange));
      this.#call?.want(); // to its end, as nobody can read a body
      return;
    }
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
          for (const chunk of exchange.chunks.splice(0)) controller.enqueue(chunk);
        },
        pull: async () => {
          await undefined; // the chunk that was just passed on must be taken apart first, or Go would count this read for it
          this.#call?.want();
        },
        cancel: () => this.#call?.cancel(CANCELED_BY_READER),
      },
      { highWaterMark: 0 },
    );
    this.#resolve(new Response(body, exchange));
  }

  onMessage(): void {}

  onEnd(ending: Ending, error: StatusError | undefined, answer: number): void {
    if (this.#committed !== undefined) {
      const whole = this.#exchanges.get(this.#committed)?.ended;
      if (whole) this.#body?.close();
      else this.#body?.error(this.#given(error));
      return;
    }
    const exchange = this.#exchanges.get(answer);
    if (exchange?.headers.has("grpc-status")) this.#resolve(this.#made(ending, exchange.status, exchange.headers));
    else if (exchange) {
      const body = exchange.chunks.length > 0 && !NO_BODY.has(exchange.status) ? new Blob(exchange.chunks) : null;
      this.#resolve(new Response(body, exchange));
    } else if (this.#signal?.aborted) this.#reject(this.#given(error));
    else this.#resolve(this.#made(ending));
  }

  /** A fetch that was aborted rejects with its signal's reason. */
  #given(error: StatusError | undefined): unknown {
    return this.#signal?.aborted ? this.#signal.reason : error;
  }

  /**
   * A Trailers-Only response, so that any client can read its status: for a call that no server answered, or whose status came in the head
   * of a response whose body holds no message. Clients differ in what they make of such a body.
   */
  #made({ code, rawCode, message, details, trailer }: Ending, status = 200, headers: Headers = new Headers()): Response {
    const number = rawCode ?? code;
    const known = new Set(headers.keys());
    if (!known.has("content-type")) headers.set("content-type", this.#contentType);
    for (const [name, value] of trailer) {
      if (!known.has(name) && !WIRE.has(name)) append(headers, name, typeof value === "string" ? value : base64(value));
    }
    const init = { status, headers };
    if (Number(headers.get("grpc-status")) === number && known.has("grpc-status")) return new Response(null, init);
    headers.set("grpc-status", String(number));
    headers.set("grpc-message", encodeURIComponent(message.replace(/[\ud800-\udfff]/gu, "\ufffd")).replaceAll("%20", " "));
    if (details) headers.set("grpc-status-details-bin", base64(details));
    return new Response(null, init);
  }
}
