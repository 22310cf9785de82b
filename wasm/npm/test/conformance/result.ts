// Metadata and errors as the conformance suite writes them.
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Metadata, type StatusError } from "hedgerow";
import { type ClientResponseResult, ClientResponseResultSchema } from "../gen/connectrpc/conformance/v1/client_compat_pb.js";
import {
  type ConformancePayload,
  ErrorSchema,
  type Header,
  type HeaderSchema,
} from "../gen/connectrpc/conformance/v1/service_pb.js";

type Failure = Pick<StatusError, "code" | "message" | "details">;

/** How a call ended, and what was received before. */
export interface Outcome {
  readonly header: Metadata;
  readonly trailer: Metadata;
  readonly payloads: ConformancePayload[];
  readonly error?: Failure;
}

export function resultOf({ header, trailer, payloads, error }: Outcome): ClientResponseResult {
  return create(ClientResponseResultSchema, {
    // A Trailers-Only response has one block of metadata, the trailer. grpc-go behind the improbable wrapper puts the header's
    // fields there too, and the suite looks for them among the headers.
    responseHeaders: fieldsOf(header).length > 0 ? fieldsOf(header) : fieldsOf(trailer),
    responseTrailers: fieldsOf(trailer),
    payloads,
    ...(error && { error: errorOf(error) }),
  });
}

function errorOf({ code, message, details }: Failure): MessageInitShape<typeof ErrorSchema> {
  // google.rpc.Status has the same fields as the suite's own Error, by number and type.
  return { code: code as number, message, details: details ? fromBinary(ErrorSchema, details).details : [] };
}

/** The suite writes binary values in base64. */
export function metadataOf(headers: readonly Header[]): Metadata {
  const metadata = new Metadata();
  for (const { name, value } of headers) {
    for (const text of value) metadata.append(name, isBinary(name) ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) : text);
  }
  return metadata;
}

function fieldsOf(metadata: Metadata): MessageInitShape<typeof HeaderSchema>[] {
  const headers = new Map<string, string[]>();
  for (const [name, value] of metadata) {
    const values = headers.get(name) ?? [];
    headers.set(name, values);
    values.push(typeof value === "string" ? value : btoa(String.fromCharCode(...value)));
  }
  return [...headers].map(([name, value]) => ({ name, value }));
}

function isBinary(name: string): boolean {
  return name.toLowerCase().endsWith("-bin");
}
