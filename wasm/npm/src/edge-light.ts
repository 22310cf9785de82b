// The entry behind the "edge-light" export condition: the same package for Vercel's edge runtime, whose tools, Next.js's among them, make a
// module of the file if they are asked to.

import { type Edge, edge } from "./channel/edge.js";
import module from "./hedgerow.wasm?module";

export { Code } from "./api/code.js";
export { ConfigError, LoadError, StatusError } from "./api/errors.js";
export { Metadata } from "./api/metadata.js";

const here: Edge = edge(module);
export const createChannel: Edge["createChannel"] = here.createChannel;
export const preload: Edge["preload"] = here.preload;
