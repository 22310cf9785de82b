import { abandon, bytesOf, explain, peek, settle, show } from "../api/foreign.js";
import { base64 } from "../api/metadata.js";
import type { FetchLike } from "../api/options.js";
import type { CarriedRequest, Carrier, CarrierEvents } from "../call/carrier.js";

/** How a channel's requests are fetched. */
export interface FetchSettings {
  readonly fetch: FetchLike;
  readonly credentials: RequestCredentials;
  readonly redirect: "manual" | "follow";
  /** The body is sent in base64. */
  readonly inText: boolean;
  /** By the shape of what fetch was given: what `new Request` says against it, or "" if it takes it. */
  readonly refusals: Map<string, string>;
}

type Init = RequestInit & { duplex?: "half" };

/** Carries an attempt by fetch. */
export class FetchCarrier implements Carrier {
  #attempt: CarrierEvents;
  /** undefined: the response has no body. */
  #reader: Reader | undefined;

  constructor(settings: FetchSettings, { url, fields, body }: CarriedRequest, attempt: CarrierEvents) {
    this.#attempt = attempt;
    const { fetch, credentials, redirect, inText } = settings;
    const { signal } = attempt;
    const init: Init = { method: "POST", headers: fields, body, signal, redirect, credentials, mode: "cors", cache: "no-store" };
    for (const name of unknownFields()) delete init[name];
    let hint = "";
    if ("getReader" in body) {
      if (!canStream()) {
        attempt.invalidRequest(new TypeError("this browser's fetch cannot send a stream: leave requestStreaming out"));
        return;
      }
      init.duplex = "half";
      if (typeof location === "object") hint = STREAMED;
    } else if (inText) init.body = base64(body);
    else if (redirect === "follow") init.body = new Blob([body]); // Node 20 cannot send other bytes a second time
    const answer = fetch(url, init); // what it throws is told by the attempt
    settle(
      () => answer,
      (response) => this.#head(response),
      (error) => {
        const refusal = peek(error, "name") === "TypeError" && !("double" in fetch) && refusalOf(settings, url, init);
        if (refusal) attempt.invalidRequest(error, `${explain(error)} (${refusal})`);
        else attempt.noResponse(error, hint);
      },
    );
  }

  #head(response: Response): void {
    const attempt = this.#attempt;
    let status: number;
    let fields = 0;
    let text = "";
    try {
      const { type, body } = response;
      if (attempt.over) {
        abandon(body);
        return;
      }
      status = response.status;
      if (type === "opaqueredirect") {
        attempt.redirected();
        return;
      }
      if (!Number.isInteger(status) || status < 0 || status > 999) throw new TypeError(`its status is ${show(status)}`);
      if (typeof body?.getReader === "function") this.#reader = body.getReader();
      else if (body !== null) this.#reader = wholeOf(response);
      // Not by forEach, in which Chromium spends five times as long.
      for (const [name, value] of response.headers) {
        if (`${name}${value}`.includes("\0")) continue; // which ends a field in the text
        fields++;
        text += `${name}\0${value}\0`;
      }
    } catch (cause) {
      // Only a fetch function of the user's own can do this.
      attempt.notResponse(new TypeError("fetch did not resolve with an unread Response", { cause }));
      return;
    }
    attempt.head(status, fields, text);
  }

  read(): void {
    const reader = this.#reader;
    if (reader) settle(() => reader.read(), this.#took, this.#broke);
    else this.#attempt.end();
  }

  #took = (result: unknown): void => {
    const attempt = this.#attempt;
    let chunk: Uint8Array | undefined;
    try {
      const { done, value } = Object(result) as ReadableStreamReadResult<unknown>; // which may be none
      if (!done) chunk = bytesOf(value);
    } catch (error) {
      attempt.broke(error);
      return;
    }
    if (!chunk) attempt.end();
    else if (chunk.length > 0) attempt.chunk(chunk);
    else setTimeout(() => attempt.over || this.read()); // a stream of nothing else must not keep the page from its turns
  };

  #broke = (error: unknown): void => this.#attempt.broke(error);

  kill(): void {
    abandon(this.#reader);
  }
}

interface Reader {
  read(): unknown;
  cancel(): unknown;
}

/** Reads a body in one chunk, for a fetch function that gives no stream of it. */
function wholeOf(response: Response): Reader {
  if (typeof response.arrayBuffer !== "function") throw new TypeError("it has neither a body stream nor arrayBuffer");
  let done = false;
  return {
    async read() {
      if (done) return { done };
      done = true;
      return { value: await response.arrayBuffer() };
    },
    cancel() {},
  };
}

const FIELDS = ["credentials", "mode", "cache"] as const;
let asked: unknown;
let unknown: readonly (typeof FIELDS)[number][] = [];

/** The fields that this runtime's Request does not know. It may refuse the whole request for one, as Cloudflare Workers do. */
function unknownFields(): typeof unknown {
  if (typeof Request === "function" && asked !== Request) {
    asked = Request;
    unknown = FIELDS.filter((name) => !(name in (Request.prototype ?? {})));
  }
  return unknown;
}

/**
 * What `new Request` throws for what fetch was given. If it refuses that too, fetch has sent nothing. It is asked once for each shape,
 * because the values of fields are checked before a call is sent.
 */
function refusalOf({ refusals }: FetchSettings, url: string, init: Init): string {
  const shape = `${init.credentials} ${init.duplex}`;
  let refusal = refusals.get(shape);
  if (refusal === undefined) {
    refusal = "";
    try {
      // A stream that fetch has taken would be refused for that.
      if (typeof Request === "function") new Request(url, init.duplex ? { ...init, body: new ReadableStream() } : init);
    } catch (error) {
      refusal = explain(error);
    }
    refusals.set(shape, refusal);
  }
  return refusal;
}

/** Why fetch may have refused a stream: the browser says only that it failed. */
const STREAMED = " (requestStreaming sends the request as a stream, which browsers can do only over HTTP/2 or later)";

let streams: boolean | undefined;

/** Whether fetch can send streams. A fetch that cannot does not read `duplex`, and would send the text "[object ReadableStream]". */
function canStream(): boolean {
  if (typeof location !== "object") return true; // Node and its like
  streams ??= asksForDuplex();
  return streams;
}

function asksForDuplex(): boolean {
  let asked = false;
  const init = {
    method: "POST",
    body: new ReadableStream(),
    get duplex() {
      asked = true;
      return "half";
    },
  };
  try {
    return !new Request("https://localhost", init).headers.has("content-type") && asked;
  } catch {
    return false; // a Request without support for streams, or one that the page has replaced
  }
}
