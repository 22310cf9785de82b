/** An attempt's request, as it goes over the network. */
export interface CarriedRequest {
  readonly url: string;
  readonly fields: [string, string][];
  /** A stream if each message is sent when it comes. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
}

/** Carries one attempt over the network: by a fetch, or by a WebSocket. */
export interface Carrier {
  /** Asks for the next chunk of the response, which is then reported, as is the end. */
  read(): void;
  /** Ends the exchange, which the server sees as canceled. */
  kill(): void;
}

/** What a carrier reports to its Attempt. */
export interface CarrierEvents {
  /** The attempt is over: nothing that is reported from now on has an effect. */
  readonly over: boolean;
  /** Aborted once the attempt is over. */
  readonly signal: AbortSignal;
  /** No request could be made, because fetch or the WebSocket refuses its arguments. text is the message, if it is not error's own. */
  invalidRequest(error: unknown, text?: string): void;
  /** What fetch returned cannot be read as a response. */
  notResponse(error: unknown): void;
  /** The response is a redirect, and nothing else is known about it. */
  redirected(): void;
  /** There was no response, as far as this side can tell. hint suggests a reason, in words. */
  noResponse(error: unknown, hint?: string): void;
  /** The response's head came. text has this many fields, each a name and a value, both followed by a NUL. */
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
