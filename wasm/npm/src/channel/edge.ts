// What the entries for edge runtimes share. There the platform compiles the WebAssembly: they can neither fetch it for that nor compile
// bytes. And what one request waits for must not be woken by another one's events: the runtime cancels it, or both. So nothing is shared
// here: each channel has an instance of its own, which ends with the channel, and each load is its own promise.

import type { ChannelOptions, LoadOptions } from "../api/options.js";
import type { ModuleType } from "../api/platform.js";
import type { Channel } from "../api/types.js";
import { openChannel } from "./channel.js";
import { loadAlone } from "./load.js";

/** The functions of "hedgerow" in an edge runtime. */
export interface Edge {
  createChannel(options: ChannelOptions): Promise<Channel>;
  preload(options?: LoadOptions): Promise<void>;
}

/** These functions, where the platform has compiled this module. */
export function edge(module: ModuleType): Edge {
  const load = (options: LoadOptions): Promise<WebAssembly.Module> => loadAlone(options, module);
  return {
    createChannel: (options) => openChannel(options, load, { alone: true }),
    preload: async (options = {}) => {
      await load(options);
    },
  };
}
