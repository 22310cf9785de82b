// Draws the picture of a call (picture.js) as SVG, and the axis above. Colours and patterns are in style.css, by class and data
// attribute; here is only geometry.

import { svg } from "./dom.js";
import { placeLabel, spanOf, ticksOf } from "./picture.js";
import { formatMs } from "./words.js";

const top = 20; // the strip in which commit and deadline are named
const lane = 27; // from one attempt to the next
const bar = 14; // height of a bar
const gutter = 24; // left of instant 0: the attempts' numbers
const margin = 10; // right of the axis' end

export const axisHeight = 22;
const labelSpace = 8; // between a bar and its label
const flagSpace = 12; // a flag before its text

/** The scale that these pictures share: ms to pixels. */
export function scaleOf(pictures, width) {
  const room = Math.max(1, width - gutter - margin);
  const span = spanOf(pictures, room, (one) => labelWidth(one) + labelSpace);
  return {
    width,
    low: gutter,
    high: width - 2,
    end: gutter + room,
    ticks: ticksOf(span, room / 90),
    x: (ms) => gutter + (ms / span) * room,
  };
}

export function heightOf(picture) {
  return top + picture.lanes * lane + 2;
}

/** The labelled axis. */
export function drawAxis(root, scale) {
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

/** Everything of one call. What is drawn later lies over what was drawn before. */
export function drawCall(root, picture, scale) {
  const height = heightOf(picture);
  root.replaceChildren(
    ...scale.ticks.map((tick) => {
      const x = scale.x(tick);
      return svg("line", { class: "grid", x1: x, x2: x, y1: 0, y2: height });
    }),
    ...deadlineLine(picture, scale, height),
    ...picture.gaps.map((gap) => gapGroup(gap, scale)),
    ...picture.delays.map((delay) => delayGroup(delay, scale)),
    ...commitLine(picture, scale, height),
    ...picture.bars.map((one) => barGroup(one, scale, picture)),
    ...picture.messages.map(({ at, lane: n }) => svg("circle", { class: "message", cx: scale.x(at), cy: middle(n), r: 2.5 })),
    ...names(picture, scale),
  );
}

const above = (n) => top + n * lane + (lane - bar) / 2 - 2;
const middle = (n) => above(n) + bar / 2;

/** Where a bar begins, turns from light to full, and ends, in pixels. */
function boxOf(one, scale) {
  const from = scale.x(one.from);
  const to = Math.max(scale.x(one.to), from + 3);
  if (one.running && one.head === undefined) return { from, head: to, to };
  // An attempt that ended still shows an edge in its colour, however short its body was: that is where its result came.
  return { from, head: Math.min(one.head === undefined ? to : scale.x(one.head), to - 3), to };
}

function barGroup(one, scale) {
  const { from, head, to } = boxOf(one, scale);
  const y = above(one.lane);
  const rect = (name, x1, x2) => svg("rect", { class: name, x: x1, y, width: Math.max(0, x2 - x1), height: bar });
  return svg(
    "g",
    {
      class: "bar",
      "data-attempt": one.number,
      "data-kind": one.kind,
      "data-outcome": one.outcome,
      "data-code": one.code,
      "data-winner": one.winner,
      "data-running": one.running,
    },
    svg("title", {}, `Attempt ${one.number} (${one.kind}): ${one.text}, ${one.span}`),
    svg("rect", { class: "ground", x: from, y, width: to - from, height: bar, rx: 2.5 }),
    svg("text", { class: "number", x: gutter - 8, y: y + bar - 3, "text-anchor": "end" }, String(one.number)),
    rect("wait", from, head),
    rect("body", head, to),
    one.outcome === "aborted" && rect("hatch", from, to),
    svg("rect", { class: "outline", x: from, y, width: to - from, height: bar, rx: 2.5 }),
    ...label(one, { from, head, to }, y, scale),
  );
}

/** The code and the time of an attempt, then the flag of a pushback. */
function label(one, box, y, scale) {
  const place = placeLabel(box, labelWidth(one), { ...scale, space: labelSpace });
  const baseline = y + bar - 3;
  return [
    svg(
      "text",
      { class: "label", "data-place": place.place, x: place.x, y: baseline },
      svg("tspan", { class: "code" }, one.text),
      svg("tspan", { class: "span" }, ` ${one.span}`),
    ),
    one.flag && flagMark(one.flag, place.x + textWidth(`${one.text} ${one.span}`, one.winner) + labelSpace, y),
  ];
}

function labelWidth({ text, span, winner, flag }) {
  return textWidth(`${text} ${span}`, winner) + (flag ? labelSpace + flagSpace + textWidth(flag.text) : 0);
}

function flagMark(flag, x, y) {
  return svg(
    "g",
    { class: "flag", "data-pushback": flag.stop ? "stop" : "wait" },
    svg("path", { class: "cloth", d: `M${x} ${y}h9l-2.5 3.5l2.5 3.5h-9z` }),
    svg("line", { class: "pole", x1: x, x2: x, y1: y - 1, y2: y + bar }),
    svg("text", { class: "label", x: x + flagSpace, y: y + bar - 3 }, flag.text),
  );
}

/**
 * A backoff: the line is the wait, the shade is where jitter could have ended it. The shade is higher than a bar, so that it is seen
 * above and below the one that began in it.
 */
function gapGroup(gap, scale) {
  const y = middle(gap.lane);
  const from = scale.x(gap.from);
  const to = scale.x(gap.to);
  const shade = bar / 2 + 3;
  const bound = gap.bound === undefined ? undefined : Math.min(scale.x(gap.bound), scale.end);
  const half = textWidth(gap.text) / 2 + 4;
  const [center, fits] = [(from + to) / 2, to - from > 2 * half + 10];
  const line = (x1, x2) => svg("line", { class: "wait-line", x1, x2, y1: y, y2: y });
  return svg(
    "g",
    { class: "gap", "data-pushback": gap.pushback },
    svg(
      "title",
      {},
      gap.bound === undefined ? `The server asked to wait ${gap.text}` : `Backoff of ${gap.text}, drawn from the shaded range`,
    ),
    bound !== undefined &&
      svg("rect", { class: "jitter", x: from, y: y - shade, width: Math.max(0, bound - from), height: 2 * shade, rx: 3 }),
    ...(fits ? [line(from, center - half), line(center + half, to)] : [line(from, to)]),
    svg("circle", { class: "wait-end", cx: from, cy: y, r: 2 }),
    fits && svg("text", { class: "gap-label", x: center, y: y + 4, "text-anchor": "middle" }, gap.text),
  );
}

/** A hedging delay: a bracket under the attempt that it is counted from, down to the hedge that it lets go. */
function delayGroup(delay, scale) {
  const y = above(delay.lane) + bar + 4;
  const from = scale.x(delay.from);
  const to = Math.max(scale.x(delay.to), from);
  const due = Math.min(scale.x(delay.due), scale.end);
  const down = y + lane - bar - 6;
  const fits = to - from > textWidth(delay.text) + 12 && delay.state === "fired";
  return svg(
    "g",
    { class: "delay", "data-state": delay.state },
    svg("title", {}, `${delay.pushback ? "Pushback" : "Hedging delay"} ${delay.text}: ${delayTexts[delay.state]}`),
    delay.state !== "fired" && svg("line", { class: "planned", x1: to, x2: due, y1: y, y2: y }),
    svg("line", { class: "elapsed", x1: from, x2: to, y1: y, y2: y }),
    svg("line", { class: "elapsed", x1: from, x2: from, y1: y - 3, y2: y + 3 }),
    delay.state === "fired"
      ? svg("path", { class: "arrow", d: `M${to} ${y}v${down - y}m-3 -3l3 3l3 -3` })
      : svg("circle", { class: "unused", cx: due, cy: y, r: 3 }),
    fits && svg("text", { class: "delay-label", x: from + 4, y: y + 11 }, delay.text),
  );
}

const delayTexts = { waiting: "a hedge follows", fired: "then a hedge was sent", cut: "no hedge was needed" };

function commitLine({ commit, bars, lanes }, scale, height) {
  if (!commit) return [];
  const x = scale.x(commit.at);
  // The line makes way for what is written.
  const written = bars.filter((one) => {
    const { x: left } = placeLabel(boxOf(one, scale), labelWidth(one), { ...scale, space: labelSpace });
    return left - 2 < x && x < left + labelWidth(one);
  });
  const covered = new Set(written.map((one) => one.lane));
  const pieces = Array.from({ length: lanes }, (_, n) =>
    covered.has(n) ? `M${x} ${above(n) + bar + 2}` : `V${above(n) + bar + 2}`,
  );
  return [svg("path", { class: "commit", "data-reason": commit.reason, d: `M${x} 6${pieces.join("")}V${height}` })];
}

function deadlineLine({ deadline }, scale, height) {
  if (deadline === undefined || scale.x(deadline) > scale.end + 1) return [];
  const x = scale.x(deadline);
  return [svg("line", { class: "deadline", x1: x, x2: x, y1: 6, y2: height })];
}

/** The names of the two upright lines, in the strip above the bars: each on its own side where the lines meet. */
function names({ commit, deadline }, scale) {
  const drawn = [];
  const due = deadline === undefined ? Number.POSITIVE_INFINITY : scale.x(deadline);
  const shown = due <= scale.end + 1;
  const x = commit ? scale.x(commit.at) : Number.NEGATIVE_INFINITY;
  const meet = shown && Math.abs(due - x) < 12;
  let taken = scale.low; // up to here
  if (commit) {
    const text = `commit: ${commit.reason}`;
    const width = textWidth(text) + 6;
    const behind = !meet && x + width <= (shown && due > x ? due : scale.high);
    const start = behind ? x + 5 : Math.max(0, x - width);
    drawn.push(svg("path", { class: "commit-head", d: `M${x - 4} 2h8l-4 6z` }));
    drawn.push(svg("text", { class: "commit-label", x: start, y: 10 }, text));
    taken = behind ? start + width : x + 4;
  }
  if (shown) {
    const width = textWidth("deadline") + 6;
    const behind = (meet ? Math.max(due, x) : due) + 5;
    const start = behind + width <= scale.high ? behind : due - width;
    // Where there is no room, the line alone must do; the key names it.
    if (start >= taken) drawn.push(svg("text", { class: "deadline-label", x: start, y: 10 }, "deadline"));
  }
  return drawn;
}

const widths = new Map();
let context;

/** Measured, because fonts differ; remembered, because measuring is slow. */
function textWidth(text, bold = false) {
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
