// What "hedgerow/inline" is behind the "node" export condition: as there, but that Node's fetch streams request bodies.
import { openChannel } from "./channel.js";
import { inflate } from "./inflate.js";
import { load } from "./load.js";
import type { ChannelOptions } from "./options.js";
import type { Channel } from "./types.js";

export * from "./inline.js";

export function createChannel(options: ChannelOptions): Promise<Channel> {
  return openChannel(options, (options) => load(options, inflate), true);
}
