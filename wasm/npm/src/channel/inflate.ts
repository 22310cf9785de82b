import { embedded } from "./embedded.js";

/** The bytes of hedgerow.wasm. */
export async function inflate(): Promise<Uint8Array<ArrayBuffer>> {
  const zipped = Uint8Array.from(atob(embedded), (character) => character.charCodeAt(0));
  // Every browser inflates gzip; brotli would be smaller, but few do.
  const bytes = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(bytes).arrayBuffer());
}
