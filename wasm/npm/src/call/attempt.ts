import { ABORTED_BY_HOST, BAD_PAYLOAD, type Fragment, NO_RESPONSE, NOT_REQUEST, SLICE, TRAILERS } from "../abi/host.js";
import { show } from "../api/metadata.js";
import type { Call } from "./call.js";

/** What carries an attempt's exchange: a fetch, or a WebSocket. It tells the attempt what comes of it. */
export interface Carrier {
  /** Has one chunk of the response told, or its end. */
  read(): void;
  /** Ends the exchange: the server sees it cancelled. */
  kill(): void;
}

/** One attempt: it hands on to Go what its carrier tells, and takes chunks apart as Go says. */
export class Attempt {
  readonly abort: AbortController = new AbortController();
  /** How many of the request's messages the carrier has taken. */
  taken = 0;
  /** The network's own error, if it failed. */
  error: unknown;
  #call: Call;
  #id: number;
  #carrier: Carrier | undefined;
  /** How often the page had been left when something was last heard of the exchange. */
  #departures = 0;
  /** The request is sent as it comes, and may be open still when the response has ended. */
  #uploads = false;
  /** The parts of a payload that began earlier, its frame's flags, and how much is still to come. */
  #parts: Uint8Array[] = [];
  #flags = 0;
  #left = 0;
  /** The same of a payload that Go decodes. */
  #due = 0;
  /** A compressed payload that has come whole, and the most that is wanted of what is in it; Go feeds on when it is inflated. */
  #packed: Uint8Array | undefined;
  #limit: number | undefined;
  /** Go has seen the chunk's end. */
  #drained = false;
  #dead = false;

  constructor(call: Call, id: number) {
    this.#call = call;
    this.#id = id;
  }

  get #now(): number {
    return this.#call.engine.clock.now();
  }

  /** Sends the request, by a carrier that is made here: it may say at once that it cannot. */
  open(uploads: boolean, carry: () => Carrier): void {
    this.#departures = this.#call.engine.departures;
    this.#uploads = uploads;
    this.#carrier = carry();
    if (this.#dead) this.#carrier.kill();
  }

  /** Reads a chunk. */
  read(): void {
    this.#carrier?.read();
  }

  /** Ends the exchange: the server sees it cancelled. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#parts = [];
    this.#packed = undefined;
    this.abort.abort();
    this.#carrier?.kill();
  }

  // What the carrier tells.

  /** No one wants to hear of it any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** There was no response, or no request; hint says in words what may be the reason. */
  fail(how: number, error: unknown, hint = ""): void {
    if (this.#dead) return;
    this.error = error;
    if (how === NOT_REQUEST) this.#call.cause = error;
    const { engine, host, id } = this.#call;
    const why = how === NO_RESPONSE && this.#interrupted(error) ? ABORTED_BY_HOST : how;
    this.#stop();
    engine.enter("failed", id, this.#id, this.#now, why, host.text(explain(error) + (why === NO_RESPONSE ? hint : "")));
  }

  /** The response's head: so many fields, names and values in turn, each ended by a NUL. */
  head(status: number, fields: number, text: string): void {
    const { engine, host, id } = this.#call;
    this.#departures = engine.departures;
    this.#call.raw?.tap.head(this.#id, status, text);
    engine.enter("head", id, this.#id, this.#now, status, fields, host.text(text));
  }

  /** A chunk of the response, of at least one byte. */
  chunk(chunk: Uint8Array): void {
    this.#departures = this.#call.engine.departures;
    this.#drained = false;
    this.#call.raw?.tap.chunk(this.#id, chunk);
    this.#take(chunk, 0);
  }

  end(): void {
    if (this.#dead) return;
    this.#stop();
    this.#call.raw?.tap.end(this.#id);
    this.#call.engine.enter("end", this.#call.id, this.#id, this.#now);
  }

  /** The response could not be read on. */
  broke(error: unknown): void {
    if (this.#interrupted(error)) {
      this.fail(ABORTED_BY_HOST, error);
      return;
    }
    if (this.#dead) return;
    this.error = error;
    const { engine, host, id } = this.#call;
    this.#stop();
    engine.enter("broken", id, this.#id, this.#now, host.text(explain(error)));
  }

  /** The WebSocket was closed. */
  closed(code: number, reason: string): void {
    if (this.#interrupted(undefined)) {
      this.fail(ABORTED_BY_HOST, new Error("the page was left"));
      return;
    }
    if (this.#dead) return;
    const { engine, host, id } = this.#call;
    this.#stop();
    engine.enter("closed", id, this.#id, this.#now, code, host.text(reason));
  }

  /**
   * Something else than this client ended it: an AbortError that is not ours, or that the page was left. A page that comes back may
   * learn only then what became of its requests; one of which it has heard since is well.
   */
  #interrupted(error: unknown): boolean {
    const { leaving, departures } = this.#call.engine;
    return leaving || departures !== this.#departures || (error instanceof Error && error.name === "AbortError");
  }

  /** The exchange is over: what its request still has to say is not sent any more. */
  #stop(): void {
    if (this.#uploads) this.kill();
  }

  // Taking a chunk apart.

  /**
   * Go frames the chunk, slice by slice; the inside of a payload, once its length is known, is passed over. A message that lies whole
   * in the chunk is a view of it; one that does not is put together here, as is all that Go had to decode. A compressed payload is
   * inflated before the rest is looked at. Go knows by itself that the chunk is drained if it saw its end.
   */
  #take(chunk: Uint8Array, from: number): void {
    const { engine, host, id } = this.#call;
    for (let at = from; ; ) {
      if (this.#dead) break;
      if (this.#limit !== undefined) {
        void this.#inflate(this.#limit, chunk, at);
        break;
      }
      if (at >= chunk.length) {
        if (!this.#drained) host.enter("drained", id, this.#id, this.#now);
        break;
      }
      at = this.#left > 0 ? this.#continue(chunk, at) : this.#frame(chunk, at);
    }
    engine.perform();
  }

  #continue(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + this.#left);
    this.#left -= part.length;
    this.#keep(part, this.#left === 0);
    this.#call.host.enter("skip", this.#call.id, this.#id, part.length);
    return at + part.length;
  }

  #frame(chunk: Uint8Array, at: number): number {
    const { host, id } = this.#call;
    const slice = chunk.subarray(at, at + SLICE);
    const last = at + slice.length === chunk.length;
    host.enter("feed", id, this.#id, this.#now, host.bytes(slice), last ? 1 : 0);
    if (!host.alive) return chunk.length;
    let next = at + host.result;
    this.#drained = last && next === chunk.length && this.#limit === undefined;
    for (const fragment of host.fragments()) {
      this.#flags = fragment.flags;
      next = fragment.decoded ? this.#copy(fragment, next) : this.#view(fragment, chunk, at + fragment.offset, next);
    }
    return next;
  }

  /** A fragment that Go has decoded lies in Go's memory. */
  #copy({ first, offset, length, total }: Fragment, next: number): number {
    if (first) this.#due = total;
    this.#due -= length;
    this.#keep(this.#call.host.decoded(offset, length), this.#due === 0);
    return next;
  }

  /** A fragment of a payload that begins here. What of it lies beyond the slice is taken without feeding it. */
  #view({ length, total }: Fragment, chunk: Uint8Array, from: number, next: number): number {
    const { host, id } = this.#call;
    const end = Math.min(from + total, chunk.length);
    this.#left = from + total - end;
    this.#keep(chunk.subarray(from, end), this.#left === 0);
    const unfed = end - (from + length);
    if (unfed === 0) return next;
    host.enter("skip", id, this.#id, unfed);
    return end;
  }

  #keep(part: Uint8Array, last: boolean): void {
    // Who taps the chunks has a message's bytes already.
    const kept = this.#call.raw && (this.#flags & TRAILERS) === 0 ? NOTHING : part;
    if (!last) {
      this.#parts.push(kept);
      return;
    }
    const payload = this.#parts.length === 0 ? kept : join([...this.#parts.splice(0), kept]);
    if ((this.#flags & 1) === 0) this.#call.deliver(payload);
    else this.#packed = payload;
  }

  /** Go asks for what has just come whole to be inflated. */
  inflate(limit: number): void {
    this.#limit = limit;
  }

  async #inflate(limit: number, chunk: Uint8Array, at: number): Promise<void> {
    const { host, id, raw: tapped } = this.#call;
    const message = (this.#flags & TRAILERS) === 0;
    let raw: Uint8Array;
    try {
      const inflate = tapped?.inflate ?? (await import("../carry/compression.js")).inflate;
      // A message that another client is to inflate passes as it is.
      raw = tapped && message ? new Uint8Array() : await inflate(this.#packed as Uint8Array<ArrayBuffer>, limit);
    } catch (error) {
      this.fail(BAD_PAYLOAD, error);
      return;
    }
    if (this.#dead) return;
    this.#limit = this.#packed = undefined;
    host.enter("inflated", id, this.#id, this.#now, raw.length, message ? 0 : host.bytes(raw));
    if (message && !this.#call.over) this.#call.deliver(raw);
    this.#take(chunk, at);
  }
}

const NOTHING = new Uint8Array();

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
  return cause instanceof Error && cause.message ? `${show(error)}: ${cause.message}` : show(error);
}
