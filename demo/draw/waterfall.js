// Draws the picture of a call (model/picture.js) as SVG. Here is only geometry; colors and patterns are in waterfall.css, by class and
// data attribute.

import { placeLabel } from "../model/picture.js";
import { svg } from "./dom.js";
import { gridLines, gutter, size, textWidth } from "./scale.js";

const top = 20; // the strip with the names of commit and deadline
const lane = 27; // from one attempt to the next
const bar = 14; // height of a bar
const labelSpace = 8; // between a bar and its label
const flagSpace = 12; // a flag before its text

/** How much room the label of a bar takes behind it, in pixels. */
export const labelNeed = (one) => labelWidth(one) + labelSpace;

export function heightOf(picture) {
  return top + picture.lanes * lane + 2;
}

/** Draws all of one call. What comes later lies over what came before. */
export function drawCall(root, picture, scale) {
  const height = heightOf(picture);
  size(root, scale.width, height);
  root.replaceChildren(
    ...gridLines(scale, height),
    ...picture.bars.map((one) =>
      svg("text", { class: "number", x: gutter - 10, y: above(one.lane) + bar - 3, "text-anchor": "end" }, String(one.number)),
    ),
    svg(
      "g",
      { "clip-path": scale.zoomed && "url(#plot)" },
      ...deadlineLine(picture, scale, height),
      ...picture.gaps.map((gap) => gapGroup(gap, scale)),
      ...picture.delays.map((delay) => delayGroup(delay, scale)),
      ...commitLine(picture, scale, height),
      ...picture.bars.map((one) => barGroup(one, scale)),
      ...picture.messages.map(({ at, lane: n }) => svg("circle", { class: "message", cx: scale.x(at), cy: middle(n), r: 2.5 })),
      ...names(picture, scale),
    ),
  );
}

const above = (n) => top + n * lane + (lane - bar) / 2 - 2;
const middle = (n) => above(n) + bar / 2;

/** Where a bar begins, turns from light to full, and ends, in pixels. */
function boxOf(one, scale) {
  const from = scale.x(one.from);
  const sent = scale.x(one.sent);
  const to = Math.max(scale.x(one.to), from + 3);
  if (one.running && one.head === undefined) return { from, sent: Math.min(sent, to), head: to, to };
  // An attempt that has ended shows an edge in its color, however short its body was: that is where its result arrived.
  const head = Math.min(one.head === undefined ? to : scale.x(one.head), to - 3);
  return { from, sent: Math.min(sent, head), head, to };
}

function barGroup(one, scale) {
  const box = boxOf(one, scale);
  const { from, sent, head, to } = box;
  const y = above(one.lane);
  const queued = sent - from > 1;
  const start = queued ? sent : from;
  const rect = (name, x1, x2) => svg("rect", { class: name, x: x1, y, width: Math.max(0, x2 - x1), height: bar });
  return svg(
    "g",
    {
      class: "bar",
      role: "button",
      tabindex: -1,
      "aria-label": barLabel(one),
      "data-lane": one.lane,
      "data-attempt": one.number,
      "data-kind": one.kind,
      "data-outcome": one.outcome,
      "data-code": one.code,
      "data-winner": one.winner,
      "data-running": one.running,
    },
    svg("rect", { class: "target", x: from - 4, y: y - 6, width: to - from + 8, height: bar + 12 }),
    svg("rect", { class: "ground", x: start, y, width: to - start, height: bar, rx: 2.5 }),
    queued && svg("path", { class: "queue", d: `M${from} ${y + 2}v${bar - 4}M${from} ${y + bar / 2}H${sent}` }),
    rect("wait", start, head),
    rect("body", head, to),
    one.outcome === "aborted" && rect("hatch", start, to),
    svg("rect", { class: "outline", x: start, y, width: to - start, height: bar, rx: 2.5 }),
    ...label(one, box, y, scale),
  );
}

/** What a screen reader says of an attempt: the text beside its bar, and more. */
export function barLabel({ number, kind, text, span, flag }) {
  return `${text} ${span}${flag ? ` ${flag.text}` : ""}, attempt ${number}, ${kind}`;
}

/** The code and the time of an attempt, then the flag of a pushback. */
function label(one, box, y, scale) {
  if (box.to < scale.low || box.from > scale.end) return []; // zoomed away
  const place = placeLabel(seen(box, scale), labelWidth(one), { ...scale, space: labelSpace });
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

/** The part of a bar that is in sight when zoomed. */
function seen({ from, head, to }, { low, end }) {
  const within = (x) => Math.min(end, Math.max(low, x));
  return { from: within(from), head: within(head), to: within(to) };
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
 * A backoff: the line is the wait, the shade is where jitter could have ended it. The shade is taller than a bar, so that it shows
 * above and below a bar that begins in it.
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
      gap.bound === undefined
        ? `The server asked the client to wait ${gap.text}`
        : `Backoff of ${gap.text}, drawn at random from the shaded range`,
    ),
    bound !== undefined &&
      svg("rect", { class: "jitter", x: from, y: y - shade, width: Math.max(0, bound - from), height: 2 * shade, rx: 3 }),
    ...(fits ? [line(from, center - half), line(center + half, to)] : [line(from, to)]),
    svg("circle", { class: "wait-end", cx: from, cy: y, r: 2 }),
    fits && svg("text", { class: "gap-label", x: center, y: y + 4, "text-anchor": "middle" }, gap.text),
  );
}

/** A hedging delay: a bracket under the attempt that it is counted from, with an arrow down to the hedge that follows. */
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
  // The line leaves gaps where it would cross a label.
  const written = bars.filter((one) => {
    const { x: left } = placeLabel(seen(boxOf(one, scale), scale), labelWidth(one), { ...scale, space: labelSpace });
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

/** The names of the two vertical lines, in the strip above the bars; each on its own side where the lines meet. */
function names({ commit, deadline }, scale) {
  const drawn = [];
  const due = deadline === undefined ? Number.POSITIVE_INFINITY : scale.x(deadline);
  const shown = due <= scale.end + 1;
  const x = commit ? scale.x(commit.at) : Number.NEGATIVE_INFINITY;
  if (commit && (x < scale.low || x > scale.end + 4)) return []; // zoomed away
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
    // Where there is no room the line has no name; the legend explains it.
    if (start >= taken) drawn.push(svg("text", { class: "deadline-label", x: start, y: 10 }, "deadline"));
  }
  return drawn;
}
