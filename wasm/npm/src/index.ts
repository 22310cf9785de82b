import { openChannel } from "./channel.js";
import { type DefaultSource, load } from "./load.js";
import type { ChannelOptions, LoadOptions } from "./options.js";
import type { Channel } from "./types.js";

export { Code } from "./code.js";
export { ConfigError, LoadError, StatusError } from "./errors.js";
export type { AttemptKind, AttemptRecord, CallEvent, CommitReason, WarningKind } from "./events.js";
export { Metadata, type MetadataInit } from "./metadata.js";
export type { AttemptContext, CallOptions, ChannelOptions, Clock, FetchLike, LoadOptions } from "./options.js";
export type { HedgingPolicy, MethodConfig, RetryPolicy, ServiceConfig } from "./service-config.js";
export type { Channel, Messages, ResponseStream, UnaryResponse } from "./types.js";

/** A script that is no module does not know where it lies: then wasmUrl has to say where the file is. */
function source(): DefaultSource {
  try {
    // Bundlers look for exactly this expression, and take the file along.
    return new URL("./hedgerow.wasm", import.meta.url);
  } catch (error) {
    return () => Promise.reject(error);
  }
}

/**
 * Makes a channel: loads the WebAssembly (once a page, for all channels) and checks every option.
 * Rejects with ConfigError (all problems, each with its path) or LoadError (what was fetched, what came back, what to change).
 */
export async function createChannel(options: ChannelOptions): Promise<Channel> {
  if (options?.worker === true && typeof Worker === "function")
    return (await import("./worker-channel.js")).openInWorker(options);
  return openChannel(options, (options) => load(options, source()));
}

/** Starts the download early; createChannel then finds it done. Rejects with LoadError. */
export async function preload(options: LoadOptions = {}): Promise<void> {
  await load(options, source());
}
