// Loaded only for bytes that no fetch has checked: what is wrong with them. It imports nothing, so that it shares no chunk.

/** Describes how the hash of bytes differs from all that are allowed; "" if it does not. */
export async function wrongHash(bytes: BufferSource, integrity: string, from: string): Promise<string> {
  const named = [...integrity.matchAll(/(?<!\S)(sha(?:256|384|512))-([^\s?]+)/g)];
  // Hashes that are weaker than the strongest kind do not count (Subresource Integrity, 3.3.4).
  const algorithm = named.reduce((best, [, one = ""]) => (one > best ? one : best), "");
  const hashes = named.filter(([, one]) => one === algorithm).map(([, , hash = ""]) => hash);
  if (!crypto.subtle)
    return `the integrity of ${from} can be checked only in a page that was loaded over HTTPS: leave integrity out`;
  const digest = await crypto.subtle.digest(algorithm.replace("sha", "SHA-"), bytes);
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  if (hashes.includes(hash)) return "";
  return `the hash of ${from} is ${algorithm}-${hash}, but integrity says ${algorithm}-${hashes.join(` or ${algorithm}-`)}`;
}

/** Describes bytes that are not WebAssembly; "" if they begin like it. */
export function notWebAssembly(bytes: Uint8Array, from: string): string {
  const begin = bytes.subarray(0, 40);
  if (begin[0] === 0 && begin[1] === 0x61 && begin[2] === 0x73 && begin[3] === 0x6d) return "";
  const text = new TextDecoder().decode(begin);
  const page = /^\s*</.test(text)
    ? " That is a web page, which servers of single-page apps send for files they do not have."
    : "";
  return `${from} is not WebAssembly: it begins with ${JSON.stringify(text)}.${page}`;
}
