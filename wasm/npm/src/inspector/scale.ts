// The scale from milliseconds to pixels, the axis, and the width of text.

import { size, svg } from "./elements.js";
import { type Bar, type Picture, spanOf, ticksOf } from "./picture.js";
import { formatMs } from "./words.js";
import type { View } from "./zoom.js";

/** The font of everything that is written in a drawing. The stylesheet says the same. */
export const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** Left of the first instant, for the numbers of attempts or calls. */
export const GUTTER = 30;
/** Right of the end of the axis. */
const MARGIN = 10;
export const AXIS_HEIGHT = 22;

export interface Scale {
  readonly width: number;
  /** Left of the first instant. */
  readonly gutter: number;
  /** The span that these pictures need themselves. */
  readonly own: number;
  readonly span: number;
  /** What is shown of it. */
  readonly from: number;
  readonly to: number;
  readonly zoomed: boolean;
  /** Between these, labels may lie. */
  readonly low: number;
  readonly high: number;
  /** The end of the axis. */
  readonly end: number;
  readonly ticks: readonly number[];
  /** The pixel of an instant, and back. */
  readonly x: (ms: number) => number;
  readonly ms: (x: number) => number;
  /** Two scales with the same key draw the same. */
  readonly key: string;
}

export interface ScaleOptions {
  /** The part that is shown; undefined: all of it. */
  readonly view?: View | undefined;
  /** The span of another drawing that shares the axis. */
  readonly least?: number;
  /** The room that the label of a bar takes behind it. */
  readonly need?: (bar: Bar) => number;
  readonly gutter?: number;
}

/** The scale that these pictures share. */
export function scaleOf(
  pictures: readonly Picture[],
  width: number,
  { view, least = 0, need = () => 0, gutter = GUTTER }: ScaleOptions = {},
): Scale {
  const room = Math.max(1, width - gutter - MARGIN);
  const own = spanOf(pictures, room, need);
  const span = Math.max(own, least);
  const { from, to } = view ?? { from: 0, to: span };
  return {
    width,
    gutter,
    own,
    span,
    from,
    to,
    zoomed: view !== undefined,
    low: gutter,
    high: width - 2,
    end: gutter + room,
    ticks: ticksOf({ from, to }, room / 90),
    x: (ms) => gutter + ((ms - from) / (to - from)) * room,
    ms: (x) => from + ((x - gutter) / room) * (to - from),
    key: `${width} ${gutter} ${from} ${to}`,
  };
}

/** Draws the axis with its labels. */
export function drawAxis(root: SVGSVGElement, scale: Scale): void {
  size(root, scale.width, AXIS_HEIGHT);
  root.replaceChildren(
    ...scale.ticks.flatMap((tick) => {
      const x = scale.x(tick);
      const label = tick === 0 ? "0" : formatMs(tick);
      // The last label must not leave the drawing.
      const anchor = tick === 0 ? "start" : x + textWidth(label) / 2 > scale.width ? "end" : "middle";
      return [
        svg("line", { class: "tick", x1: x, x2: x, y1: AXIS_HEIGHT - 5, y2: AXIS_HEIGHT }),
        svg("text", { class: "tick-label", x: tick === 0 ? x - 3 : x, y: AXIS_HEIGHT - 9, "text-anchor": anchor }, label),
      ];
    }),
  );
}

/** The ticks of the axis, continued through something below it. */
export function gridLines(scale: Scale, height: number): SVGElement[] {
  return scale.ticks.map((tick) => svg("line", { class: "grid", x1: scale.x(tick), x2: scale.x(tick), y1: 0, y2: height }));
}

/** A group whose content is cut off where the axis begins and ends, if a part of the axis is shown. */
export function plot(scale: Scale, height: number, ...children: readonly SVGElement[]): SVGElement {
  if (!scale.zoomed) return svg("g", {}, ...children);
  const [x, y, width] = [scale.gutter - 1, -10, scale.width - scale.gutter + 1];
  // A nested drawing cuts off what leaves it. A clip path would need an id, which shadow roots and <base> make unreliable.
  return svg(
    "svg",
    { class: "plot", x, y, width, height: height + 20, viewBox: `${x} ${y} ${width} ${height + 20}` },
    ...children,
  );
}

const widths = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

/** The width of a text in pixels: measured, because fonts differ, and kept, because measuring is slow. */
export function textWidth(text: string, bold = false): number {
  const key = bold ? `b${text}` : text;
  let width = widths.get(key);
  if (width === undefined) {
    context ??= document.createElement("canvas").getContext("2d");
    if (!context) return 7 * text.length;
    context.font = `${bold ? 700 : 400} 12px ${FONT}`;
    width = context.measureText(text).width;
    // Labels of running bars change all the time.
    if (widths.size > 2000) widths.clear();
    widths.set(key, width);
  }
  return width;
}
