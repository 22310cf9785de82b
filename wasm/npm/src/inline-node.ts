// What "hedgerow/inline" is behind the "node" export condition: as there, but that Node's fetch streams request bodies.

import type { ChannelOptions } from "./api/options.js";
import type { Channel } from "./api/types.js";
import { openChannel } from "./channel/channel.js";
import { embedded } from "./channel/embedded.js";
import { load } from "./channel/load.js";

export * from "./inline.js";

export function createChannel(options: ChannelOptions): Promise<Channel> {
  return openChannel(options, (options) => load(options, embedded), { requestStreaming: true });
}
