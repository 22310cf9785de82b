// How a waterfall is explored: zoomed and moved by wheel, pointer, keys and buttons, and its attempts gone through one by one. Asks for a
// redraw; draws nothing but the mark of a selection.

import { marked, panned, zoomed } from "../model/zoom.js";
import { html } from "./dom.js";

export class Explorer {
  view; // the part of time that is looked at; undefined: all of it
  mark = html("div", { class: "mark", hidden: true });
  hint = html(
    "p",
    { class: "hint zoom-hint" },
    "Drag across the bars to zoom, or Ctrl and the wheel. By keyboard: arrows go through the attempts, Enter opens one, + − 0 zoom.",
  );
  buttons = html("span", { class: "zoom", role: "group", "aria-label": "Zoom" });
  #chart;
  #with;
  #current = [0, 0]; // call index, lane: where the keyboard is
  #pressed; // x where a drag began
  #reset;

  /** `chart` holds axis and rows; `scale()` is what was drawn last, `reveal(i)` brings a call into sight, `redraw()` draws again. */
  constructor(chart, using) {
    this.#chart = chart;
    this.#with = using;
    this.#reset = this.#button("All", "Show all of it", () => this.reset());
    this.buttons.append(
      this.#button("−", "Zoom out", () => this.#zoom(1 / 2)),
      this.#button("+", "Zoom in", () => this.#zoom(2)),
      this.#reset,
    );
    this.#reset.disabled = true;
    for (const type of ["wheel", "pointerdown", "pointermove", "pointerup", "pointercancel", "click", "dblclick", "keydown"]) {
      chart.addEventListener(type, this, { passive: type !== "wheel" && type !== "keydown" });
    }
  }

  handleEvent(event) {
    this[`on${event.type}`](event);
  }

  reset() {
    this.#look(undefined);
  }

  /** Draws, and puts the focus and the one tab stop back where they were: drawing replaces the bars. */
  whileDrawing(draw) {
    const focused = this.#chart.contains(document.activeElement) && document.activeElement.closest(".bar") !== null;
    draw();
    const bar = this.#barAt(...this.#current) ?? this.#chart.querySelector(".bar");
    bar?.setAttribute("tabindex", "0");
    if (focused && document.activeElement !== bar) bar?.focus({ preventScroll: true });
  }

  // What the page tells.

  onwheel(event) {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.deltaX !== 0)) return; // the page scrolls
    const { from, to, span, ms } = this.#with.scale();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.#look(zoomed({ from, to }, event.deltaY < 0 ? 1.25 : 0.8, ms(this.#xOf(event)), span));
    } else if (this.view) {
      event.preventDefault();
      this.#look(panned({ from, to }, (event.deltaX || event.deltaY) / 600, span));
    }
  }

  onpointerdown(event) {
    if (event.button === 0 && event.pointerType === "mouse") this.#pressed = this.#xOf(event);
  }

  onpointermove(event) {
    if (this.#pressed === undefined) return;
    const x = this.#xOf(event);
    if (this.mark.hidden && Math.abs(x - this.#pressed) < 6) return;
    this.#chart.setPointerCapture(event.pointerId);
    this.mark.hidden = false;
    this.mark.style.left = `${Math.min(x, this.#pressed)}px`;
    this.mark.style.width = `${Math.abs(x - this.#pressed)}px`;
  }

  onpointerup(event) {
    const from = this.#pressed;
    this.#pressed = undefined;
    if (this.mark.hidden) return;
    const { ms, span } = this.#with.scale();
    this.#look(marked(ms(from), ms(this.#xOf(event)), span));
    // The click that follows ends the drag; it opens nothing.
    setTimeout(() => {
      this.mark.hidden = true;
    });
  }

  onpointercancel() {
    this.#pressed = undefined;
    this.mark.hidden = true;
  }

  onclick({ target }) {
    const bar = target.closest(".bar");
    if (bar && this.mark.hidden) this.#open(bar);
  }

  ondblclick({ target }) {
    if (!target.closest(".bar")) this.reset();
  }

  onkeydown(event) {
    const bar = event.target.closest(".bar");
    const { from, to, span } = this.#with.scale();
    const actions = {
      "+": () => this.#zoom(2),
      "=": () => this.#zoom(2),
      "-": () => this.#zoom(1 / 2),
      0: () => this.reset(),
      ArrowUp: () => this.#step(-1),
      ArrowDown: () => this.#step(1),
      ArrowLeft: () => (this.view ? this.#look(panned({ from, to }, -0.2, span)) : this.#step(-1)),
      ArrowRight: () => (this.view ? this.#look(panned({ from, to }, 0.2, span)) : this.#step(1)),
      Enter: () => this.#open(bar),
      " ": () => this.#open(bar),
    };
    const act = bar && !event.ctrlKey && !event.altKey && !event.metaKey && actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  // What it does.

  #look(view) {
    this.view = view;
    this.#reset.disabled = view === undefined;
    this.#with.redraw();
  }

  #zoom(factor) {
    const { from, to, span } = this.#with.scale();
    this.#look(zoomed({ from, to }, factor, (from + to) / 2, span));
  }

  /** To the next attempt, or the one before, in the order in which they stand. */
  #step(by) {
    const { calls } = this.#with;
    let [i, lane] = this.#current;
    lane += by;
    if (lane < 0 && i > 0) lane = calls[--i].attempts.length - 1;
    else if (lane >= calls[i].attempts.length && i < calls.length - 1) [i, lane] = [i + 1, 0];
    if (!calls[i]?.attempts[lane]) return;
    this.#current = [i, lane];
    this.#with.reveal(i);
    this.#with.redraw();
    this.#barAt(i, lane)?.focus({ preventScroll: true });
  }

  #open(bar) {
    const i = this.#with.calls.findIndex(({ number }) => String(number) === bar.closest("[data-call]").dataset.call);
    this.#current = [i, Number(bar.dataset.lane)];
    bar.dispatchEvent(
      new CustomEvent("attempt", { bubbles: true, detail: { call: this.#with.calls[i], lane: this.#current[1] } }),
    );
  }

  #barAt(i, lane) {
    return this.#chart.querySelector(`[data-call="${this.#with.calls[i]?.number}"] .bar[data-lane="${lane}"]`);
  }

  #xOf(event) {
    return event.clientX - this.#chart.getBoundingClientRect().left;
  }

  #button(text, label, act) {
    const button = html("button", { type: "button", class: "quiet", "aria-label": label, title: label }, text);
    button.addEventListener("click", act);
    return button;
  }
}
