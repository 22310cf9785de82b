import type { Engine } from "../abi/engine.js";
import type { MetadataInit } from "../api/metadata.js";
import type { AttemptContext } from "../api/options.js";
import type { CarrierFactory, Inflate } from "./carrier.js";

/** Refreshes credentials that servers refuse. */
export interface Refresher {
  /** The function for that is being called: a call that is made now is its own. */
  readonly inside: boolean;
  /** What it failed with last. */
  readonly failure: unknown;
  start(): void;
  /** Nobody waits for it any more. */
  stop(): void;
}

/** A channel, as its calls see it. */
export interface ChannelView {
  readonly engine: Engine;
  /** The channel's id on the Go side. */
  readonly id: number;
  /** Of its endpoints, in the order in which Go counts them. */
  readonly baseUrls: readonly string[];
  readonly carry: CarrierFactory;
  /** Streams of requests go over WebSockets. */
  readonly webSocket: boolean;
  /** Calls may be configured to wait for a network. Others do not ask the browser whether there is one, which takes a while. */
  readonly waits: boolean;
  /** Compresses messages; absent: they go out as they are. */
  readonly compress: ((message: Uint8Array) => Promise<Uint8Array>) | undefined;
  readonly loadInflate: () => Promise<Inflate>;
  /** Absent: credentials are not refreshed. */
  readonly refresher: Refresher | undefined;
  /** Tells other tabs what is left of the budget; absent: the channel has none. */
  readonly tell: ((text: string) => void) | undefined;
  /** Called when a call has ended, if what was learned from it is to be stored. */
  readonly ended: (() => void) | undefined;
  /** Gives each attempt its own metadata; absent: none has any. */
  readonly prepare: ((attempt: AttemptContext) => MetadataInit | Promise<MetadataInit>) | undefined;
}
