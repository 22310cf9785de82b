// Between hedgerow's metadata and errors and those of protobuf-ts.
import { RpcError, type RpcMetadata } from "@protobuf-ts/runtime-rpc";
import { CODE_NAMES, type CodeName } from "../api/code-names.js";
import type { Metadata } from "../api/metadata.js";
import { base64Of, fieldsOf, isNamed, isStatusError, messageOf } from "./adapter.js";

/** Metadata as protobuf-ts has it: several values of a name are an array. */
export function metaOf(metadata: Metadata): RpcMetadata {
  const meta = Object.create(null) as RpcMetadata; // names are the server's to choose
  for (const [name, value] of metadata) {
    const text = typeof value === "string" ? value : base64Of(value);
    const before = meta[name];
    if (before === undefined) meta[name] = text;
    else meta[name] = Array.isArray(before) ? [...before, text] : [before, text];
  }
  return { ...meta };
}

export function fieldsOfMeta(meta: RpcMetadata): [string, string | Uint8Array][] {
  return Object.entries(meta).flatMap(([name, value]) => [value].flat().flatMap((text) => [...fieldsOf(name, text)]));
}

export function rpcError(message: string, code: CodeName, meta: RpcMetadata = {}, cause?: unknown): RpcError {
  const error = new RpcError(message || code, code, meta);
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** What a call failed with, as protobuf-ts has it. */
export function rpcErrorOf(error: unknown, abort: AbortSignal | undefined): RpcError {
  if (isNamed(error, "RpcError")) return error as RpcError;
  if (isStatusError(error)) return rpcError(error.message, CODE_NAMES[error.code] ?? "UNKNOWN", metaOf(error.trailer), error);
  const message = messageOf(error);
  if (abort?.aborted && error === abort.reason) return rpcError(message, "CANCELLED", {}, error);
  return rpcError(message, "INTERNAL", {}, error);
}
