import { type RecordedAttempt, winnerOf } from "./call-record.js";
import { html, svg } from "./elements.js";
import type { InspectedCall } from "./history.js";
import { pictureOf } from "./picture.js";
import { drawAxis, scaleOf } from "./scale.js";
import { drawCall, labelNeed } from "./waterfall.js";
import { codeName, count, formatMs, hostOf, outcomeText, progressText, pushbackText, reasonText, waitText } from "./words.js";

const COLUMNS = ["Attempt", "Kind", "Started at", "Waited before", "Headers after", "Ended after", "Result", "HTTP", "Pushback"];

/** What is known of the call that was chosen: its waterfall with words, why it ended as it did, and its attempts as a table. */
export class Details {
  readonly element: HTMLElement = html("section", { class: "details", "aria-label": "The chosen call", hidden: true });
  #call: InspectedCall | undefined;
  #drawn = "";
  #title: HTMLElement = html("h3");
  #summary: HTMLElement = html("p", { class: "summary", role: "status" });
  #axis: SVGSVGElement = svg("svg", { class: "axis", "aria-hidden": "true" });
  #chart: SVGSVGElement = svg("svg", { class: "waterfall", role: "group" });
  #remarks: HTMLElement = html("div", { class: "remarks" });
  #rows: HTMLElement = html("tbody");

  /** `closed` is called when the visitor closes it. */
  constructor(closed: () => void) {
    const close = html("button", { type: "button" }, "Close");
    close.addEventListener("click", closed);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") closed();
    });
    const heading = html("tr", {}, ...COLUMNS.map((name) => html("th", { scope: "col" }, name)));
    const table = html("table", {}, html("thead", {}, heading), this.#rows);
    this.element.append(
      html("header", {}, this.#title, close),
      this.#summary,
      html("div", { class: "drawing" }, this.#axis, this.#chart),
      this.#remarks,
      html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Its attempts as a table" }, table),
    );
  }

  get call(): InspectedCall | undefined {
    return this.#call;
  }

  show(call: InspectedCall | undefined): void {
    this.#call = call;
    this.element.toggleAttribute("hidden", !call);
  }

  draw(now: number, width: number): void {
    const call = this.#call;
    if (call?.startedAt === undefined) return;
    const key = `${call.number} ${call.version} ${width}`;
    if (key === this.#drawn && call.endedAt !== undefined) return;
    this.#drawn = key;
    const { number, channel, method } = call;
    this.#title.textContent = [`Call ${number}`, channel, method].filter(Boolean).join(" · ");
    const summary = summaryOf(call);
    if (this.#summary.textContent !== summary) this.#summary.textContent = summary;
    const picture = pictureOf(call, now, call.startedAt);
    const scale = scaleOf([picture], width, { need: labelNeed });
    drawAxis(this.#axis, scale);
    drawCall(this.#chart, picture, scale);
    for (const bar of this.#chart.querySelectorAll(".bar")) bar.setAttribute("role", "img"); // nothing opens from here
    this.#chart.setAttribute("aria-label", `Call ${number}: ${summary}`);
    this.#remarks.replaceChildren(...remarksOf(call).map((text) => html("p", {}, text)));
    this.#rows.replaceChildren(...call.attempts.map((attempt, lane) => row(call, attempt, lane)));
  }
}

function summaryOf(call: InspectedCall): string {
  const parts = [count(call.attempts.length, "attempt")];
  if (call.endedAt === undefined) return [...parts, progressText(call)].join(" · ");
  const took = formatMs(call.endedAt - (call.startedAt ?? call.endedAt));
  parts.push(codeName(call.code) ?? "not watched to its end", took);
  if (call.reason) parts.push(`committed by ${call.reason}`);
  return parts.join(" · ");
}

function remarksOf({ code, statusMessage, reason, policy, warnings }: InspectedCall): string[] {
  const remarks = code !== 0 && statusMessage ? [statusMessage] : [];
  if (reason) remarks.push(`${reason}: ${reasonText(reason, policy)}`);
  return [...remarks, ...warnings];
}

function row(call: InspectedCall, attempt: RecordedAttempt, lane: number): HTMLElement {
  const { number, kind, endpoint, startedAt, headAt, endedAt, httpStatus, pushback } = attempt;
  const cells = [
    String(number),
    kind + (endpoint ? ` to ${hostOf(endpoint)}` : ""),
    formatMs(startedAt - (call.startedAt ?? startedAt)),
    waitText(call, lane),
    headAt === undefined ? "none" : formatMs(headAt - startedAt),
    endedAt === undefined ? "running" : formatMs(endedAt - startedAt),
    outcomeText(attempt) + (attempt === winnerOf(call) ? ", committed" : ""),
    httpStatus === undefined ? "" : String(httpStatus),
    pushbackText(pushback),
  ];
  return html("tr", {}, ...cells.map((text) => html("td", {}, text)));
}
