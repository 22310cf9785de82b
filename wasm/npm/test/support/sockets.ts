// A WebSocket class without a network, for tests that are the server themselves, and one for tests with the real server.
import type { TestContext } from "node:test";
import { type Channel, type ChannelOptions, createChannel } from "hedgerow";
import { WebSocket as Undici } from "undici";
import { concat, trailers } from "./responses.js";
import { connect as fetching } from "./server.js";

/** The head of a response that is not a failure. It is the first frame. */
export const HEAD: Uint8Array<ArrayBuffer> = trailers("content-type: application/grpc-web+proto");
/** A Trailers-Only response or, after the head, the trailers. */
export const BUSY: Uint8Array<ArrayBuffer> = trailers("grpc-status: 14", "grpc-message: busy");

/** A channel to the real server whose streams go over undici's WebSockets: Node 20 has none of its own. */
export function connect(t: TestContext, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  return fetching(t, { webSocket: Undici as unknown as typeof WebSocket, ...options });
}

/** A channel over the sockets, which is closed when the test ends. */
export async function over(t: TestContext, sockets: Sockets, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  const channel = await createChannel({ baseUrl: "https://api.test/grpc", webSocket: sockets.WebSocket, ...options });
  t.after(() => channel.close());
  return channel;
}

/** A server that waits for the whole request, and then sends the frames. */
export function answering(...frames: Uint8Array[]): (socket: FakeSocket) => Promise<void> {
  return async (socket) => {
    await socket.open().until(({ ended }) => ended);
    socket.answer(...frames).shut();
  };
}

/** One WebSocket. It records what the package does with it. What a server would do, the test does. */
export class FakeSocket {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readyState = 0;
  binaryType = "blob";
  bufferedAmount = 0;
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  /** The messages that were sent, as they went out. */
  readonly sent: Uint8Array[] = [];
  #waiting: (() => void)[] = [];

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {}

  send(data: Uint8Array): void {
    if (this.readyState === this.CONNECTING) throw new DOMException("still connecting", "InvalidStateError");
    if (this.readyState !== this.OPEN) return;
    this.sent.push(data.slice());
    this.#wake();
  }

  close(): void {
    if (this.readyState < this.CLOSING) this.readyState = this.CLOSING;
    this.#wake();
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  // These are called by the test, in the part of the server.

  open(): this {
    this.readyState = this.OPEN;
    this.onopen?.({});
    return this;
  }

  /** Sends messages as they are. */
  give(...messages: unknown[]): this {
    for (const data of messages) this.onmessage?.({ data: data instanceof Uint8Array ? data.slice().buffer : data });
    return this;
  }

  shut(code = 1000, reason = ""): this {
    this.readyState = this.CLOSED;
    this.onclose?.({ code, reason });
    this.#wake();
    return this;
  }

  /** Sends each frame in two messages, its prefix and its payload, as the wrapper does. */
  answer(...frames: Uint8Array[]): this {
    for (const frame of frames) this.give(frame.subarray(0, 5), frame.subarray(5));
    return this;
  }

  // These return what the server has received.

  /** The header, from the first message. */
  get header(): Record<string, string> {
    const lines = new TextDecoder().decode(this.sent[0]).split("\r\n").filter(Boolean);
    return Object.fromEntries(lines.map((line) => line.split(": ") as [string, string]));
  }

  /** The control bytes of the messages after the header. */
  get controls(): (number | undefined)[] {
    return this.sent.slice(1).map(([control]) => control);
  }

  /** The request's body: all pieces together. */
  get request(): Uint8Array {
    return concat(...this.sent.slice(1).map((message) => message.subarray(1)));
  }

  get ended(): boolean {
    return this.controls.at(-1) === 1;
  }

  /** Waits until the server has received enough, or the socket is closed. */
  async until(enough: (socket: this) => boolean): Promise<this> {
    while (!enough(this) && this.readyState < this.CLOSING) await new Promise<void>((go) => this.#waiting.push(go));
    return this;
  }
}

/** The sockets of one test. */
export class Sockets {
  readonly all: FakeSocket[] = [];
  /** The class to pass as the option webSocket. */
  readonly WebSocket: typeof WebSocket;
  #waiting: (() => void)[] = [];

  /** serve is called with each new socket, after its constructor has returned. */
  constructor(serve: (socket: FakeSocket, number: number) => unknown = () => {}) {
    const made = (socket: FakeSocket) => {
      const number = this.all.push(socket);
      for (const go of this.#waiting.splice(0)) go();
      queueMicrotask(() => serve(socket, number));
    };
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol);
        made(this);
      }
    } as unknown as typeof WebSocket;
  }

  /** The n-th socket, from 1, once it was made. */
  async socket(n: number): Promise<FakeSocket> {
    while (this.all.length < n) await new Promise<void>((go) => this.#waiting.push(go));
    return this.all[n - 1] as FakeSocket;
  }
}
