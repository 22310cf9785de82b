// <call-run>: the calls of one run as a waterfall on a common axis, and the same as a table.

import { reasonTexts } from "../model/codes.js";
import { pictureOf } from "../model/picture.js";
import { statsOf } from "../model/stats.js";
import { columns, rowsOf, runSummaryOf } from "../model/words.js";
import { DenseRows } from "./dense-rows.js";
import { DetailedRows } from "./detailed-rows.js";
import { html, svg } from "./dom.js";
import { Explorer } from "./navigation.js";
import { drawAxis, scaleOf } from "./scale.js";
import { drawArrivals, drawTokens } from "./strips.js";
import { labelNeed } from "./waterfall.js";

/** As many calls are drawn with words; more are drawn without. */
const mostDetailed = 12;
/** A table that changes all the time is read by nobody; while calls run it follows at this pace. */
const tableEveryMs = 500;

class CallRun extends HTMLElement {
  #run;
  #rows;
  #explorer;
  #common = true; // one axis for all; else each call from its own start
  #scale;
  #least = 0;
  #tabledAt = Number.NEGATIVE_INFINITY;
  #axis = svg("svg", { class: "axis", "aria-hidden": "true" });
  #arrivals = svg("svg", { class: "strip", role: "img" });
  #tokens = svg("svg", { class: "strip tokens", role: "img" });
  #summary = html("p", { class: "run-summary" });
  #reasons = html("dl", { class: "reasons" });
  #body = html("tbody");
  #twin = html("details", { class: "twin" });
  #chart = html("div", { class: "chart" });
  #ownStart = html("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Line up starts");
  #width = 0; // of the rows; read when it changes, because reading it costs a layout
  #resized = new ResizeObserver(() => this.#resize());

  /**
   * Shows a run: `title` in words, `letter` its name beside another run, `calls` the models, `run.origin` the instant at which it
   * began. `common`: all calls on one axis; else each is drawn from its own start.
   */
  show({ title, letter, run, common }) {
    this.#run = run;
    this.#common = common;
    this.#rows = run.calls.length > mostDetailed ? new DenseRows(run.calls) : new DetailedRows(run.calls);
    this.#explorer = new Explorer(this.#chart, {
      calls: run.calls,
      reveal: (i) => this.#rows.reveal(i),
      redraw: () => this.update(performance.now()),
      scale: () => this.#scale,
    });
    this.#rows.element.addEventListener("scroll", () => this.update(performance.now()), { passive: true });
    this.#ownStart.hidden = run.calls.length < 2;
    this.#ownStart.addEventListener("click", () => {
      this.#common = !this.#common;
      this.#explorer.reset();
    });
    this.#chart.replaceChildren(
      html("div", { class: "axis-box" }, this.#axis, this.#arrivals, this.#tokens),
      this.#rows.element,
      this.#explorer.mark,
    );
    this.replaceChildren(
      html(
        "header",
        {},
        html("h3", {}, letter && html("span", { class: "letter", "data-letter": letter }, letter), title),
        html("div", { class: "tools" }, this.#ownStart, this.#explorer.buttons),
        this.#summary,
      ),
      this.#chart,
      this.#explorer.hint,
      this.#reasons,
      this.#twinOf(title),
    );
    this.#resize();
  }

  /** The span of time that this run needs, in ms. */
  get span() {
    return this.#scale?.own ?? 0;
  }

  /** Shows at least so much time, as the run beside this one needs it. */
  share(span) {
    if (span === this.#least) return;
    this.#least = span;
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
    const pictures = calls.map((call) =>
      call.startedAt === undefined ? undefined : pictureOf(call, now, this.#common ? origin : call.startedAt),
    );
    const dense = this.#rows instanceof DenseRows;
    const scale = scaleOf(pictures.filter(Boolean), this.#width, {
      view: this.#explorer.view,
      least: this.#least,
      need: dense ? undefined : labelNeed,
    });
    this.#scale = scale;
    drawAxis(this.#axis, scale);
    this.#arrivals.toggleAttribute("hidden", !dense || !this.#common);
    if (dense && this.#common) drawArrivals(this.#arrivals, calls, origin, scale);
    const throttled = this.#common && calls.some(({ throttles }) => throttles.length > 0);
    this.#tokens.toggleAttribute("hidden", !throttled);
    if (throttled) drawTokens(this.#tokens, calls, origin, scale);
    this.#explorer.whileDrawing(() => this.#rows.draw((i) => pictures[i], scale));
    this.#describe(now);
  }

  #describe(now) {
    const { calls } = this.#run;
    const stats = statsOf(calls);
    this.#ownStart.setAttribute("aria-pressed", String(!this.#common));
    this.dataset.ended = String(stats.ended);
    this.dataset.complete = String(calls.every((call) => call.skipped || (call.endedAt !== undefined && call.server)));
    this.#summary.textContent = runSummaryOf(stats);
    const reasons = [...new Set(calls.map((call) => call.reason).filter(Boolean))];
    if (reasons.length !== this.#reasons.children.length / 2) {
      this.#reasons.replaceChildren(
        ...reasons.flatMap((reason) => [html("dt", {}, reason), html("dd", {}, reasonTexts[reason])]),
      );
    }
    if (this.#twin.open && (stats.ended === stats.calls || now - this.#tabledAt > tableEveryMs)) this.#table(now);
  }

  #twinOf(title) {
    const table = html(
      "table",
      {},
      html("caption", { class: "visually-hidden" }, `${title}: every attempt`),
      html("thead", {}, html("tr", {}, ...columns.map(([, name]) => html("th", { scope: "col" }, name)))),
      this.#body,
    );
    this.#twin.replaceChildren(
      html("summary", {}, "The same as a table"),
      html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}: every attempt as a table` }, table),
    );
    this.#twin.addEventListener("toggle", () => this.#table(performance.now()));
    return this.#twin;
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
