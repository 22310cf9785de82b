import { MAX_TEXT } from "./table.js";

/** Throws if a text is too long to be handed to Go, whose memory is the page's: it would not survive a text of a gigabyte. */
export function checkText(text: string, what: string): void {
  if (text.length > MAX_TEXT) throw new RangeError(`${what} too long: ${text.length} characters, of at most ${MAX_TEXT}`);
}
