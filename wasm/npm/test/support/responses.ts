// Responses that tests give, in the bytes of gRPC-Web.
import type { Code } from "hedgerow";

const encoder = new TextEncoder();

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A frame of gRPC-Web: flags, length, payload. */
export function frame(payload: Uint8Array, flags = 0): Uint8Array<ArrayBuffer> {
  const prefix = new Uint8Array(5);
  prefix[0] = flags;
  new DataView(prefix.buffer).setUint32(1, payload.length);
  return concat(prefix, payload);
}

/** The trailers frame. */
export function trailers(...lines: string[]): Uint8Array<ArrayBuffer> {
  return frame(encoder.encode(lines.map((line) => `${line}\r\n`).join("")), 0x80);
}

export const OK: Uint8Array<ArrayBuffer> = trailers("grpc-status: 0");

export const WEB = { "content-type": "application/grpc-web+proto" };

/** A complete response: the messages, then the status OK. */
export function ok(...messages: Uint8Array[]): Response {
  return new Response(concat(...messages.map((message) => frame(message)), OK), { headers: WEB });
}

/** A Trailers-Only answer. */
export function failed(code: Code, message = "", fields: Record<string, string> = {}): Response {
  return new Response(null, { headers: { ...WEB, "grpc-status": String(code), "grpc-message": message, ...fields } });
}

/** A response with HTTP status 200 and the stream as its body. */
export function streamed(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: WEB });
}

/** A body of these chunks. It counts how many were asked for, and gives none before it is asked. */
export class Chunks {
  pulled = 0;
  cancelled: unknown;
  readonly body: ReadableStream<Uint8Array>;

  constructor(...chunks: Uint8Array[]) {
    this.body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const chunk = chunks[this.pulled++];
          if (chunk) controller.enqueue(chunk);
          else controller.close();
        },
        cancel: (reason) => {
          this.cancelled = reason ?? "cancelled";
        },
      },
      { highWaterMark: 0 },
    );
  }
}
