// One request and what came back, as a browser would make it: over HTTP/2 where the server chooses that in TLS, else over HTTP/1.1. It is
// not Node's fetch, which hides redirects' bodies, lets no certificate pass, and speaks HTTP/1.1 alone.

import { request as overHttp } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as overHttps } from "node:https";
import { connect as connectTls } from "node:tls";

export interface Answer {
  readonly status: number;
  /** By lower-case name; fields of one name are joined by commas, as fetch joins them. */
  readonly headers: ReadonlyMap<string, string>;
  /** What came of the body within the limits of size and time. */
  readonly body: Buffer;
}

export interface Sent {
  readonly method: "POST" | "OPTIONS" | "GET";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Reach {
  readonly insecure: boolean;
  readonly timeout: number;
}

/** How a server is spoken to; "upgrade" and its headers are HTTP/1.1's. */
export type Protocol = "HTTP/1.1" | "HTTP/2";

/** Far more than the answer to a failed call has. */
const LIMIT = 1 << 20;

/** Opens a TLS connection, and tells which protocol the server chose. Rejects with why there is none. */
export function negotiate(url: string, { insecure, timeout }: Reach): Promise<Protocol> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, "");
    const socket = connectTls({
      host,
      port: Number(port || 443),
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }), // an address is no server name (RFC 6066, 3)
      ALPNProtocols: ["h2", "http/1.1"],
      rejectUnauthorized: !insecure,
      timeout,
    });
    socket.once("secureConnect", () => {
      socket.destroy();
      resolve(socket.alpnProtocol === "h2" ? "HTTP/2" : "HTTP/1.1");
    });
    socket.once("timeout", () => socket.destroy(tooLate(timeout)));
    socket.once("error", reject);
  });
}

/** Makes one request. Rejects if no response's head comes. */
export function exchange(protocol: Protocol, url: string, sent: Sent, reach: Reach): Promise<Answer> {
  return protocol === "HTTP/2" ? byHttp2(url, sent, reach) : byHttp1(url, sent, reach);
}

function byHttp1(url: string, { method, headers, body }: Sent, { insecure, timeout }: Reach): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const of = { method, agent: false, headers: { ...headers, ...(body ? { "content-length": body.length } : {}) } };
    const request = url.startsWith("https:") ? overHttps(url, { ...of, rejectUnauthorized: !insecure }) : overHttp(url, of);
    const timer = setTimeout(() => request.destroy(tooLate(timeout)), timeout);
    const end = (status: number, fields: readonly string[], content: Buffer) => {
      clearTimeout(timer);
      const pairs = fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ""] as const] : []));
      resolve({ status, headers: joined(pairs), body: content });
      request.destroy();
    };
    request.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.once("response", (response) => {
      collect(response, (content) => end(response.statusCode ?? 0, response.rawHeaders, content));
    });
    request.once("upgrade", (response) => end(response.statusCode ?? 0, response.rawHeaders, Buffer.alloc(0)));
    request.end(body);
  });
}

function byHttp2(url: string, { method, headers, body }: Sent, { insecure, timeout }: Reach): Promise<Answer> {
  const { origin, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const session = connectHttp2(origin, { rejectUnauthorized: !insecure });
    const stop = (error: Error) => {
      clearTimeout(timer);
      session.destroy();
      reject(error);
    };
    const timer = setTimeout(() => stop(tooLate(timeout)), timeout);
    session.once("error", stop);
    const stream = session.request({ ...headers, ":method": method, ":path": pathname });
    stream.once("error", stop);
    stream.once("response", (fields) => {
      const pairs = Object.entries(fields).flatMap(([name, value]) =>
        name.startsWith(":") ? [] : [[name, String(value)] as const],
      );
      collect(stream, (content) => {
        clearTimeout(timer);
        session.destroy();
        resolve({ status: Number(fields[":status"]), headers: joined(pairs), body: content });
      });
    });
    stream.end(body);
  });
}

/** Reads a body until it ends, breaks off or is large enough: a timeout breaks it off. */
function collect(body: NodeJS.ReadableStream, then: (content: Buffer) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  let over = false;
  const end = () => {
    if (!over) then(Buffer.concat(parts));
    over = true;
  };
  body.on("data", (part: Buffer) => {
    parts.push(part);
    length += part.length;
    if (length > LIMIT) end();
  });
  for (const event of ["end", "error", "aborted", "close"]) body.on(event, end);
}

function joined(pairs: readonly (readonly [string, string])[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function tooLate(timeout: number): Error {
  return new Error(`no answer within ${timeout / 1000} s`);
}
