// <call-session>: what one press of the button sent. Its takes, one below the other, and what the second gained and cost beside the first.

import { html } from "./dom.js";
import { DistributionPlot } from "./latency-plot.js";
import "./run-view.js";
import { distributionOf, statsOf } from "../model/stats.js";
import { balanceOf } from "../model/words.js";

/** Fewer calls make no distribution. */
const leastPlotted = 20;
const plotEveryMs = 250;

class CallSession extends HTMLElement {
  #takes; // { name, view, run }
  #balance = html("div", { class: "balance" });
  #plot;
  #due;
  #plottedAt = Number.NEGATIVE_INFINITY;

  /** `title`, and for a story what to `see` and `why`; `takes` are the names of the runs to come; `actions` are buttons. */
  show({ title, see, why, subtitle, takes, actions }) {
    this.#takes = takes.map((name) => ({ name }));
    this.replaceChildren(
      html(
        "header",
        {},
        html("h2", {}, title),
        html("div", { class: "actions" }, ...actions),
        see && html("p", { class: "see" }, see),
        why && html("p", { class: "why" }, why),
        html("p", { class: "session-subtitle" }, subtitle),
      ),
      this.#balance,
    );
    this.#balance.hidden = takes.length < 2;
  }

  disconnectedCallback() {
    this.#plot?.close();
  }

  /** A take begins; answers the view that shows it. */
  begin(i, run, common) {
    const take = this.#takes[i];
    const letter = this.#takes.length > 1 ? "AB"[i] : undefined;
    take.run = run;
    take.view = document.createElement("call-run");
    this.append(take.view);
    take.view.show({ title: take.name, letter, run, common });
    this.update(performance.now());
  }

  get runs() {
    return this.#takes.filter(({ run }) => run).map(({ name, run }) => ({ name, run }));
  }

  /** Draws in the next frame, however often it is asked before. */
  refresh() {
    this.#due ??= requestAnimationFrame(() => {
      this.#due = undefined;
      this.update(performance.now());
    });
  }

  /** Draws what is known now. */
  update(now) {
    const views = this.#takes.flatMap(({ view }) => view ?? []);
    for (const view of views) view.update(now);
    // One axis for all takes: a bar twice as long took twice the time.
    const span = Math.max(...views.map((view) => view.span));
    for (const view of views) view.share(span);
    const complete = this.#takes.every(({ view }) => view?.dataset.complete === "true");
    if (this.#takes.length > 1 && (complete || now - this.#plottedAt > plotEveryMs)) {
      this.#plottedAt = now;
      this.#compare();
    }
    this.dataset.complete = String(complete);
  }

  #compare() {
    const all = this.#takes.map(({ run }) => (run ? statsOf(run.calls) : undefined));
    const columns = all.map((stats) => (stats && stats.calls > 0 ? balanceOf(stats) : undefined));
    const names = (columns[0] ?? []).map(([name]) => name);
    const cell = (column, i) => html("td", {}, column?.[i]?.[1] ?? "–");
    const table = html(
      "table",
      { class: "balance-table" },
      html("caption", { class: "visually-hidden" }, "What each take gained and cost"),
      html(
        "thead",
        {},
        html(
          "tr",
          {},
          html("td", {}),
          ...this.#takes.map(({ name }, i) =>
            html("th", { scope: "col" }, html("span", { class: "letter", "data-letter": "AB"[i] }, "AB"[i]), name),
          ),
        ),
      ),
      html(
        "tbody",
        {},
        ...names.map((name, i) =>
          html("tr", { "data-row": name }, html("th", { scope: "row" }, name), ...columns.map((column) => cell(column, i))),
        ),
      ),
    );
    const plotted = all[0]?.calls >= leastPlotted;
    if (plotted) this.#plot ??= new DistributionPlot();
    this.#balance.classList.toggle("with-plot", plotted);
    this.#balance.querySelector("table")?.remove();
    this.#balance.prepend(table);
    if (!plotted) return;
    if (!this.#plot.element.isConnected) this.#balance.append(this.#plot.element);
    this.#plot.show(
      distributionOf(all.map((stats) => stats?.goodDurations ?? [])),
      this.#takes.map(({ name }) => name),
    );
  }
}

customElements.define("call-session", CallSession);
