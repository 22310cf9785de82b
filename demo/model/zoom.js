// Which part of a run's time is shown: { from, to } in milliseconds, between 0 and the whole span. Pure.

/** In milliseconds. There is nothing to see in less, since browsers round instants to a tenth of a millisecond. */
const least = 5;

/** Zooms by a factor (2 shows half as much time) around an instant that keeps its place. */
export function zoomed(view, factor, around, span) {
  const width = Math.min(span, Math.max(least, (view.to - view.from) / factor));
  const part = (around - view.from) / (view.to - view.from);
  return clamped(around - part * width, width, span);
}

/** Moves by a part of what is shown. */
export function panned(view, part, span) {
  const width = view.to - view.from;
  return clamped(view.from + part * width, width, span);
}

/** What was marked with the pointer, in whichever direction. */
export function marked(a, b, span) {
  const [from, to] = a < b ? [a, b] : [b, a];
  return clamped(from, Math.max(least, to - from), span);
}

/** Keeps the view within the span; undefined if it shows all of it. */
function clamped(from, width, span) {
  if (width >= span) return undefined;
  const start = Math.min(Math.max(0, from), span - width);
  return { from: start, to: start + width };
}
