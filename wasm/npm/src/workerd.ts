// The entry behind the "workerd" export condition: the same package for Cloudflare Workers, whose tools make a module of the file.

import { type Edge, edge } from "./channel/edge.js";
import module from "./hedgerow.wasm";

export { Code } from "./api/code.js";
export { ConfigError, LoadError, StatusError } from "./api/errors.js";
export { Metadata } from "./api/metadata.js";

const here: Edge = edge(module);
export const createChannel: Edge["createChannel"] = here.createChannel;
export const preload: Edge["preload"] = here.preload;
