// Numbers as text. Pure.

/** "8 ms", "612 ms", "1.24 s". */
export function formatMs(ms) {
  if (ms >= 1000) return `${trimZeros((ms / 1000).toFixed(2))} s`;
  return ms > 0 && ms < 1 ? "<1 ms" : `${Math.round(ms)} ms`;
}

/** A share between 0 and 1 as "12.5 %"; its parts are not torn apart at the end of a line. */
export function formatShare(share) {
  return `${trimZeros((100 * share).toFixed(1))}\u00a0%`;
}

/** "1 attempt", "3 attempts". */
export function count(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function trimZeros(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
