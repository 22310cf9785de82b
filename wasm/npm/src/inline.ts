// The entry "hedgerow/inline": the same package, its WebAssembly inside the JavaScript. For where a second file is a burden: pages
// that are one file, browser extensions, hosts that serve no .wasm. It cannot be cached or compiled apart from the rest.
import { openChannel } from "./channel.js";
import { inflate } from "./inflate.js";
import { load } from "./load.js";
import type { ChannelOptions, LoadOptions } from "./options.js";
import type { Channel } from "./types.js";

export { Code } from "./code.js";
export { ConfigError, LoadError, StatusError } from "./errors.js";
export type { AttemptKind, AttemptRecord, CallEvent, CommitReason, WarningKind } from "./events.js";
export { Metadata, type MetadataInit } from "./metadata.js";
export type { AttemptContext, CallOptions, ChannelOptions, Clock, FetchLike, LoadOptions } from "./options.js";
export type { HedgingPolicy, MethodConfig, RetryPolicy, ServiceConfig } from "./service-config.js";
export type { Channel, Messages, ResponseStream, UnaryResponse } from "./types.js";

/** `createChannel` of "hedgerow", with the WebAssembly at hand: nothing is fetched. */
export function createChannel(options: ChannelOptions): Promise<Channel> {
  return openChannel(options, (options) => load(options, inflate));
}

/** `preload` of "hedgerow": inflates and compiles early. Rejects with LoadError. */
export async function preload(options: LoadOptions = {}): Promise<void> {
  await load(options, inflate);
}
