// Loaded only where messages are compressed: see openChannel.

/** Compresses a message, or copies it if it would not become shorter: its owner may reuse it before it is sent. */
export async function compress(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const own = new Uint8Array(message); // the slice of a Buffer would be no copy
  const stream = streamOf(own).pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  return packed.length < own.length ? packed : own;
}

/** Inflates a payload, but stops once it holds more than limit bytes: then the result is longer than that. */
export async function inflate(payload: Uint8Array, limit: number): Promise<Uint8Array> {
  const reader = streamOf(payload).pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (length <= limit) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  if (length > limit) reader.cancel().catch(() => {});
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
}
