// Draws many calls, each as a narrow row of thin bars on the common axis. Only the rows in sight are drawn, so that a thousand calls cost
// as much as fifty.

import type { CallRecord } from "./call-record.js";
import { type Attributes, html, size, svg } from "./elements.js";
import type { Bar, Gap, Picture } from "./picture.js";
import { gridLines, plot, type Scale, textWidth } from "./scale.js";
import { barAttributes, hatch } from "./waterfall.js";

/** From one attempt to the next. */
const LANE = 7;
/** The height of a bar. */
const BAR = 5;
/** Between calls. */
const SPACE = 5;
/** Rows that are drawn beyond each edge, so that fast scrolling shows no blank rows. */
const EXTRA = 6;
/** Between the last bar and what is written behind it. */
const NOTE_SPACE = 8;

/** What a row shows beside its bars. */
export interface RowWords<C extends CallRecord> {
  /** What is written left of the first instant. */
  label(call: C): string;
  /** What is written behind the last bar. */
  note?(call: C, picture: Picture): string;
  /** Changes if a label or a note does, though its call does not. */
  key?(call: C): string;
  attributes?(call: C): Attributes;
}

/** A row as it was drawn, and what it was drawn from. */
interface DrawnRow {
  readonly key: string;
  readonly group: SVGElement;
}

const heightOf = (call: CallRecord): number => Math.max(2, call.attempts.length) * LANE + SPACE;

export class Rows<C extends CallRecord> {
  readonly element: HTMLDivElement = html("div", { class: "rows dense-rows" });
  #svg: SVGSVGElement = svg("svg", { class: "waterfall dense", role: "group", "aria-label": "Attempts" });
  #calls: () => readonly C[];
  #words: RowWords<C>;
  /** Where each row begins, and, as one more, where the last one ends. */
  #tops: number[] = [];
  /** The part in sight. It is read only when it changes, because reading it costs a layout. */
  #seen = { top: 0, height: 0 };
  #drawn: Map<C, DrawnRow> = new Map();

  constructor(calls: () => readonly C[], words: RowWords<C>) {
    this.#calls = calls;
    this.#words = words;
    this.element.append(this.#svg);
    const measure = () => {
      this.#seen = { top: this.element.scrollTop, height: this.element.clientHeight };
    };
    this.element.addEventListener("scroll", measure, { passive: true });
    new ResizeObserver(measure).observe(this.element);
  }

  /** Draws the rows in sight. */
  draw(pictureOf: (call: C) => Picture | undefined, scale: Scale): void {
    const calls = this.#calls();
    this.#layOut(calls);
    const height = this.#tops.at(-1) ?? 0;
    size(this.#svg, scale.width, height);
    const drawn = new Map<C, DrawnRow>();
    const [first, last] = this.#range(calls.length);
    for (let i = first; i < last; i++) {
      const call = calls[i] as C;
      const top = this.#tops[i] as number;
      const picture = pictureOf(call);
      const key = `${scale.key} ${top} ${call.version} ${this.#words.key?.(call) ?? ""}`;
      const before = this.#drawn.get(call);
      const group = before?.key === key && !picture?.running ? before.group : this.#row(call, picture, scale, top);
      drawn.set(call, { key, group });
    }
    this.#drawn = drawn;
    const groups = [...drawn.values()].map(({ group }) => group);
    this.#svg.replaceChildren(...gridLines(scale, height), ...groups);
  }

  /** Scrolls to a call. */
  reveal(call: C): void {
    const i = this.#calls().indexOf(call);
    if (i < 0) return;
    const { scrollTop, clientHeight } = this.element;
    const [top = 0, bottom = 0] = [this.#tops[i], this.#tops[i + 1]];
    if (top < scrollTop) this.element.scrollTop = top - SPACE;
    else if (bottom > scrollTop + clientHeight) this.element.scrollTop = bottom - clientHeight + SPACE;
  }

  /** The call whose row is at this distance from the top of all rows. */
  at(y: number): C | undefined {
    return this.#calls()[firstBelow(this.#tops, y) - 1];
  }

  #layOut(calls: readonly C[]): void {
    let top = 4;
    this.#tops.length = 0;
    for (const call of calls) {
      this.#tops.push(top);
      top += heightOf(call);
    }
    this.#tops.push(top);
  }

  /** The indices of the rows in sight: from, and up to. */
  #range(length: number): [number, number] {
    const { top, height } = this.#seen;
    return [Math.max(0, firstBelow(this.#tops, top) - 1 - EXTRA), Math.min(length, firstBelow(this.#tops, top + height) + EXTRA)];
  }

  #row(call: C, picture: Picture | undefined, scale: Scale, top: number): SVGElement {
    const { label, note, attributes } = this.#words;
    const group = svg(
      "g",
      { class: "row", "data-call": call.number, ...attributes?.(call) },
      svg("rect", { class: "stripe", x: 0, y: top - 2, width: scale.width, height: heightOf(call) }),
      svg(
        "text",
        { class: "number", x: scale.gutter - 6, y: top + 10, "text-anchor": "end" },
        fitting(label(call), scale.gutter - 10),
      ),
    );
    if (!picture) return group;
    const bottom = top + heightOf(call) - SPACE;
    const marks: (SVGElement | undefined)[] = [
      picture.deadline !== undefined && scale.x(picture.deadline) <= scale.end + 1
        ? vertical("deadline", scale.x(picture.deadline), top - 1, bottom)
        : undefined,
      ...picture.gaps.flatMap((gap) => gapMarks(gap, scale, top)),
      ...picture.bars.map((one) => barGroup(one, scale, top)),
      picture.commit && vertical("commit", scale.x(picture.commit.at), top - 2, bottom),
    ];
    group.append(plot(scale, bottom + SPACE, ...marks.filter((mark) => mark !== undefined)));
    const said = note?.(call, picture);
    const x = scale.x(picture.running ? Math.max(picture.latest, 0) : picture.latest) + NOTE_SPACE;
    if (said && x > scale.gutter && x + textWidth(said) <= scale.high)
      group.append(svg("text", { class: "note", x, y: top + 10 }, said));
    return group;
  }
}

function vertical(name: string, x: number, y1: number, y2: number): SVGElement {
  return svg("line", { class: name, x1: x, x2: x, y1, y2 });
}

/** What fits of a text: all of it, what follows the last slash, or its end, because the end of a method's name tells most. */
function fitting(text: string, room: number): string {
  if (textWidth(text) <= room) return text;
  let from = text.lastIndexOf("/") + 1;
  if (from > 0 && textWidth(text.slice(from)) <= room) return text.slice(from);
  from ||= 1;
  while (from < text.length && textWidth(`…${text.slice(from)}`) > room) from++;
  return `…${text.slice(from)}`;
}

/** The index of the first number above a bound in a sorted list. */
function firstBelow(list: readonly number[], bound: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

function gapMarks({ lane, from, to, bound }: Gap, scale: Scale, top: number): (SVGElement | undefined)[] {
  const y = top + lane * LANE + BAR / 2;
  const x = scale.x(from);
  return [
    bound === undefined
      ? undefined
      : svg("rect", {
          class: "jitter",
          x,
          y: y - BAR / 2 - 1,
          width: Math.max(0, Math.min(scale.x(bound), scale.end) - x),
          height: BAR + 2,
        }),
    svg("line", { class: "wait-line", x1: x, x2: scale.x(to), y1: y, y2: y }),
  ];
}

function barGroup(one: Bar, scale: Scale, top: number): SVGElement {
  const y = top + one.lane * LANE;
  const from = scale.x(one.from);
  const to = Math.max(scale.x(one.to), from + 2);
  const sent = Math.min(to, scale.x(one.sent));
  const start = sent - from > 1 ? sent : from;
  const head = one.running || one.outcome === "aborted" ? to : Math.min(to - 2, Math.max(start, scale.x(one.head ?? one.to)));
  const rect = (name: string, x1: number, x2: number) =>
    svg("rect", { class: name, x: x1, y, width: Math.max(0, x2 - x1), height: BAR });
  return svg(
    "g",
    barAttributes(one),
    start > from && svg("path", { class: "queue", d: `M${from} ${y + BAR / 2}H${sent}` }),
    rect("ground", start, to),
    rect("wait", start, head),
    rect("body", head, to),
    one.outcome === "aborted" && hatch(start, to, y, BAR, scale),
    one.flag && svg("path", { class: "cloth", d: `M${to} ${y - 1}h5l-1.5 2l1.5 2h-5z` }),
  );
}
