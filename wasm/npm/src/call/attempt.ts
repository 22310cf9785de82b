import { ABORTED_BY_HOST, NO_RESPONSE, NOT_REQUEST } from "../abi/host.js";
import { show } from "../api/metadata.js";
import type { Call } from "./call.js";
import { ResponseBody } from "./response-body.js";

/** What carries an attempt's exchange: a fetch, or a WebSocket. It tells the attempt what comes of it. */
export interface Carrier {
  /** Has one chunk of the response told, or its end. */
  read(): void;
  /** Ends the exchange: the server sees it cancelled. */
  kill(): void;
}

/** One attempt: it hands on to Go what its carrier tells, and takes chunks apart as Go says. */
export class Attempt {
  readonly id: number;
  readonly abort: AbortController = new AbortController();
  /** How many of the request's messages the carrier has taken. */
  taken = 0;
  /** The network's own error, if it failed. */
  error: unknown;
  #call: Call;
  #carrier: Carrier | undefined;
  /** How often the page had been left when something was last heard of the exchange. */
  #departures = 0;
  /** The request is sent as it comes, and may be open still when the response has ended. */
  #uploads = false;
  #body: ResponseBody;
  #dead = false;

  constructor(call: Call, id: number) {
    this.#call = call;
    this.id = id;
    this.#body = new ResponseBody(call, this);
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

  /** Go asks for the payload that has just come whole to be inflated. */
  inflate(limit: number): void {
    if (!this.#dead) void this.#body.inflate(limit);
  }

  /** Ends the exchange: the server sees it cancelled. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#body.drop();
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
    const { engine, id } = this.#call;
    const why = how === NO_RESPONSE && this.#interrupted(error) ? ABORTED_BY_HOST : how;
    this.#stop();
    engine.enter("failed", id, this.id, this.#now, why, engine.buffers.text(explain(error) + (why === NO_RESPONSE ? hint : "")));
  }

  /** The response's head: so many fields, names and values in turn, each ended by a NUL. */
  head(status: number, fields: number, text: string): void {
    const { engine, id } = this.#call;
    this.#departures = engine.departures;
    this.#call.raw?.tap.head(this.id, status, text);
    engine.enter("head", id, this.id, this.#now, status, fields, engine.buffers.text(text));
  }

  /** A chunk of the response, of at least one byte. */
  chunk(chunk: Uint8Array): void {
    this.#departures = this.#call.engine.departures;
    this.#call.raw?.tap.chunk(this.id, chunk);
    this.#body.take(chunk);
  }

  end(): void {
    if (this.#dead) return;
    this.#stop();
    this.#call.raw?.tap.end(this.id);
    this.#call.engine.enter("end", this.#call.id, this.id, this.#now);
  }

  /** The response could not be read on. */
  broke(error: unknown): void {
    if (this.#interrupted(error)) {
      this.fail(ABORTED_BY_HOST, error);
      return;
    }
    if (this.#dead) return;
    this.error = error;
    const { engine, id } = this.#call;
    this.#stop();
    engine.enter("broken", id, this.id, this.#now, engine.buffers.text(explain(error)));
  }

  /** The WebSocket was closed. */
  closed(code: number, reason: string): void {
    if (this.#interrupted(undefined)) {
      this.fail(ABORTED_BY_HOST, new Error("the page was left"));
      return;
    }
    if (this.#dead) return;
    const { engine, id } = this.#call;
    this.#stop();
    engine.enter("closed", id, this.id, this.#now, code, engine.buffers.text(reason));
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
}

/** An error with what is behind it: Node says "fetch failed", and why only in the cause. */
function explain(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message ? `${show(error)}: ${cause.message}` : show(error);
}
