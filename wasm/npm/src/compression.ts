// Loaded only where messages are compressed: see Attempt and openChannel.

/** Compresses a message. It is copied before this returns. */
export async function deflate(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const packed = streamOf(message).pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Inflates a payload, but stops where it is found to hold more than limit bytes: then the answer is longer than that. */
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
