// Draws the picture of a call as SVG. Here is only geometry; colors are in styles.ts, by class and data attribute.

import { type Attributes, size, svg } from "./elements.js";
import { type Bar, type Delay, type Flag, type Gap, type Picture, placeLabel } from "./picture.js";
import { gridLines, plot, type Scale, textWidth } from "./scale.js";

/** The strip with the names of commit and deadline. */
const TOP = 20;
/** From one attempt to the next. */
const LANE = 27;
/** The height of a bar. */
const BAR = 14;
/** Between a bar and its label. */
const LABEL_SPACE = 8;
/** A flag before its text. */
const FLAG_SPACE = 12;

/** How much room the label of a bar takes behind it, in pixels. */
export const labelNeed = (one: Bar): number => labelWidth(one) + LABEL_SPACE;

export function heightOf({ lanes }: Pick<Picture, "lanes">): number {
  return TOP + lanes * LANE + 2;
}

/** Draws all of one call. What comes later lies over what came before. */
export function drawCall(root: SVGSVGElement, picture: Picture, scale: Scale): void {
  const height = heightOf(picture);
  size(root, scale.width, height);
  root.replaceChildren(
    ...gridLines(scale, height),
    ...picture.bars.map((one) =>
      svg(
        "text",
        { class: "number", x: scale.gutter - 10, y: above(one.lane) + BAR - 3, "text-anchor": "end" },
        String(one.number),
      ),
    ),
    plot(
      scale,
      height,
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

const above = (n: number): number => TOP + n * LANE + (LANE - BAR) / 2 - 2;
const middle = (n: number): number => above(n) + BAR / 2;

/** Where a bar begins, turns from light to full, and ends, in pixels. */
interface Box {
  readonly from: number;
  readonly sent: number;
  readonly head: number;
  readonly to: number;
}

function boxOf(one: Bar, scale: Scale): Box {
  const from = scale.x(one.from);
  const sent = scale.x(one.sent);
  const to = Math.max(scale.x(one.to), from + 3);
  if (one.running && one.head === undefined) return { from, sent: Math.min(sent, to), head: to, to };
  // An attempt that has ended shows an edge in its color, however short its body was: that is where its result arrived.
  const head = Math.min(one.head === undefined ? to : scale.x(one.head), to - 3);
  return { from, sent: Math.min(sent, head), head, to };
}

function barGroup(one: Bar, scale: Scale): SVGElement {
  const box = boxOf(one, scale);
  const { from, sent, head, to } = box;
  const y = above(one.lane);
  const queued = sent - from > 1;
  const start = queued ? sent : from;
  const rect = (name: string, x1: number, x2: number) =>
    svg("rect", { class: name, x: x1, y, width: Math.max(0, x2 - x1), height: BAR });
  return svg(
    "g",
    barAttributes(one),
    svg("rect", { class: "target", x: from - 4, y: y - 6, width: to - from + 8, height: BAR + 12 }),
    svg("rect", { class: "ground", x: start, y, width: to - start, height: BAR, rx: 2.5 }),
    queued && svg("path", { class: "queue", d: `M${from} ${y + 2}v${BAR - 4}M${from} ${y + BAR / 2}H${sent}` }),
    rect("wait", start, head),
    rect("body", head, to),
    one.outcome === "aborted" && hatch(start, to, y, BAR, scale),
    svg("rect", { class: "outline", x: start, y, width: to - start, height: BAR, rx: 2.5 }),
    ...label(one, box, y, scale),
  );
}

/** What every bar says of its attempt: to a screen reader, to the stylesheet, and to whoever finds it under the pointer. */
export function barAttributes(one: Bar): Attributes {
  const { number, kind, text, span, flag } = one;
  return {
    class: "bar",
    role: "button",
    tabindex: -1,
    "aria-label": `${text} ${span}${flag ? ` ${flag.text}` : ""}, attempt ${number}, ${kind}`,
    "data-lane": one.lane,
    "data-attempt": number,
    "data-kind": kind,
    "data-outcome": one.outcome,
    "data-code": one.code,
    "data-winner": one.winner,
    "data-running": one.running,
  };
}

/** Slanted lines over an attempt that was aborted. They are computed, because a pattern would need an id (see plot). */
export function hatch(from: number, to: number, y: number, height: number, { gutter, width }: Scale): SVGElement {
  const [low, high] = [Math.max(from, gutter - height), Math.min(to, width)];
  let d = "";
  for (let x = low - height + 4; x < high; x += 6) {
    const [start, end] = [Math.max(x, low), Math.min(x + height, high)];
    if (start < end) d += `M${start} ${y + height - (start - x)}L${end} ${y + height - (end - x)}`;
  }
  return svg("path", { class: "hatch", d });
}

/** The code and the time of an attempt, then the flag of a pushback. */
function label(one: Bar, box: Box, y: number, scale: Scale): (SVGElement | undefined)[] {
  if (box.to < scale.low || box.from > scale.end) return []; // zoomed away
  const place = placeLabel(seen(box, scale), labelWidth(one), { ...scale, space: LABEL_SPACE });
  const baseline = y + BAR - 3;
  return [
    svg(
      "text",
      { class: "label", "data-place": place.place, x: place.x, y: baseline },
      svg("tspan", { class: "code" }, one.text),
      svg("tspan", { class: "span" }, ` ${one.span}`),
    ),
    one.flag && flagMark(one.flag, place.x + textWidth(`${one.text} ${one.span}`, one.winner) + LABEL_SPACE, y),
  ];
}

/** The part of a bar that is in sight when zoomed. */
function seen({ from, head, to }: Box, { low, end }: Scale): { from: number; head: number; to: number } {
  const within = (x: number) => Math.min(end, Math.max(low, x));
  return { from: within(from), head: within(head), to: within(to) };
}

function labelWidth({ text, span, winner, flag }: Bar): number {
  return textWidth(`${text} ${span}`, winner) + (flag ? LABEL_SPACE + FLAG_SPACE + textWidth(flag.text) : 0);
}

function flagMark(flag: Flag, x: number, y: number): SVGElement {
  return svg(
    "g",
    { class: "flag", "data-pushback": flag.stop ? "stop" : "wait" },
    svg("path", { class: "cloth", d: `M${x} ${y}h9l-2.5 3.5l2.5 3.5h-9z` }),
    svg("line", { class: "pole", x1: x, x2: x, y1: y - 1, y2: y + BAR }),
    svg("text", { class: "label", x: x + FLAG_SPACE, y: y + BAR - 3 }, flag.text),
  );
}

/**
 * A backoff: the line is the wait, the shade is where jitter could have ended it. The shade is taller than a bar, so that it shows
 * above and below a bar that begins in it.
 */
function gapGroup(gap: Gap, scale: Scale): SVGElement {
  const y = middle(gap.lane);
  const from = scale.x(gap.from);
  const to = scale.x(gap.to);
  const shade = BAR / 2 + 3;
  const bound = gap.bound === undefined ? undefined : Math.min(scale.x(gap.bound), scale.end);
  const half = textWidth(gap.text) / 2 + 4;
  const center = (from + to) / 2;
  const fits = to - from > 2 * half + 10;
  const line = (x1: number, x2: number) => svg("line", { class: "wait-line", x1, x2, y1: y, y2: y });
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
function delayGroup(delay: Delay, scale: Scale): SVGElement {
  const y = above(delay.lane) + BAR + 4;
  const from = scale.x(delay.from);
  const to = Math.max(scale.x(delay.to), from);
  const due = Math.min(scale.x(delay.due), scale.end);
  const down = y + LANE - BAR - 6;
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

function commitLine({ commit, bars, lanes }: Picture, scale: Scale, height: number): SVGElement[] {
  if (!commit) return [];
  const x = scale.x(commit.at);
  // The line leaves gaps where it would cross a label.
  const written = bars.filter((one) => {
    const { x: left } = placeLabel(seen(boxOf(one, scale), scale), labelWidth(one), { ...scale, space: LABEL_SPACE });
    return left - 2 < x && x < left + labelWidth(one);
  });
  const covered = new Set(written.map((one) => one.lane));
  const pieces = Array.from({ length: lanes }, (_, n) =>
    covered.has(n) ? `M${x} ${above(n) + BAR + 2}` : `V${above(n) + BAR + 2}`,
  );
  return [svg("path", { class: "commit", "data-reason": commit.reason, d: `M${x} 6${pieces.join("")}V${height}` })];
}

function deadlineLine({ deadline }: Picture, scale: Scale, height: number): SVGElement[] {
  if (deadline === undefined || scale.x(deadline) > scale.end + 1) return [];
  const x = scale.x(deadline);
  return [svg("line", { class: "deadline", x1: x, x2: x, y1: 6, y2: height })];
}

/** The names of the two vertical lines, in the strip above the bars; each on its own side where the lines meet. */
function names({ commit, deadline }: Picture, scale: Scale): SVGElement[] {
  const drawn: SVGElement[] = [];
  const due = deadline === undefined ? Number.POSITIVE_INFINITY : scale.x(deadline);
  const shown = due <= scale.end + 1; // false without a deadline
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
