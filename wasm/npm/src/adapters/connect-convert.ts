// Between hedgerow's metadata and errors and those of connect-es.
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, decodeBinaryHeader, encodeBinaryHeader } from "@connectrpc/connect";
import type { Metadata } from "../api/metadata.js";
import { isNamed, isStatusError } from "./adapter.js";

/** Metadata as Headers: a value of a -bin name in base64, without padding. */
export function headersOf(...parts: Metadata[]): Headers {
  const headers = new Headers();
  for (const part of parts) {
    for (const [name, value] of part) {
      try {
        headers.append(name, typeof value === "string" ? latin1(value) : encodeBinaryHeader(value));
      } catch {
        // Trailers come in the body, where names and values can be what no Headers take. They stay in the StatusError.
      }
    }
  }
  return headers;
}

/** UTF-8 as a header would have it, a character for each byte: Headers take no others. */
function latin1(value: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(value)) text += String.fromCharCode(byte);
  return text;
}

/** Headers as metadata. They join several values of a name with commas, which base64 does not have. */
export function metadataOf(headers: Headers): [string, string | Uint8Array][] {
  const fields: [string, string | Uint8Array][] = [];
  for (const [name, value] of headers) {
    if (!name.endsWith("-bin")) fields.push([name, value]);
    else for (const one of value.split(",")) fields.push([name, decodeBinaryHeader(one.trim())]);
  }
  return fields;
}

/** What a call failed with, as connect-es has it. An error of the application's own that is a ConnectError stays what it is. */
export function connectErrorOf(error: unknown): ConnectError {
  if (!isStatusError(error)) return ConnectError.from(error, Code.Internal); // a LoadError too: it is no outage that passes
  const { message, header, trailer, details, cause } = error;
  const code: Code = error.code as number; // the same numbers
  if (code === Code.Canceled && isNamed(cause, "ConnectError")) return cause as ConnectError;
  const wire = new ConnectError(message, code, headersOf(header, trailer), undefined, error);
  if (details) wire.details = detailsOf(details);
  return wire;
}

/** The field `details` of a google.rpc.Status. What cannot be read has none. */
function detailsOf(status: Uint8Array): ConnectError["details"] {
  const details: ConnectError["details"] = [];
  try {
    const reader = new BinaryReader(status);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field !== 3) reader.skip(type, field);
      else {
        const { typeUrl, value } = fromBinary(AnySchema, reader.bytes());
        details.push({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value });
      }
    }
  } catch {}
  return details;
}
