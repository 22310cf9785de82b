import { runSafely } from "../abi/run-safely.js";
import { Failure, MAX_TEXT } from "../abi/table.js";
import { explain, peek } from "../api/foreign.js";
import type { AttemptOwner } from "./attempt-owner.js";
import type { CarriedRequest, Carrier, CarrierEvents, CarrierFactory } from "./carrier.js";
import { ResponseBody } from "./response-body.js";

/** One attempt of a call. It passes what its carrier reports on to Go, and keeps what Go does not hold. */
export class Attempt implements CarrierEvents {
  readonly id: number;
  /** How many of the request's messages the carrier has taken. */
  taken = 0;
  /** The error that it failed with. */
  error: unknown;
  over = false;
  #call: AttemptOwner;
  #url = "";
  #carrier: Carrier | undefined;
  #body: ResponseBody;
  /** Made when somebody asks for the signal: nothing in the package needs it. */
  #abort: AbortController | undefined;
  /** How often the page had been left when the exchange last made progress. */
  #departures = 0;

  constructor(call: AttemptOwner, id: number) {
    this.#call = call;
    this.id = id;
    this.#body = new ResponseBody(call, this);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.over) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Sends the request. */
  open(carry: CarrierFactory, request: CarriedRequest): void {
    this.#departures = this.#call.engine.departures;
    this.#url = request.url;
    try {
      this.#carrier = carry(request, this);
    } catch (error) {
      this.#threw(error);
    }
    if (this.over) this.#kill(); // it failed at once
  }

  /** Asks for the next chunk of the response. */
  read(): void {
    this.#carrier?.read();
  }

  /** Inflates the payload that is now complete. */
  inflate(limit: number): void {
    if (!this.over) void this.#body.inflate(limit);
  }

  /** Ends the exchange, which the server sees as canceled. */
  kill(): void {
    if (this.over) return;
    this.over = true;
    this.#body.drop();
    this.#abort?.abort();
    this.#kill();
  }

  /** Must not throw, although the WebSocket class may be the user's own. */
  #kill(): void {
    runSafely(() => this.#carrier?.kill());
  }

  /** Nothing was sent. In Firefox a WebSocket's class throws if the page's policy forbids the address. */
  #threw(error: unknown): void {
    this.#call.engine.whenForbidden(this.#url, (directive) => {
      if (directive) this.#fail(Failure.Forbidden, error, directive);
      else this.invalidRequest(error);
    });
  }

  // What the carrier reports.

  invalidRequest(error: unknown, text?: string): void {
    this.#fail(Failure.InvalidRequest, error, text);
  }

  notResponse(error: unknown): void {
    this.#fail(Failure.NotResponse, error);
  }

  redirected(): void {
    this.#fail(Failure.Redirected, undefined, "");
  }

  noResponse(error: unknown, hint = ""): void {
    if (this.#interrupted(error)) {
      this.#fail(Failure.AbortedByHost, error);
      return;
    }
    this.#call.engine.whenForbidden(this.#url, (directive) => {
      if (directive) this.#fail(Failure.Forbidden, error, directive);
      else this.#fail(Failure.NoResponse, error, explain(error) + hint);
    });
  }

  /** A payload could not be inflated. */
  badPayload(error: unknown): void {
    this.#fail(Failure.BadPayload, error);
  }

  #fail(how: Failure, error: unknown, text: string = explain(error)): void {
    if (this.over) return;
    const { engine, id } = this.#call;
    this.error = error;
    if (how === Failure.InvalidRequest || how === Failure.NotResponse || how === Failure.Forbidden) this.#call.fault(error);
    this.#stopSending();
    engine.enter("failed", id, this.id, engine.clock.now(), how, engine.buffers.text(text));
  }

  head(status: number, fields: number, text: string): void {
    const { engine, id, tap } = this.#call;
    this.#departures = engine.departures;
    if (text.length > MAX_TEXT) {
      this.#fail(Failure.NotResponse, new RangeError(`the response's head is too long: ${text.length} characters`));
      return;
    }
    tap?.head(this.id, status, text);
    engine.enter("head", id, this.id, engine.clock.now(), status, fields, engine.buffers.head(text));
  }

  chunk(chunk: Uint8Array): void {
    this.#departures = this.#call.engine.departures;
    try {
      this.#call.tap?.chunk(this.id, chunk);
      this.#body.take(chunk);
    } catch (error) {
      this.broke(error); // the chunk's buffer was detached by someone else
    }
  }

  end(): void {
    if (this.over) return;
    const { engine, id, tap } = this.#call;
    this.#stopSending();
    tap?.end(this.id);
    engine.enter("end", id, this.id, engine.clock.now());
  }

  broke(error: unknown): void {
    if (this.#interrupted(error)) {
      this.#fail(Failure.AbortedByHost, error);
      return;
    }
    if (this.over) return;
    this.error = error;
    const { engine, id } = this.#call;
    this.#stopSending();
    engine.enter("broken", id, this.id, engine.clock.now(), engine.buffers.text(explain(error)));
  }

  closed(code: number, reason: string): void {
    if (this.#interrupted(undefined)) {
      this.#fail(Failure.AbortedByHost, new Error("the page was left"));
      return;
    }
    if (this.over) return;
    const { engine, id } = this.#call;
    this.#stopSending();
    engine.enter("closed", id, this.id, engine.clock.now(), code, engine.buffers.text(reason));
  }

  /**
   * Whether something other than this client ended the exchange: an AbortError that is not ours, or the page being left. A page that
   * comes back may learn only then what became of its requests; a request that has made progress since then is fine.
   */
  #interrupted(error: unknown): boolean {
    const { leaving, departures } = this.#call.engine;
    return leaving || departures !== this.#departures || peek(error, "name") === "AbortError";
  }

  /** Stops a request that is still being sent, because the exchange is over. */
  #stopSending(): void {
    if (this.#call.canStream) this.kill();
  }
}
