// build.mjs puts the WebAssembly here, and compiles this file apart from the others: it is a megabyte.
declare const HEDGEROW_WASM: string;

/** hedgerow.wasm as gzip makes it, in base64: a third of what the plain file would be. */
export const embedded: string = HEDGEROW_WASM;
