// Writes bytes as text for a string in JavaScript: the 87 commonest bytes as one character, the others as two. What is in order in the
// bytes stays in order in the text, so that brotli makes as little of it as of the file, almost; base64, which compresses by a quarter of
// a byte, would have to hold what gzip made. The text is ASCII without quotes, backslashes and "<", so that no bundler and no page
// writes it otherwise. src/channel/unpack.ts reads it.

/** Characters that stand for numbers, in their order: ASCII from "#" to "~", but for "<" and the backslash. */
const digits = Array.from({ length: 92 }, (_, i) => String.fromCharCode(35 + i)).filter(
  (digit) => digit !== "<" && digit !== "\\",
);

/** How many of them stand for a byte alone. The other three begin a pair. */
const SINGLE = digits.length - 3;

export function embed(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  const order = counts.map((_, byte) => byte).sort((a, b) => counts[b] - counts[a] || a - b);
  const written = [];
  for (const [place, byte] of order.entries()) {
    const pair = place - SINGLE;
    written[byte] = pair < 0 ? digits[place] : digits[SINGLE + Math.floor(pair / digits.length)] + digits[pair % digits.length];
  }
  const table = order.map((byte) => digits[Math.floor(byte / digits.length)] + digits[byte % digits.length]);
  return table.join("") + Array.from(bytes, (byte) => written[byte]).join("");
}
