// How one moves in a waterfall: zooms and moves it by wheel, pointer, keys and buttons, and goes through its attempts one by one. It asks
// for a redraw, and draws nothing itself but the mark of a selection.

import type { CallRecord } from "./call-record.js";
import { html } from "./elements.js";
import type { Scale } from "./scale.js";
import { marked, panned, type View, zoomed } from "./zoom.js";

/** What a navigation moves in. */
export interface Navigable<C extends CallRecord> {
  calls(): readonly C[];
  /** The scale that was drawn last. */
  scale(): Scale;
  /** Scrolls to a call. */
  reveal(call: C): void;
  redraw(): void;
  /** An attempt was chosen. */
  open(call: C, lane: number): void;
}

const EVENTS = ["wheel", "pointerdown", "pointermove", "pointerup", "pointercancel", "click", "dblclick", "keydown"] as const;

export class Navigation<C extends CallRecord> {
  /** The part of time that is shown; undefined: all of it. */
  view: View | undefined;
  readonly mark: HTMLDivElement = html("div", { class: "mark", hidden: true });
  readonly hint: HTMLParagraphElement = html(
    "p",
    { class: "hint zoom-hint" },
    "Drag across the bars or hold Ctrl and scroll to zoom. Keyboard: arrow keys move between attempts, Enter opens one, + − 0 zoom.",
  );
  readonly buttons: HTMLSpanElement = html("span", { class: "zoom", role: "group", "aria-label": "Zoom" });
  #chart: HTMLElement;
  #run: Navigable<C>;
  /** Where the keyboard is. */
  #current: { readonly call: C; readonly lane: number } | undefined;
  /** Where a drag began. */
  #pressed: number | undefined;
  #reset: HTMLButtonElement;

  /** `chart` contains the axis and the rows. */
  constructor(chart: HTMLElement, run: Navigable<C>) {
    this.#chart = chart;
    this.#run = run;
    this.#reset = this.#button("All", "Show all", () => this.reset());
    this.buttons.append(
      this.#button("−", "Zoom out", () => this.#zoom(1 / 2)),
      this.#button("+", "Zoom in", () => this.#zoom(2)),
      this.#reset,
    );
    this.#reset.disabled = true;
    for (const type of EVENTS) chart.addEventListener(type, this, { passive: type !== "wheel" && type !== "keydown" });
  }

  handleEvent(event: Event): void {
    if (event.type === "wheel") this.#onWheel(event as WheelEvent);
    else if (event.type === "pointerdown") this.#onPointerDown(event as PointerEvent);
    else if (event.type === "pointermove") this.#onPointerMove(event as PointerEvent);
    else if (event.type === "pointerup") this.#onPointerUp(event as PointerEvent);
    else if (event.type === "pointercancel") this.#onPointerCancel();
    else if (event.type === "click") this.#onClick(event);
    else if (event.type === "keydown") this.#onKeyDown(event as KeyboardEvent);
    else if (!barOf(event)) this.reset(); // a double click
  }

  reset(): void {
    this.#show(undefined);
  }

  /** Draws, which replaces the bars, and then puts the focus and the one tab stop back where they were. */
  whileDrawing(draw: () => void): void {
    const focused = this.#focused()?.closest(".bar") != null;
    draw();
    const { call, lane } = this.#current ?? {};
    const bar = (call && this.#barAt(call, lane ?? 0)) ?? this.#chart.querySelector<SVGElement>(".bar");
    bar?.setAttribute("tabindex", "0");
    if (focused && this.#focused() !== bar) bar?.focus({ preventScroll: true });
  }

  /** The focused element, in whichever tree the chart is. */
  #focused(): Element | null {
    return (this.#chart.getRootNode() as Document | ShadowRoot).activeElement ?? null;
  }

  // The events of the chart.

  #onWheel(event: WheelEvent): void {
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

  #onPointerDown(event: PointerEvent): void {
    if (event.button === 0 && event.pointerType === "mouse") this.#pressed = this.#xOf(event);
  }

  #onPointerMove(event: PointerEvent): void {
    if (this.#pressed === undefined) return;
    const x = this.#xOf(event);
    if (this.mark.hidden && Math.abs(x - this.#pressed) < 6) return;
    this.#chart.setPointerCapture(event.pointerId);
    this.mark.hidden = false;
    this.mark.style.left = `${Math.min(x, this.#pressed)}px`;
    this.mark.style.width = `${Math.abs(x - this.#pressed)}px`;
  }

  #onPointerUp(event: PointerEvent): void {
    const from = this.#pressed;
    this.#pressed = undefined;
    if (this.mark.hidden || from === undefined) return;
    const { ms, span } = this.#run.scale();
    this.#show(marked(ms(from), ms(this.#xOf(event)), span));
    // The click that follows only ends the drag, and must not open an attempt.
    setTimeout(() => {
      this.mark.hidden = true;
    });
  }

  #onPointerCancel(): void {
    this.#pressed = undefined;
    this.mark.hidden = true;
  }

  #onClick(event: Event): void {
    const bar = barOf(event);
    if (bar && this.mark.hidden) this.#open(bar);
  }

  #onKeyDown(event: KeyboardEvent): void {
    const bar = barOf(event);
    if (!bar || event.ctrlKey || event.altKey || event.metaKey) return;
    const { from, to, span } = this.#run.scale();
    const actions: { readonly [key: string]: () => void } = {
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
    const act = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  }

  // What they lead to.

  #show(view: View | undefined): void {
    this.view = view;
    this.#reset.disabled = view === undefined;
    this.#run.redraw();
  }

  #zoom(factor: number): void {
    const { from, to, span } = this.#run.scale();
    this.#show(zoomed({ from, to }, factor, (from + to) / 2, span));
  }

  /** Goes to the next attempt or the one before, from the top of the picture to its bottom. */
  #step(by: 1 | -1): void {
    const calls = this.#run.calls().filter(({ attempts }) => attempts.length > 0);
    let i = this.#current ? calls.indexOf(this.#current.call) : 0;
    if (i < 0) i = 0; // its call was dropped
    let lane = (this.#current?.lane ?? 0) + by;
    if (lane < 0 && i > 0) lane = (calls[--i]?.attempts.length ?? 1) - 1;
    else if (lane >= (calls[i]?.attempts.length ?? 0) && i < calls.length - 1) [i, lane] = [i + 1, 0];
    const call = calls[i];
    if (!call?.attempts[lane]) return;
    this.#current = { call, lane };
    this.#run.reveal(call);
    this.#run.redraw();
    this.#barAt(call, lane)?.focus({ preventScroll: true });
  }

  #open(bar: SVGElement): void {
    const number = bar.closest<SVGElement>("[data-call]")?.dataset["call"];
    const call = this.#run.calls().find((one) => String(one.number) === number);
    if (!call) return;
    this.#current = { call, lane: Number(bar.dataset["lane"]) };
    this.#run.open(call, this.#current.lane);
  }

  #barAt({ number }: C, lane: number): SVGElement | null {
    return this.#chart.querySelector<SVGElement>(`[data-call="${number}"] .bar[data-lane="${lane}"]`);
  }

  #xOf(event: MouseEvent): number {
    return event.clientX - this.#chart.getBoundingClientRect().left;
  }

  #button(text: string, label: string, act: () => void): HTMLButtonElement {
    const button = html("button", { type: "button", class: "quiet", "aria-label": label, title: label }, text);
    button.addEventListener("click", act);
    return button;
  }
}

function barOf({ target }: Event): SVGElement | null {
  return target instanceof Element ? target.closest<SVGElement>(".bar") : null;
}
