// What a visitor can take away from the page: a link, the settings as code, and the events of a result.

import { html } from "../dist/waterfall.js";
import { programsOf } from "../model/code.js";
import { configTextOf } from "../model/policy.js";

/** Copies a text, and says so on the button that asked for it. */
export async function copyText(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "The browser did not allow it";
  }
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

/** The dialog that shows the settings as programs. */
export class CodeDialog {
  #dialog;

  constructor(dialog) {
    this.#dialog = dialog;
  }

  show(settings, baseUrl) {
    this.#dialog.replaceChildren(
      html("form", { method: "dialog", class: "close" }, html("button", { class: "quiet", autofocus: true }, "Close")),
      html("h2", {}, "These settings as code"),
      ...programsOf({ config: configTextOf(settings), channel: settings.channel, calls: settings.calls }, baseUrl).map(
        ([language, text]) => program(language, text),
      ),
    );
    this.#dialog.showModal();
  }
}

function program(language, text) {
  const copy = html("button", { type: "button", class: "quiet" }, "Copy");
  copy.addEventListener("click", () => copyText(copy, text));
  return html(
    "section",
    { class: "program", "data-language": language },
    html("header", {}, html("h3", {}, language), copy),
    html("pre", { tabindex: "0", "aria-label": language }, html("code", {}, text)),
  );
}

/** Saves a result as a JSON file: the settings, and of each call the events of the package and what the server counted. */
export function saveEvents(settings, runs) {
  const content = {
    settings,
    runs: runs.map(({ name, run }) => ({
      name,
      origin: run.origin,
      calls: run.calls.map(({ number, id, kind, events, messages, server }) => ({ number, id, kind, events, messages, server })),
    })),
  };
  const text = JSON.stringify(
    content,
    // The server's instants are BigInts, and protobuf-es marks its messages with $typeName.
    (name, value) => (name.startsWith("$") ? undefined : typeof value === "bigint" ? Number(value) : value),
    2,
  );
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  html("a", { href: url, download: `hedgerow-${settings.story || "events"}.json` }).click();
  URL.revokeObjectURL(url);
}
