// Draws many calls, each as a narrow row of thin bars on the common axis, without words. Only the rows in sight are drawn, so that a
// thousand calls cost as much as fifty.

import { svg } from "./dom.js";
import { gridLines, gutter, size } from "./scale.js";
import { barLabel } from "./waterfall.js";

const lane = 7; // from one attempt to the next
const bar = 5;
const space = 5; // between calls
const extra = 6; // rows drawn beyond each edge, so that fast scrolling shows no blank rows

const heightOf = (call) => Math.max(2, call.attempts.length) * lane + space;

export class DenseRows {
  element = document.createElement("div");
  #svg = svg("svg", { class: "waterfall dense", role: "group", "aria-label": "Attempts" });
  #calls;
  #tops = []; // where each row begins, and, as one more, where the last one ends
  #box = { top: 0, height: 0 }; // the part in sight; read only when it changes, because reading it costs a layout
  #drawn = new Map(); // index → { group, key }

  constructor(calls) {
    this.#calls = calls;
    this.element.className = "rows dense-rows";
    this.element.append(this.#svg);
    const measure = () => {
      this.#box = { top: this.element.scrollTop, height: this.element.clientHeight };
    };
    this.element.addEventListener("scroll", measure, { passive: true });
    new ResizeObserver(measure).observe(this.element);
  }

  /** Draws the rows in sight; `pictureAt(i)` gives the picture of a call, or undefined before it starts. */
  draw(pictureAt, scale) {
    this.#layOut();
    const height = this.#tops.at(-1);
    size(this.#svg, scale.width, height);
    const [first, last] = this.#seen();
    const groups = [];
    for (let i = first; i < last; i++) {
      const picture = pictureAt(i);
      const key = `${scale.key} ${this.#tops[i]} ${this.#calls[i].version}`;
      let drawn = this.#drawn.get(i);
      if (drawn?.key !== key || picture?.running) {
        drawn = { key, group: rowGroup(this.#calls[i], picture, scale, this.#tops[i]) };
        this.#drawn.set(i, drawn);
      }
      groups.push(drawn.group);
    }
    for (const i of this.#drawn.keys()) if (i < first || i >= last) this.#drawn.delete(i);
    this.#svg.replaceChildren(...gridLines(scale, height), svg("g", { "clip-path": scale.zoomed && "url(#plot)" }, ...groups));
  }

  /** Scrolls to a call. */
  reveal(i) {
    const { scrollTop, clientHeight } = this.element;
    const [top, bottom] = [this.#tops[i], this.#tops[i + 1]];
    if (top < scrollTop) this.element.scrollTop = top - space;
    else if (bottom > scrollTop + clientHeight) this.element.scrollTop = bottom - clientHeight + space;
  }

  #layOut() {
    let top = 4;
    this.#tops.length = 0;
    for (const call of this.#calls) {
      this.#tops.push(top);
      top += heightOf(call);
    }
    this.#tops.push(top);
  }

  /** The indices of the rows in sight: from, and up to. */
  #seen() {
    const { top, height } = this.#box;
    return [
      Math.max(0, firstBelow(this.#tops, top) - 1 - extra),
      Math.min(this.#calls.length, firstBelow(this.#tops, top + height) + extra),
    ];
  }
}

/** The index of the first number above a bound in a sorted list. */
function firstBelow(list, bound) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

function rowGroup(call, picture, scale, top) {
  const label = svg("text", { class: "number", x: gutter - 6, y: top + 10, "text-anchor": "end" }, String(call.number));
  const group = svg(
    "g",
    { class: "row", "data-call": call.number, "data-id": call.id, "data-executed": call.server?.started },
    label,
  );
  if (!picture) return group;
  const bottom = top + heightOf(call) - space;
  if (picture.deadline !== undefined && scale.x(picture.deadline) <= scale.end + 1) {
    const x = scale.x(picture.deadline);
    group.append(svg("line", { class: "deadline", x1: x, x2: x, y1: top - 1, y2: bottom }));
  }
  group.append(...picture.gaps.flatMap((gap) => gapMarks(gap, scale, top)));
  group.append(...picture.bars.map((one) => barGroup(one, scale, top)));
  if (picture.commit) {
    const x = scale.x(picture.commit.at);
    group.append(svg("line", { class: "commit", x1: x, x2: x, y1: top - 2, y2: bottom }));
  }
  return group;
}

function gapMarks({ lane: n, from, to, bound }, scale, top) {
  const y = top + n * lane + bar / 2;
  const x = scale.x(from);
  return [
    bound !== undefined &&
      svg("rect", {
        class: "jitter",
        x,
        y: y - bar / 2 - 1,
        width: Math.max(0, Math.min(scale.x(bound), scale.end) - x),
        height: bar + 2,
      }),
    svg("line", { class: "wait-line", x1: x, x2: scale.x(to), y1: y, y2: y }),
  ].filter(Boolean);
}

function barGroup(one, scale, top) {
  const y = top + one.lane * lane;
  const from = scale.x(one.from);
  const to = Math.max(scale.x(one.to), from + 2);
  const sent = Math.min(to, scale.x(one.sent));
  const start = sent - from > 1 ? sent : from;
  const head = one.running || one.outcome === "aborted" ? to : Math.min(to - 2, Math.max(start, scale.x(one.head ?? one.to)));
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
    start > from && svg("path", { class: "queue", d: `M${from} ${y + bar / 2}H${sent}` }),
    rect("ground", start, to),
    rect("wait", start, head),
    rect("body", head, to),
    one.outcome === "aborted" && rect("hatch", start, to),
    one.flag && svg("path", { class: "cloth", d: `M${to} ${y - 1}h5l-1.5 2l1.5 2h-5z` }),
  );
}
