// Between hedgerow's metadata and errors and those of grpc-web.
import { type Metadata as Fields, type MethodDescriptor, RpcError } from "grpc-web";
import type { Metadata } from "../api/metadata.js";
import { base64Of, fieldsOf, isNamed, isStatusError, messageOf } from "./adapter.js";

interface Codec<I, O> {
  serialize(message: I): Uint8Array;
  deserialize(bytes: Uint8Array): O;
}

/**
 * What a descriptor was made with. The peer shows nothing of it but the name, and its minifier renames the rest in every release; but
 * in all of them the two functions are the descriptor's last fields, in the order of its constructor's arguments.
 */
export function codecOf<I, O>(descriptor: MethodDescriptor<I, O>): Codec<I, O> {
  const [serialize, deserialize] = Object.values(descriptor)
    .filter((value) => typeof value === "function")
    .slice(-2);
  if (!serialize || !deserialize) {
    throw rpcError(
      13,
      `the method descriptor of ${descriptor.getName()} is of a version of grpc-web that hedgerow does not know`,
    );
  }
  return { serialize, deserialize };
}

/** Metadata as grpc-web has it: one text for a name, as HTTP joins several values. */
export function metadataOf(metadata: Metadata): Fields {
  const fields = new Map<string, string>();
  for (const [name, value] of metadata) {
    const before = fields.get(name);
    const text = typeof value === "string" ? value : base64Of(value);
    fields.set(name, before === undefined ? text : `${before}, ${text}`);
  }
  return Object.fromEntries(fields);
}

export function fieldsOfMetadata(fields: Fields): [string, string | Uint8Array][] {
  return Object.entries(fields).flatMap(([name, text]) => [...fieldsOf(name, text)]);
}

export function rpcError(code: number, message: string, metadata: Fields = {}, cause?: unknown): RpcError {
  const error = new RpcError(code, message, metadata);
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** What a call failed with, as grpc-web has it. */
export function rpcErrorOf(error: unknown, signal: AbortSignal | undefined): RpcError {
  if (isNamed(error, "RpcError")) return error as RpcError;
  if (isStatusError(error)) return rpcError(error.code, error.message, metadataOf(error.trailer), error);
  const message = messageOf(error);
  if (signal?.aborted && error === signal.reason) return rpcError(1, message, {}, error);
  return rpcError(13, message, {}, error);
}
