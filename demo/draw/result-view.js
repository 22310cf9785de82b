// <call-result>: what one press of Send led to. Its runs beside each other, and then what the second gained and cost.

import { html } from "../dist/waterfall.js";
import { comparisonOf } from "../model/comparison.js";
import { distributionOf, statsOf } from "../model/stats.js";
import { LatencyPlot } from "./latency-plot.js";
import "./run-view.js";

/** Fewer calls make no distribution. */
const leastPlotted = 20;
/** Table and plot follow running calls at this pace. */
const compareEveryMs = 250;

class CallResult extends HTMLElement {
  #runs; // [{ name, place, run, view }]: run and view from when it begins
  #conclude;
  #columns = html("div", { class: "runs" });
  #comparison = html("div", { class: "comparison" });
  #conclusion = html("p", { class: "conclusion" });
  #plot;
  #frame; // the one in which refresh() draws
  #comparedAt = Number.NEGATIVE_INFINITY;

  /**
   * Shows what is known before the first run: a `title`, for a story what to `see` and `why`, the names of the `runs` to come, and
   * buttons (`actions`). `conclude(stats)` puts the numbers of both runs into a sentence.
   */
  show({ title, see, why, subtitle, runs, conclude, actions }) {
    this.#runs = runs.map((name) => ({ name }));
    for (const [i, run] of this.#runs.entries()) run.place = this.#toCome(i);
    this.#conclude = conclude;
    this.replaceChildren(
      html(
        "header",
        {},
        html("h2", {}, title),
        html("div", { class: "actions" }, ...actions),
        see && html("p", { class: "see" }, see),
      ),
      this.#columns,
      html("div", {}, why && html("p", { class: "why" }, why), html("p", { class: "result-subtitle" }, subtitle)),
      this.#comparison,
    );
    this.#columns.replaceChildren(...this.#runs.map(({ place }) => place));
    this.#comparison.hidden = runs.length < 2;
  }

  disconnectedCallback() {
    this.#plot?.close();
  }

  /** Shows a run that begins now, the i-th; `common` as in <call-run>. */
  begin(i, run, common) {
    const one = this.#runs[i];
    one.run = run;
    one.view = document.createElement("call-run");
    one.place.replaceWith(one.view);
    one.view.show({ title: one.name, letter: this.#letter(i), run, common });
    this.update(performance.now());
  }

  /** Run B stands beside run A; if there is only one, it has no letter. */
  #letter(i) {
    return this.#runs.length > 1 ? "AB"[i] : undefined;
  }

  /** Keeps the place of a run that has not begun. */
  #toCome(i) {
    const letter = this.#letter(i);
    const heading = html(
      "h3",
      {},
      letter && html("span", { class: "letter", "data-letter": letter }, letter),
      this.#runs[i].name,
    );
    return html("div", { class: "to-come" }, heading, i > 0 && html("p", {}, "begins when A has ended"));
  }

  /** The runs so far: [{ name, run }]. */
  get runs() {
    return this.#runs.filter(({ run }) => run).map(({ name, run }) => ({ name, run }));
  }

  /** Draws in the next frame, once, however often it is called before. */
  refresh() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.update(performance.now());
    });
  }

  /** Draws what is known now. */
  update(now) {
    const views = this.#runs.flatMap(({ view }) => view ?? []);
    for (const view of views) view.update(now);
    // All runs have one axis: a bar twice as long took twice the time.
    const span = Math.max(...views.map((view) => view.span));
    for (const view of views) view.share(span);
    const complete = this.#runs.every(({ view }) => view?.dataset.complete === "true");
    if (this.#runs.length > 1 && (complete || now - this.#comparedAt > compareEveryMs)) {
      this.#comparedAt = now;
      this.#compare(complete);
    }
    this.dataset.complete = String(complete);
  }

  #compare(complete) {
    const stats = this.#runs.map(({ run }) => (run ? statsOf(run.calls) : undefined));
    const plotted = stats[0]?.calls >= leastPlotted;
    if (plotted) this.#plot ??= new LatencyPlot();
    this.#comparison.classList.toggle("with-plot", plotted);
    this.#comparison.querySelector("table")?.remove();
    this.#comparison.prepend(this.#table(comparisonOf(stats)));
    if (plotted) {
      if (!this.#plot.element.isConnected) this.#comparison.append(this.#plot.element);
      this.#plot.show(
        distributionOf(stats.map((one) => one?.goodDurations ?? [])),
        this.#runs.map(({ name }) => name),
      );
    }
    if (!this.#conclude) return;
    this.#conclusion.textContent = complete ? this.#conclude(stats) : "";
    this.#comparison.append(this.#conclusion);
  }

  #table(rows) {
    const heading = ({ name }, i) =>
      html("th", { scope: "col" }, html("span", { class: "letter", "data-letter": "AB"[i] }, "AB"[i]), name);
    const cell = ({ text, better }) => html("td", { class: better && "better" }, text);
    return html(
      "table",
      { class: "comparison-table" },
      html("caption", { class: "visually-hidden" }, "What each run gained and cost; the better value is bold"),
      html("thead", {}, html("tr", {}, html("td", {}), ...this.#runs.map(heading))),
      html(
        "tbody",
        {},
        ...rows.map(({ name, cells }) =>
          html("tr", { "data-row": name }, html("th", { scope: "row" }, name), ...cells.map(cell)),
        ),
      ),
    );
  }
}

customElements.define("call-result", CallResult);
