import { base64 } from "../api/metadata.js";
import type { FetchLike } from "../api/options.js";
import type { CarriedRequest, Carrier, CarrierEvents } from "../call/carrier.js";

/** How a channel's requests are fetched. */
export interface FetchSettings {
  readonly fetch: FetchLike;
  readonly credentials: RequestCredentials;
  /** The body goes out in base64. */
  readonly inText: boolean;
}

/** Carries an attempt by fetch. */
export class FetchCarrier implements Carrier {
  #attempt: CarrierEvents;
  #uploads = false;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor({ fetch, credentials, inText }: FetchSettings, { url, fields, body }: CarriedRequest, attempt: CarrierEvents) {
    this.#attempt = attempt;
    const init: RequestInit & { duplex?: "half" } = {
      method: "POST",
      headers: fields,
      body,
      signal: attempt.signal,
      credentials,
      mode: "cors",
      cache: "no-store",
      redirect: "error",
    };
    if (body instanceof ReadableStream) {
      if (!canStream()) {
        attempt.noResponse(new TypeError("this browser's fetch cannot send a stream: leave requestStreaming out"));
        return;
      }
      init.duplex = "half";
      this.#uploads = true;
    } else if (inText) init.body = base64(body);
    let response: Promise<Response>;
    try {
      response = Promise.resolve(fetch(url, init));
    } catch (error) {
      attempt.notSent(error);
      return;
    }
    response.then(
      (response) => this.#head(response),
      (error) => attempt.noResponse(error, this.#uploads && typeof location === "object" ? STREAMED : ""),
    );
  }

  #head(response: Response): void {
    const attempt = this.#attempt;
    let fields = 0;
    let text = "";
    try {
      if (attempt.signal.aborted) {
        response.body?.cancel().catch(ignore);
        return;
      }
      this.#reader = response.body?.getReader();
      response.headers.forEach((value, name) => {
        fields++;
        text += `${name}\0${value}\0`;
      });
    } catch (cause) {
      // Only a fetch of the user's own can do this.
      attempt.notSent(new TypeError("fetch answered with something else than an unread Response", { cause }));
      return;
    }
    attempt.head(response.status, fields, text);
  }

  read(): void {
    const attempt = this.#attempt;
    if (!this.#reader) {
      attempt.end(); // a response without a body
      return;
    }
    this.#reader.read().then(
      ({ done, value }) => {
        if (done) attempt.end();
        else if (ArrayBuffer.isView(value)) attempt.chunk(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
        else attempt.broke(new TypeError("the body's stream gave something else than bytes"));
      },
      (error) => attempt.broke(error),
    );
  }

  kill(): void {
    this.#reader?.cancel().catch(ignore);
  }
}

/** Why fetch may have refused a stream, where the browser only says that it failed. */
const STREAMED = " (requestStreaming sends the request as a stream, which browsers do only over HTTP/2 or later)";

let streams: boolean | undefined;

/** Whether fetch sends streams. One that does not know them asks for no duplex, and would send the text "[object ReadableStream]". */
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
    return false; // a Request that knows no streams, or a page's own
  }
}

function ignore(): void {}
