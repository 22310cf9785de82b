// The entry "hedgerow/inline": the same package, with the WebAssembly inside the JavaScript. It is for places where a second file is a
// burden: pages that are one file, browser extensions, hosts that serve no .wasm. It cannot be cached or compiled apart from the rest.

import type { ChannelOptions, LoadOptions } from "./api/options.js";
import type { Channel } from "./api/types.js";
import { openChannel } from "./channel/channel.js";
import { embedded } from "./channel/embedded.js";
import { load } from "./channel/load.js";

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

/** `createChannel` of "hedgerow", with the WebAssembly built in: nothing is fetched. */
export function createChannel(options: ChannelOptions): Promise<Channel> {
  return openChannel(options, (options) => load(options, embedded));
}

/** `preload` of "hedgerow": compiles the WebAssembly early. Rejects with a LoadError. */
export async function preload(options: LoadOptions = {}): Promise<void> {
  await load(options, embedded);
}
