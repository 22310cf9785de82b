import type { ChannelOptions, LoadOptions } from "./api/options.js";
import type { Channel } from "./api/types.js";
import { openChannel } from "./channel/channel.js";
import { type DefaultSource, load } from "./channel/load.js";

export { Code } from "./api/code.js";
export { ConfigError, LoadError, StatusError } from "./api/errors.js";
export type { AttemptKind, AttemptRecord, CallEvent, CommitReason, WarningKind } from "./api/events.js";
export { Metadata, type MetadataInit } from "./api/metadata.js";
export type {
  AttemptContext,
  CallOptions,
  ChannelOptions,
  Clock,
  FetchLike,
  LoadOptions,
  ResumableSource,
  ResumeOptions,
} from "./api/options.js";
export type { HedgingPolicy, MethodConfig, RetryPolicy, ServiceConfig } from "./api/service-config.js";
export type { Channel, Messages, ResponseStream, UnaryResponse } from "./api/types.js";

/** A script that is not a module does not know its own address: then wasmUrl must say where the file is. */
function source(): DefaultSource {
  try {
    // Bundlers look for exactly this expression, and copy the file.
    return new URL("./hedgerow.wasm", import.meta.url);
  } catch (error) {
    return () => Promise.reject(error);
  }
}

/**
 * Makes a channel: loads the WebAssembly (once per page, for all channels) and checks all options. Rejects with a ConfigError (all problems,
 * each with its path) or a LoadError (what was fetched, what came back, what to change).
 */
export async function createChannel(options: ChannelOptions): Promise<Channel> {
  if (options?.worker === true && typeof Worker === "function")
    return (await import("./worker/worker-channel.js")).openInWorker(options);
  return openChannel(options, (options) => load(options, source()));
}

/** Loads the WebAssembly early, so that createChannel need not wait for it. Rejects with a LoadError. */
export async function preload(options: LoadOptions = {}): Promise<void> {
  await load(options, source());
}
