// As much of gRPC-Web as it takes to see whether a server speaks it: a request of one message, and where the response's status is
// (PROTOCOL-WEB). Calls of channels are read by the WebAssembly; this works without it.

import { gzipSync } from "node:zlib";
import { CODE_NAMES } from "../api/code-names.js";
import type { Answer } from "./exchange.js";

export type Format = "binary" | "text";

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  binary: "application/grpc-web+proto",
  text: "application/grpc-web-text+proto",
};

/** The flags of a frame that holds trailers, and of a payload that is compressed. */
const TRAILERS = 0x80;
const COMPRESSED = 1;

/** A message in a frame, which is the body of a request. */
export function requestFrame(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The body of a request with an empty message. */
export function emptyMessage(format: Format, gzip: boolean): Buffer {
  const body = gzip ? requestFrame(gzipSync(""), COMPRESSED) : requestFrame(Buffer.alloc(0));
  return format === "text" ? Buffer.from(body.toString("base64")) : body;
}

export interface Spoken {
  /** The number of the status; undefined if there is none. */
  readonly status: number | undefined;
  /** Where the status was found. */
  readonly in: "head" | "body";
  readonly message: string;
}

/** Whether a response is one of gRPC-Web in this format, by its content type. */
export function isGrpcWeb({ status, headers }: Answer, format: Format): boolean {
  const type = headers.get("content-type") ?? "";
  const text = /^application\/grpc-web-text\b/i.test(type);
  return status === 200 && (format === "text" ? text : /^application\/grpc-web\b/i.test(type) && !text);
}

/** Reads the status of a response of gRPC-Web: the head's, unless the trailers in the body have one. */
export function readStatus({ headers, body }: Answer, format: Format): Spoken {
  const fields = new Map<string, string>();
  for (const line of trailersOf(format === "text" ? decoded(body) : body).split(/\r?\n/)) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) fields.set(name.toLowerCase(), value ?? "");
  }
  const place = fields.has("grpc-status") ? "body" : "head";
  const found = place === "body" ? fields : headers;
  const status = found.get("grpc-status");
  return {
    status: status !== undefined && /^\d+$/.test(status) ? Number(status) : undefined,
    in: place,
    message: found.get("grpc-message") ?? "",
  };
}

export function codeName(status: number): string {
  return CODE_NAMES[status] ?? `status ${status}`;
}

/** The text of the trailers frame; "" if there is none, or it is compressed. */
function trailersOf(body: Buffer): string {
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (body[at] === TRAILERS) return body.subarray(at + 5, end).toString("latin1");
    at = end;
  }
  return "";
}

/** The bytes of base64 in groups, each of which may have been padded. */
function decoded(body: Buffer): Buffer {
  const groups = body.toString("latin1").match(/[^=]+={0,2}/g) ?? [];
  return Buffer.concat(groups.map((group) => Buffer.from(group, "base64")));
}
