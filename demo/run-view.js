// <call-run>: the calls of one run as a waterfall on a common axis, and the same as a table.

import { nameOf, reasonTexts } from "./codes.js";
import { html, svg } from "./dom.js";
import { statsOf } from "./model.js";
import { pictureOf } from "./picture.js";
import { axisHeight, drawAxis, drawCall, heightOf, scaleOf } from "./waterfall.js";
import { columns, formatMs, remarksOf, rowsOf, runSummaryOf, summaryOf } from "./words.js";

class CallRun extends HTMLElement {
  #run;
  #rows = [];
  #axis = svg("svg", { class: "axis", height: axisHeight, "aria-hidden": "true" });
  #summary = html("p", { class: "run-summary" });
  #tokens = html("p", { class: "tokens", hidden: true });
  #reasons = html("dl", { class: "reasons" });
  #body = html("tbody");
  #chart = html("div", { class: "chart" });
  #resized = new ResizeObserver(() => this.update(performance.now()));

  /**
   * Shows a run: `title` and `subtitle` in words, `calls` the models, `origin` the instant at which all began. Without an origin
   * each call is drawn from its own start, so that calls that followed each other can be compared.
   */
  show({ title, subtitle, origin, calls }) {
    this.#run = { origin, calls };
    this.#rows = calls.map((call) => new Row(call));
    this.#chart.replaceChildren(this.#axis, ...this.#rows.map((row) => row.element));
    this.replaceChildren(
      html("header", {}, html("h3", {}, title), html("p", { class: "run-subtitle" }, subtitle), this.#summary, this.#tokens),
      this.#chart,
      this.#reasons,
      html(
        "details",
        { class: "twin" },
        html("summary", {}, "The same as a table"),
        html(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}: every attempt as a table` },
          html(
            "table",
            {},
            html("thead", {}, html("tr", {}, ...columns.map(([, name]) => html("th", { scope: "col" }, name)))),
            this.#body,
          ),
        ),
      ),
    );
    this.update(performance.now());
  }

  connectedCallback() {
    this.#resized.observe(this);
  }

  disconnectedCallback() {
    this.#resized.disconnect();
  }

  /** Draws what is known now. */
  update(now) {
    if (!this.#run || !this.isConnected) return;
    const { origin, calls } = this.#run;
    const width = this.#chart.clientWidth;
    const pictures = calls.map((call) =>
      call.startedAt === undefined ? undefined : pictureOf(call, now, origin ?? call.startedAt),
    );
    const scale = scaleOf(pictures.filter(Boolean), width);
    size(this.#axis, width, axisHeight);
    drawAxis(this.#axis, scale);
    const said = new Map();
    this.#rows.forEach((row, i) => {
      row.update(pictures[i], scale, said);
    });
    this.#describe(calls, origin);
  }

  #describe(calls, origin) {
    const stats = statsOf(calls);
    this.dataset.ended = String(stats.ended);
    this.dataset.complete = String(calls.every((call) => call.skipped || (call.endedAt !== undefined && call.server)));
    this.#summary.textContent = runSummaryOf(stats);
    this.#tokens.hidden = !stats.tokens;
    if (stats.tokens) {
      const { tokens, maxTokens } = stats.tokens;
      this.#tokens.replaceChildren(
        html("meter", { min: 0, max: maxTokens, low: maxTokens / 2, optimum: maxTokens, value: tokens }),
        ` ${tokens} of ${maxTokens} tokens left; no retries at ${maxTokens / 2} or below`,
      );
    }
    const reasons = [...new Set(calls.map((call) => call.reason).filter(Boolean))];
    this.#reasons.replaceChildren(...reasons.flatMap((reason) => [html("dt", {}, reason), html("dd", {}, reasonTexts[reason])]));
    this.#body.replaceChildren(...calls.flatMap((call) => rowsOf(call, origin ?? call.startedAt).map(tableRow)));
  }
}

function tableRow(row) {
  return html(
    "tr",
    { "data-call": row.call, "data-attempt": row.attempt },
    ...columns.map(([key]) => html("td", { "data-column": key }, row[key])),
  );
}

function size(root, width, height) {
  root.setAttribute("width", width);
  root.setAttribute("height", height);
  root.setAttribute("viewBox", `0 0 ${width} ${height}`);
}

/** One call: its summary in words, its waterfall, and what else is to say. */
class Row {
  element = html("article", { class: "call" });
  #call;
  #summary = html("p", { class: "summary" });
  #duration = html("span", { class: "duration" });
  #chart = svg("svg", { class: "waterfall", role: "img" });
  #remarks = html("div", { class: "remarks" });

  constructor(call) {
    this.#call = call;
    const heading = html("h4", {}, `Call ${call.number}`);
    this.element.append(html("header", {}, heading, this.#summary, this.#duration), this.#chart, this.#remarks);
  }

  /** `said` keeps which call said a long remark first, so that it stands there only once. */
  update(picture, scale, said) {
    const call = this.#call;
    Object.assign(this.element.dataset, {
      call: call.number,
      id: call.id,
      policy: call.policy,
      attempts: call.attempts.length,
      state: call.endedAt !== undefined ? "ended" : picture ? "running" : call.skipped ? "skipped" : "planned",
      code: nameOf(call.code) ?? "",
      reason: call.reason ?? "",
      executed: call.server?.started ?? "",
    });
    const summary = summaryOf(call);
    this.#summary.textContent = summary;
    this.#duration.textContent = picture && !picture.running ? durationOf(call) : "";
    this.#remarks.replaceChildren(...remarksOf(call).map((text) => html("p", {}, this.#once(text, said))));
    this.#chart.setAttribute("aria-label", `Call ${call.number}: ${summary}`);
    if (!picture) {
      size(this.#chart, scale.width, heightOf({ lanes: 1 })); // so that little moves when it starts
      return;
    }
    size(this.#chart, scale.width, heightOf(picture));
    drawCall(this.#chart, picture, scale);
  }

  #once(text, said) {
    const first = said.get(text);
    if (first === undefined) said.set(text, this.#call.number);
    return first === undefined || text.length < 80 ? text : `The same as for call ${first}.`;
  }
}

function durationOf(call) {
  return formatMs(call.endedAt - call.startedAt);
}

customElements.define("call-run", CallRun);
