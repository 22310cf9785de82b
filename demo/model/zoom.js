// Which part of a run's time is looked at: { from, to } in milliseconds, within 0 and the whole span. Pure.

/** Closer than this there is nothing to see: instants are rounded to a tenth of a millisecond. */
const least = 5;

/** Zooms by a factor (2: half as much time) around an instant that stays where it is. */
export function zoomed(view, factor, around, span) {
  const width = Math.min(span, Math.max(least, (view.to - view.from) / factor));
  const part = (around - view.from) / (view.to - view.from);
  return kept(around - part * width, width, span);
}

/** Moves by a part of what is seen. */
export function panned(view, part, span) {
  const width = view.to - view.from;
  return kept(view.from + part * width, width, span);
}

/** What was marked with the pointer, however it was drawn. */
export function marked(a, b, span) {
  const [from, to] = a < b ? [a, b] : [b, a];
  return kept(from, Math.max(least, to - from), span);
}

/** Nothing where all of it is seen. */
function kept(from, width, span) {
  if (width >= span) return undefined;
  const start = Math.min(Math.max(0, from), span - width);
  return { from: start, to: start + width };
}
