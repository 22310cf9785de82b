import type { Call } from "./call.js";
import { ABORTED_BY_HOST, NO_RESPONSE, NOT_REQUEST, SLICE } from "./host.js";

/** One attempt's fetch: it carries out what Go asks for, and tells what came of it. */
export class Attempt {
  readonly abort: AbortController = new AbortController();
  /** How many of the request's messages fetch has taken. */
  taken = 0;
  /** The network's own error, if it failed. */
  error: unknown;
  /** How often the page had been left when something was last heard of the exchange. */
  #departures = 0;
  /** The request is sent as it comes, and may be open still when the response has ended. */
  #uploads = false;
  #call: Call;
  #id: number;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** The parts of a message that began in an earlier chunk, and how much is still to come. */
  #parts: Uint8Array[] = [];
  #left = 0;
  /** Go has seen the chunk's end. */
  #drained = false;
  #dead = false;

  constructor(call: Call, id: number) {
    this.#call = call;
    this.#id = id;
  }

  /** Sends the request. */
  open(headers: [string, string][], body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>): void {
    const { fetch, url, credentials, engine } = this.#call;
    this.#departures = engine.departures;
    const init: RequestInit & { duplex?: "half" } = {
      method: "POST",
      headers,
      body,
      signal: this.abort.signal,
      credentials,
      mode: "cors",
      cache: "no-store",
      redirect: "error",
    };
    if (body instanceof ReadableStream) {
      if (!canStream()) {
        this.#fail(NO_RESPONSE, new TypeError("this browser's fetch cannot send a stream: leave requestStreaming out"));
        return;
      }
      init.duplex = "half";
      this.#uploads = true;
    }
    let response: Promise<Response>;
    try {
      response = Promise.resolve(fetch(url, init));
    } catch (error) {
      this.#fail(NOT_REQUEST, error);
      return;
    }
    response.then(
      (response) => this.#head(response),
      (error) => this.#fail(this.#interrupted(error) ? ABORTED_BY_HOST : NO_RESPONSE, error),
    );
  }

  /**
   * Something else than this client ended it: an AbortError that is not ours, or that the page was left. A page that comes back may
   * learn only then what became of its requests; one of which it has heard since is well.
   */
  #interrupted(error: unknown): boolean {
    const { leaving, departures } = this.#call.engine;
    return leaving || departures !== this.#departures || (error instanceof Error && error.name === "AbortError");
  }

  #fail(how: number, error: unknown): void {
    if (this.#dead) return;
    this.error = error;
    if (how === NOT_REQUEST) this.#call.cause = error;
    const { engine, host, id } = this.#call;
    const hint = how === NO_RESPONSE && this.#uploads && typeof location === "object" ? STREAMED : "";
    this.#stop();
    engine.enter("failed", id, this.#id, performance.now(), how, host.text(explain(error) + hint));
  }

  /** The exchange is over: what its request still has to say is not sent any more. */
  #stop(): void {
    if (this.#uploads) this.kill();
  }

  #head(response: Response): void {
    this.#departures = this.#call.engine.departures;
    let fields = 0;
    let text = "";
    try {
      if (this.#dead) {
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
      this.#fail(NOT_REQUEST, new TypeError("fetch answered with something else than an unread Response", { cause }));
      return;
    }
    const { engine, host, id } = this.#call;
    engine.enter("head", id, this.#id, performance.now(), response.status, fields, host.text(text));
  }

  /** Reads a chunk. */
  read(): void {
    if (!this.#reader) {
      this.#end(); // a response without a body
      return;
    }
    this.#reader.read().then(
      ({ done, value }) => {
        if (done) this.#end();
        else if (ArrayBuffer.isView(value)) this.#chunk(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
        else this.#break(new TypeError("the body's stream gave something else than bytes"));
      },
      (error) => this.#break(error),
    );
  }

  #end(): void {
    if (this.#dead) return;
    this.#stop();
    this.#call.engine.enter("end", this.#call.id, this.#id, performance.now());
  }

  #break(error: unknown): void {
    if (this.#interrupted(error)) {
      this.#fail(ABORTED_BY_HOST, error);
      return;
    }
    if (this.#dead) return;
    this.error = error;
    const { engine, host, id } = this.#call;
    this.#stop();
    engine.enter("broken", id, this.#id, performance.now(), host.text(explain(error)));
  }

  /**
   * Takes a chunk apart. Go frames it, slice by slice; the inside of a message, once its length is known, is passed over. A message
   * that lies whole in the chunk is a view of it; one that does not is put together here. Go knows by itself that the chunk is
   * drained if it saw its end.
   */
  #chunk(chunk: Uint8Array): void {
    const { engine, host, id } = this.#call;
    this.#departures = engine.departures;
    this.#drained = false;
    for (let at = 0; at < chunk.length && !this.#dead; ) {
      at = this.#left > 0 ? this.#continue(chunk, at) : this.#frame(chunk, at);
    }
    if (!this.#dead && !this.#drained) host.enter("drained", id, this.#id, performance.now());
    engine.perform();
  }

  #continue(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + this.#left);
    this.#keep(part);
    this.#call.host.enter("skip", this.#call.id, this.#id, part.length);
    return at + part.length;
  }

  #keep(part: Uint8Array): void {
    this.#parts.push(part);
    this.#left -= part.length;
    if (this.#left === 0) {
      const parts = this.#parts;
      this.#parts = [];
      this.#call.deliver(join(parts));
    }
  }

  #frame(chunk: Uint8Array, at: number): number {
    const { host, id } = this.#call;
    const slice = chunk.subarray(at, at + SLICE);
    const last = at + slice.length === chunk.length;
    host.enter("feed", id, this.#id, performance.now(), host.bytes(slice), last ? 1 : 0);
    if (!host.alive) return chunk.length;
    this.#drained = last && host.result === slice.length;
    let next = at + host.result;
    for (const { offset, length, total } of host.fragments()) {
      const from = at + offset;
      const inSlice = length === total;
      if (inSlice || from + total <= chunk.length) {
        this.#call.deliver(chunk.subarray(from, from + total));
        if (!inSlice) {
          host.enter("skip", id, this.#id, total - length);
          next = from + total;
        }
      } else {
        this.#left = total;
        this.#keep(chunk.subarray(from, chunk.length));
        const unfed = chunk.length - (from + length);
        if (unfed > 0) host.enter("skip", id, this.#id, unfed);
        next = chunk.length;
      }
    }
    return next;
  }

  /** Ends the exchange: the server sees it cancelled. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#parts = [];
    this.abort.abort();
    this.#reader?.cancel().catch(ignore);
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** An error with what is behind it: Node says "fetch failed", and why only in the cause. */
function explain(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message ? `${String(error)}: ${cause.message}` : String(error);
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
