// How a visitor moves in a waterfall: zooms and moves it by wheel, pointer, keys and buttons, and goes through its attempts one by one.
// It asks for a redraw, and draws nothing itself but the mark of a selection.

import { marked, panned, zoomed } from "../model/zoom.js";
import { html } from "./dom.js";

export class Navigation {
  view; // the part of time that is shown; undefined: all of it
  mark = html("div", { class: "mark", hidden: true });
  hint = html(
    "p",
    { class: "hint zoom-hint" },
    "Drag across the bars or hold Ctrl and scroll to zoom. Keyboard: arrow keys move between attempts, Enter opens one, + − 0 zoom.",
  );
  buttons = html("span", { class: "zoom", role: "group", "aria-label": "Zoom" });
  #chart;
  #run;
  #current = [0, 0]; // call index, lane: where the keyboard is
  #pressed; // x where a drag began
  #reset;

  /**
   * `chart` contains the axis and the rows. `run` is { calls, scale, reveal, redraw }: scale() gives the scale that was drawn last,
   * reveal(i) scrolls to a call, and redraw() draws again.
   */
  constructor(chart, run) {
    this.#chart = chart;
    this.#run = run;
    this.#reset = this.#button("All", "Show all", () => this.reset());
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
    this.#show(undefined);
  }

  /** Draws, which replaces the bars, and then puts the focus and the one tab stop back where they were. */
  whileDrawing(draw) {
    const focused = this.#chart.contains(document.activeElement) && document.activeElement.closest(".bar") !== null;
    draw();
    const bar = this.#barAt(...this.#current) ?? this.#chart.querySelector(".bar");
    bar?.setAttribute("tabindex", "0");
    if (focused && document.activeElement !== bar) bar?.focus({ preventScroll: true });
  }

  // The events of the chart.

  onwheel(event) {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey || event.deltaX !== 0)) return; // the page scrolls
    const { from, to, span, ms } = this.#run.scale();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.#show(zoomed({ from, to }, event.deltaY < 0 ? 1.25 : 0.8, ms(this.#xOf(event)), span));
    } else if (this.view) {
      event.preventDefault();
      this.#show(panned({ from, to }, (event.deltaX || event.deltaY) / 600, span));
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
    const { ms, span } = this.#run.scale();
    this.#show(marked(ms(from), ms(this.#xOf(event)), span));
    // The click that follows only ends the drag, and must not open an attempt.
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
    const { from, to, span } = this.#run.scale();
    const actions = {
      "+": () => this.#zoom(2),
      "=": () => this.#zoom(2),
      "-": () => this.#zoom(1 / 2),
      0: () => this.reset(),
      ArrowUp: () => this.#step(-1),
      ArrowDown: () => this.#step(1),
      ArrowLeft: () => (this.view ? this.#show(panned({ from, to }, -0.2, span)) : this.#step(-1)),
      ArrowRight: () => (this.view ? this.#show(panned({ from, to }, 0.2, span)) : this.#step(1)),
      Enter: () => this.#open(bar),
      " ": () => this.#open(bar),
    };
    const act = bar && !event.ctrlKey && !event.altKey && !event.metaKey && actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  // What they lead to.

  #show(view) {
    this.view = view;
    this.#reset.disabled = view === undefined;
    this.#run.redraw();
  }

  #zoom(factor) {
    const { from, to, span } = this.#run.scale();
    this.#show(zoomed({ from, to }, factor, (from + to) / 2, span));
  }

  /** Goes to the next attempt or the one before, from the top of the picture to its bottom. */
  #step(by) {
    const { calls } = this.#run;
    let [i, lane] = this.#current;
    lane += by;
    if (lane < 0 && i > 0) lane = calls[--i].attempts.length - 1;
    else if (lane >= calls[i].attempts.length && i < calls.length - 1) [i, lane] = [i + 1, 0];
    if (!calls[i]?.attempts[lane]) return;
    this.#current = [i, lane];
    this.#run.reveal(i);
    this.#run.redraw();
    this.#barAt(i, lane)?.focus({ preventScroll: true });
  }

  #open(bar) {
    const i = this.#run.calls.findIndex(({ number }) => String(number) === bar.closest("[data-call]").dataset.call);
    this.#current = [i, Number(bar.dataset.lane)];
    bar.dispatchEvent(
      new CustomEvent("attempt", { bubbles: true, detail: { call: this.#run.calls[i], lane: this.#current[1] } }),
    );
  }

  #barAt(i, lane) {
    return this.#chart.querySelector(`[data-call="${this.#run.calls[i]?.number}"] .bar[data-lane="${lane}"]`);
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
