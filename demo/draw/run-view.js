// <call-run>: the calls of one run as a waterfall on a common axis, and the same as a table.

import { drawAxis, html, labelNeed, Navigation, pictureOf, Rows, reasonText, scaleOf, svg } from "../dist/waterfall.js";
import { columns, rowsOf } from "../model/attempt-table.js";
import { statsOf } from "../model/stats.js";
import { runSummaryOf } from "../model/summary.js";
import { DetailedRows } from "./detailed-rows.js";
import { drawArrivals, drawTokens } from "./strips.js";

/** Up to so many calls are drawn with words; more are drawn without. */
const mostDetailed = 12;
/** Nobody can read a table that changes all the time. While calls run it follows at this pace. */
const tableEveryMs = 500;

/** What a narrow row says beside its bars. */
const rowWords = {
  label: ({ number }) => String(number),
  attributes: ({ id, server }) => ({ "data-id": id, "data-executed": server?.started }),
};

class CallRun extends HTMLElement {
  #run;
  #rows;
  #navigation;
  #common = true; // all calls on one axis; else each from its own start
  #scale;
  #leastSpan = 0; // what the other run needs
  #tabledAt = Number.NEGATIVE_INFINITY;
  #axis = svg("svg", { class: "axis", "aria-hidden": "true" });
  #arrivals = svg("svg", { class: "strip", role: "img" });
  #tokens = svg("svg", { class: "strip tokens", role: "img" });
  #summary = html("p", { class: "run-summary" });
  #reasons = html("dl", { class: "reasons" });
  #body = html("tbody");
  #tableBox = html("details", { class: "attempt-table" });
  #chart = html("div", { class: "chart" });
  #ownStart = html("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Line up starts");
  #width = 0; // of the rows; read only when it changes, because reading it costs a layout
  #resized = new ResizeObserver(() => this.#resize());

  /**
   * Shows a run as startRun returns it, with a `title` and, beside another run, a `letter`. `common` puts all calls on one axis; else
   * each is drawn from its own start.
   */
  show({ title, letter, run, common }) {
    this.#run = run;
    this.#common = common;
    this.#rows = run.calls.length > mostDetailed ? new Rows(() => run.calls, rowWords) : new DetailedRows(run.calls);
    this.#navigation = new Navigation(this.#chart, {
      calls: () => run.calls,
      reveal: (call) => this.#rows.reveal(call),
      open: (call, lane) => this.dispatchEvent(new CustomEvent("attempt", { bubbles: true, detail: { call, lane } })),
      redraw: () => this.update(performance.now()),
      scale: () => this.#scale,
    });
    this.#rows.element.addEventListener("scroll", () => this.update(performance.now()), { passive: true });
    this.#ownStart.hidden = run.calls.length < 2;
    this.#ownStart.addEventListener("click", () => {
      this.#common = !this.#common;
      this.#navigation.reset();
    });
    this.#chart.replaceChildren(
      html("div", { class: "axis-box" }, this.#axis, this.#arrivals, this.#tokens),
      this.#rows.element,
      this.#navigation.mark,
    );
    this.replaceChildren(
      html(
        "header",
        {},
        html("h3", {}, letter && html("span", { class: "letter", "data-letter": letter }, letter), title),
        html("div", { class: "tools" }, this.#ownStart, this.#navigation.buttons),
        this.#summary,
      ),
      this.#chart,
      this.#navigation.hint,
      this.#reasons,
      this.#fillTableBox(title),
    );
    this.#resize();
  }

  /** The span of time that this run needs, in milliseconds. */
  get span() {
    return this.#scale?.own ?? 0;
  }

  /** Shows at least this span, because another run needs it. */
  share(span) {
    if (span === this.#leastSpan) return;
    this.#leastSpan = span;
    this.update(performance.now());
  }

  connectedCallback() {
    this.#resized.observe(this);
  }

  disconnectedCallback() {
    this.#resized.disconnect();
  }

  #resize() {
    this.#width = this.#rows?.element.clientWidth ?? 0;
    this.update(performance.now());
  }

  /** Draws what is known now. */
  update(now) {
    if (!this.#run || this.#width === 0) return;
    const { origin, calls } = this.#run;
    const begun = calls.filter(({ startedAt }) => startedAt !== undefined);
    const pictures = new Map(begun.map((call) => [call, pictureOf(call, now, this.#common ? origin : call.startedAt)]));
    const dense = this.#rows instanceof Rows;
    const scale = scaleOf([...pictures.values()], this.#width, {
      view: this.#navigation.view,
      least: this.#leastSpan,
      need: dense ? undefined : labelNeed,
    });
    this.#scale = scale;
    drawAxis(this.#axis, scale);
    this.#arrivals.toggleAttribute("hidden", !dense || !this.#common);
    if (dense && this.#common) drawArrivals(this.#arrivals, calls, origin, scale);
    const throttled = this.#common && calls.some(({ throttles }) => throttles.length > 0);
    this.#tokens.toggleAttribute("hidden", !throttled);
    if (throttled) drawTokens(this.#tokens, calls, origin, scale);
    this.#navigation.whileDrawing(() => this.#rows.draw((call) => pictures.get(call), scale));
    this.#describe(now);
  }

  #describe(now) {
    const { calls } = this.#run;
    const stats = statsOf(calls);
    this.#ownStart.setAttribute("aria-pressed", String(!this.#common));
    this.dataset.ended = String(stats.ended);
    this.dataset.complete = String(calls.every((call) => call.skipped || (call.endedAt !== undefined && call.server)));
    this.#summary.textContent = runSummaryOf(stats);
    const policies = new Map(calls.filter(({ reason }) => reason).map(({ reason, policy }) => [reason, policy]));
    if (policies.size !== this.#reasons.children.length / 2) {
      this.#reasons.replaceChildren(
        ...[...policies].flatMap(([reason, policy]) => [html("dt", {}, reason), html("dd", {}, reasonText(reason, policy))]),
      );
    }
    if (this.#tableBox.open && (stats.ended === stats.calls || now - this.#tabledAt > tableEveryMs)) this.#table(now);
  }

  #fillTableBox(title) {
    const table = html(
      "table",
      {},
      html("caption", { class: "visually-hidden" }, `${title}: every attempt`),
      html("thead", {}, html("tr", {}, ...columns.map(([, name]) => html("th", { scope: "col" }, name)))),
      this.#body,
    );
    this.#tableBox.replaceChildren(
      html("summary", {}, "Show as a table"),
      html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}: every attempt as a table` }, table),
    );
    this.#tableBox.addEventListener("toggle", () => this.#table(performance.now()));
    return this.#tableBox;
  }

  #table(now) {
    this.#tabledAt = now;
    const { origin, calls } = this.#run;
    this.#body.replaceChildren(
      ...calls.flatMap((call) => rowsOf(call, this.#common ? origin : call.startedAt).map((row) => tableRow(row))),
    );
  }
}

function tableRow(row) {
  return html(
    "tr",
    { "data-call": row.call, "data-attempt": row.attempt },
    ...columns.map(([key]) => html("td", { "data-column": key }, row[key])),
  );
}

customElements.define("call-run", CallRun);
