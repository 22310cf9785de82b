// Draws a few calls, each with a summary in words, its waterfall, and remarks.

import { codeName, drawCall, formatMs, heightOf, html, size, svg } from "../dist/waterfall.js";
import { remarksOf, summaryOf } from "../model/summary.js";

export class DetailedRows {
  element = html("div", { class: "rows" });
  #rows;

  constructor(calls) {
    this.#rows = calls.map((call) => new Row(call));
    this.element.append(...this.#rows.map((row) => row.element));
  }

  draw(pictureOf, scale) {
    const said = new Map();
    for (const row of this.#rows) row.draw(pictureOf(row.call), scale, said);
  }

  reveal(call) {
    this.#rows.find((row) => row.call === call)?.element.scrollIntoView({ block: "nearest" });
  }
}

/** One call. */
class Row {
  element = html("article", { class: "call" });
  call;
  #key;
  #summary = html("p", { class: "summary" });
  #duration = html("span", { class: "duration" });
  #chart = svg("svg", { class: "waterfall", role: "group" });
  #remarks = html("div", { class: "remarks" });

  constructor(call) {
    this.call = call;
    const heading = html("h4", {}, `Call ${call.number}`);
    this.element.append(html("header", {}, heading, this.#summary, this.#duration), this.#chart, this.#remarks);
  }

  /** `said` keeps which call made a remark first, so that a long remark is shown only once. */
  draw(picture, scale, said) {
    const call = this.call;
    for (const remark of remarksOf(call)) if (!said.has(remark)) said.set(remark, call.number);
    const key = `${scale.key} ${call.version}`;
    if (key === this.#key && !picture?.running) return;
    this.#key = key;
    Object.assign(this.element.dataset, {
      call: call.number,
      id: call.id,
      policy: call.policy,
      attempts: call.attempts.length,
      state: call.endedAt !== undefined ? "ended" : picture ? "running" : call.skipped ? "skipped" : "planned",
      code: codeName(call.code) ?? "",
      reason: call.reason ?? "",
      executed: call.server?.started ?? "",
    });
    const summary = summaryOf(call);
    this.#summary.textContent = summary;
    this.#duration.textContent = picture && !picture.running ? formatMs(call.endedAt - call.startedAt) : "";
    this.#remarks.replaceChildren(...remarksOf(call).map((text) => html("p", {}, this.#once(text, said))));
    this.#chart.setAttribute("aria-label", `Call ${call.number}: ${summary}`);
    if (picture) drawCall(this.#chart, picture, scale);
    else size(this.#chart, scale.width, heightOf({ lanes: 1 })); // so that little moves when the call starts
  }

  #once(text, said) {
    const first = said.get(text);
    return first === this.call.number || text.length < 80 ? text : `Same as for call ${first}.`;
  }
}
