/** How many characters there are, and how many of them stand for a byte alone. */
const DIGITS = 90;
const SINGLE = 87;

/**
 * The bytes of a text that embed.mjs wrote: first a table of all bytes, the commonest first, two characters each; then each byte by its
 * place in that table, in one character or two.
 */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  const digit = (at: number): number => {
    const code = text.charCodeAt(at);
    return code - 35 - (code > 60 ? 1 : 0) - (code > 92 ? 1 : 0); // without "<" and the backslash
  };
  const table = Uint8Array.from({ length: 256 }, (_, i) => DIGITS * digit(2 * i) + digit(2 * i + 1));
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 2 * table.length; at < text.length; at++) {
    let place = digit(at);
    if (place >= SINGLE) place = SINGLE + DIGITS * (place - SINGLE) + digit(++at);
    bytes[length++] = table[place] as number;
  }
  return bytes.slice(0, length);
}
