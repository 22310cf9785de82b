// The entry behind the "node" export condition: the same package, its WebAssembly read from disk.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChannelOptions, LoadOptions } from "./api/options.js";
import type { Channel } from "./api/types.js";
import { openChannel } from "./channel/channel.js";
import { load } from "./channel/load.js";

export { Code } from "./api/code.js";
export { ConfigError, LoadError, StatusError } from "./api/errors.js";
export { Metadata } from "./api/metadata.js";

async function source(): Promise<Uint8Array<ArrayBuffer>> {
  // As a path, not as a URL: bundlers for servers, Next.js's among them, would make an address for browsers of that. A path they
  // understand, too, and take the file along.
  const file = await readFile(join(dirname(fileURLToPath(import.meta.url)), "hedgerow.wasm"));
  return new Uint8Array(file.buffer as ArrayBuffer, file.byteOffset, file.byteLength);
}

export async function createChannel(options: ChannelOptions): Promise<Channel> {
  if (options?.worker === true && typeof Worker === "function")
    return (await import("./worker/worker-channel.js")).openInWorker(options);
  return openChannel(options, (options) => load(options, source), { requestStreaming: true }); // over HTTP/1.1 too
}

export async function preload(options: LoadOptions = {}): Promise<void> {
  await load(options, source);
}
