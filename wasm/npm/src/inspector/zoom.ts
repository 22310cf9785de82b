/** Which part of the axis is shown, in milliseconds from 0 to the whole span. */
export interface View {
  readonly from: number;
  readonly to: number;
}

/** In milliseconds. There is nothing to see in less, since browsers round instants to a tenth of a millisecond. */
const LEAST = 5;

/** Zooms by a factor (2 shows half as much time) around an instant that keeps its place. */
export function zoomed(view: View, factor: number, around: number, span: number): View | undefined {
  const width = Math.min(span, Math.max(LEAST, (view.to - view.from) / factor));
  const part = (around - view.from) / (view.to - view.from);
  return clamped(around - part * width, width, span);
}

/** Moves by a part of what is shown. */
export function panned(view: View, part: number, span: number): View | undefined {
  const width = view.to - view.from;
  return clamped(view.from + part * width, width, span);
}

/** What was marked with the pointer, in whichever direction. */
export function marked(a: number, b: number, span: number): View | undefined {
  const [from, to] = a < b ? [a, b] : [b, a];
  return clamped(from, Math.max(LEAST, to - from), span);
}

/** Keeps the view within the span; undefined if it shows all of it. */
function clamped(from: number, width: number, span: number): View | undefined {
  if (width >= span) return undefined;
  const start = Math.min(Math.max(0, from), span - width);
  return { from: start, to: start + width };
}
