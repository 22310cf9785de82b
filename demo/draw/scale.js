// The scale from milliseconds to pixels, the axis, and the width of text.

import { formatMs } from "../model/format.js";
import { spanOf, ticksOf } from "../model/picture.js";
import { svg } from "./dom.js";

export const gutter = 30; // left of the first instant, for numbers
const margin = 10; // right of the end of the axis
export const axisHeight = 22;

/**
 * The scale that these pictures share. `need(bar)` is the room that the label of a bar takes behind it, `least` the span of another
 * run that shares the axis, and `view` the part that is shown, or undefined for all of it.
 */
export function scaleOf(pictures, width, { view, least = 0, need = () => 0 } = {}) {
  const room = Math.max(1, width - gutter - margin);
  const own = spanOf(pictures, room, need);
  const span = Math.max(own, least);
  const { from, to } = view ?? { from: 0, to: span };
  return {
    width,
    own, // the span that these pictures need themselves
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
    key: `${width} ${from} ${to}`,
  };
}

/** The labelled axis. */
export function drawAxis(root, scale) {
  size(root, scale.width, axisHeight);
  root.replaceChildren(
    ...scale.ticks.flatMap((tick) => {
      const x = scale.x(tick);
      const label = tick === 0 ? "0" : formatMs(tick);
      // The last label must not leave the drawing.
      const anchor = tick === 0 ? "start" : x + textWidth(label) / 2 > scale.width ? "end" : "middle";
      return [
        svg("line", { class: "tick", x1: x, x2: x, y1: axisHeight - 5, y2: axisHeight }),
        svg("text", { class: "tick-label", x: tick === 0 ? x - 3 : x, y: axisHeight - 9, "text-anchor": anchor }, label),
      ];
    }),
  );
}

/** The ticks of the axis, continued through something below it. */
export function gridLines(scale, height) {
  return scale.ticks.map((tick) => svg("line", { class: "grid", x1: scale.x(tick), x2: scale.x(tick), y1: 0, y2: height }));
}

export function size(root, width, height) {
  root.setAttribute("width", width);
  root.setAttribute("height", height);
  root.setAttribute("viewBox", `0 0 ${width} ${height}`);
}

const widths = new Map();
let context;

/** The width of a text in pixels: measured, because fonts differ, and kept, because measuring is slow. */
export function textWidth(text, bold = false) {
  const key = bold ? `b${text}` : text;
  let width = widths.get(key);
  if (width === undefined) {
    context ??= document.createElement("canvas").getContext("2d");
    context.font = `${bold ? 700 : 400} 12px ${getComputedStyle(document.body).fontFamily}`;
    width = context.measureText(text).width;
    // Labels of running bars change all the time.
    if (widths.size > 2000) widths.clear();
    widths.set(key, width);
  }
  return width;
}
