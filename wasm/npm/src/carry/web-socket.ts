// Loaded only where the option webSocket is set: see openChannel.

import { SOCKET_DATA, SOCKET_HALF_CLOSE, SOCKET_PIECE } from "../abi/table-socket.js";
import type { CarriedRequest, Carrier, CarrierEvents } from "../call/carrier.js";

/** The subprotocol, and with it the dialect, of the improbable wrapper (github.com/improbable-eng/grpc-web). */
const PROTOCOL = "grpc-websockets";

/**
 * A frame that breaks off. The wrapper tells its handler of the end of a socket as of the request's: without this, one that was busy
 * meanwhile would take what came until then for all of it.
 */
const BROKEN_OFF: Uint8Array = Uint8Array.of(0, 0, 0, 0, 1);

/** How many bytes may wait to be sent before the next message is taken, and how often that is looked at, in milliseconds: no event tells. */
const HIGH_WATER = 256 * 1024;
const LOOK = 10;

/** The status with which a WebSocket opens: Go reads the response's head from its first frame. */
const SWITCHING_PROTOCOLS = 101;

/** How a WebSocket was closed (RFC 6455, 7.4). */
type Closing = Pick<CloseEvent, "code" | "reason">;

/** The code of a close without a closing handshake. */
const LOST = 1006;

/** A server that sends text does not speak the dialect. The socket is given up, for what a close code has a name for. */
const UNSUPPORTED: Closing = { code: 1003, reason: "received a message that is not binary" };

/** Carries an attempt by a WebSocket of its own. */
export class WebSocketCarrier implements Carrier {
  #attempt: CarrierEvents;
  #socket: WebSocket | undefined;
  #request: ReadableStreamDefaultReader<Uint8Array>;
  /** What has come and was not read yet. A WebSocket cannot be held back. */
  #inbox: (Uint8Array | Closing)[] = [];
  #reading = false;
  /** The request has begun, and was not ended. */
  #unended = false;

  constructor(
    WebSocketClass: typeof WebSocket,
    { url, fields }: CarriedRequest,
    body: ReadableStream<Uint8Array>,
    attempt: CarrierEvents,
  ) {
    this.#attempt = attempt;
    this.#request = body.getReader();
    const socket = new WebSocketClass(url.replace(/^http/, "ws"), PROTOCOL); // what it throws is told by the attempt
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    let opened = false;
    /** The class may be the user's own, and do what no WebSocket does. */
    const safe =
      <E>(act: (event: E) => void) =>
      (event: E): void => {
        try {
          act(event);
        } catch (error) {
          attempt.broke(error);
        }
      };
    socket.onopen = safe(() => {
      if (opened || attempt.over) return;
      opened = true;
      socket.send(new TextEncoder().encode(fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")));
      this.#unended = true;
      this.#send(socket).catch((error: unknown) => attempt.broke(error));
      attempt.head(SWITCHING_PROTOCOLS, 0, "");
    });
    socket.onmessage = safe((event) => {
      const bytes = bytesOf(event.data);
      if (bytes?.length !== 0) this.#came(bytes ?? UNSUPPORTED);
    });
    socket.onclose = safe((event) => {
      const { code, reason } = closingOf(event);
      if (opened) this.#came({ code, reason });
      else attempt.noResponse(new Error(`the socket was closed before it opened, with code ${code}`));
    });
    // Where a Content-Security-Policy forbids the socket, Chromium tells this and no close.
    socket.onerror = () => {
      if (!opened) attempt.noResponse(new Error("the socket failed before it opened, and no reason was given"));
    };
  }

  /** Sends the request: its messages as they come, each in pieces. */
  async #send(socket: WebSocket): Promise<void> {
    for (;;) {
      const { done, value } = await this.#request.read();
      if (socket.readyState !== socket.OPEN) return;
      if (done) break;
      for (let at = 0; at < value.length; at += SOCKET_PIECE)
        socket.send(controlled(SOCKET_DATA, value.subarray(at, at + SOCKET_PIECE)));
      // A socket that was closed with something unsent in it never sends it.
      while (socket.bufferedAmount > HIGH_WATER && socket.readyState === socket.OPEN && !this.#attempt.over)
        await new Promise((go) => setTimeout(go, LOOK));
    }
    this.#unended = false;
    socket.send(controlled(SOCKET_HALF_CLOSE, new Uint8Array()));
  }

  #came(what: Uint8Array | Closing): void {
    if (this.#attempt.over) return;
    this.#inbox.push(what);
    if (this.#reading) this.read();
  }

  read(): void {
    const next = this.#inbox.shift();
    this.#reading = next === undefined;
    if (!next) return;
    if ("code" in next) this.#attempt.closed(next.code, next.reason);
    else this.#attempt.chunk(next);
  }

  kill(): void {
    this.#inbox = [];
    this.#request.cancel().catch(() => {});
    try {
      if (this.#unended) this.#socket?.send(controlled(SOCKET_DATA, BROKEN_OFF)); // of no effect where it is closed
    } finally {
      this.#socket?.close();
    }
  }
}

/** How a socket says that it was closed, which may be a class of the user's own. Without a code it was lost. */
function closingOf(event: CloseEvent | undefined): Closing {
  const { code, reason = "" } = event ?? {};
  return { code: Number.isInteger(code) ? (code as number) : LOST, reason: String(reason) };
}

/** What an ArrayBuffer holds; it may be another realm's. undefined: it is none. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Object.prototype.toString.call(data) === "[object ArrayBuffer]" ? new Uint8Array(data as ArrayBuffer) : undefined;
}

function controlled(control: number, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1 + piece.length);
  bytes[0] = control;
  bytes.set(piece, 1);
  return bytes;
}
