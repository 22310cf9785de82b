import { unpack } from "./unpack.js";

// build.mjs puts the WebAssembly here, and compiles this file apart from the others, which do not wait for it.
declare const HEDGEROW_WASM: string;

/** The bytes of hedgerow.wasm. */
export async function embedded(): Promise<Uint8Array<ArrayBuffer>> {
  return unpack(HEDGEROW_WASM);
}
