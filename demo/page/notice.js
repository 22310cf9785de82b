// The notice above the results, which says what went wrong and what to do about it.

import { html } from "../dist/waterfall.js";

/** Shows a title and lines of text or elements; without a title, hides the notice. */
export function showNotice(title, ...lines) {
  const box = document.querySelector("#notice");
  box.hidden = !title;
  box.replaceChildren(...(title ? [html("h2", {}, title), ...lines.map((line) => html("p", {}, line))] : []));
}

export function buildAdvice() {
  const command = html("code", {}, "make demo");
  return html("span", {}, "Run ", command, " in the project’s folder: it builds everything and starts the server.");
}
