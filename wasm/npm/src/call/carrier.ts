/** An attempt's request, as it goes over the network. */
export interface CarriedRequest {
  readonly url: string;
  readonly fields: [string, string][];
  /** A stream where the messages go out as they come. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

/** Carries one attempt over the network: by a fetch, or by a WebSocket. */
export interface Carrier {
  /** Asks for the next chunk of the response, or its end. It comes as an event. */
  read(): void;
  /** Ends the exchange, which the server sees as canceled. */
  kill(): void;
}

/** What a carrier reports. An Attempt listens. */
export interface CarrierEvents {
  /** Aborted once the attempt is over: nothing that is reported from then on has an effect. */
  readonly signal: AbortSignal;
  /** No request could be made of what was to be sent. text says why, if it is not error alone that does. */
  notSent(error: unknown, text?: string): void;
  /** What fetch returned cannot be read as a response. */
  notResponse(error: unknown): void;
  /** The response is a redirect, and nothing else is known of it. */
  redirected(): void;
  /** There was no response, as far as this side can tell. hint says in words what may be the reason. */
  noResponse(error: unknown, hint?: string): void;
  /** The response's head: so many fields, each a name and a value, both ended by a NUL. */
  head(status: number, fields: number, text: string): void;
  /** A chunk of the response's body, of at least one byte. */
  chunk(chunk: Uint8Array): void;
  /** The body has ended. */
  end(): void;
  /** The body could not be read to its end. */
  broke(error: unknown): void;
  /** The WebSocket was closed. */
  closed(code: number, reason: string): void;
}

/** Sends a request. It may report at once that it cannot. */
export type CarrierFactory = (request: CarriedRequest, events: CarrierEvents) => Carrier;

/** Inflates a payload, but stops once it holds more than limit bytes: then the result is longer than that. */
export type Inflate = (payload: Uint8Array, limit: number) => Promise<Uint8Array>;
