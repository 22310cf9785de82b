// What can be taken away from the page: a link, the settings as code, the events of a session.

import { html } from "../draw/dom.js";
import { programsOf } from "../model/code.js";
import { configTextOf } from "../model/policy.js";

export class ShareBox {
  #dialog;

  constructor(dialog) {
    this.#dialog = dialog;
  }

  /** Copies a text, and says so on the button that asked for it. */
  async copy(button, text) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser forbids it";
    }
    setTimeout(() => {
      button.textContent = label;
    }, 1500);
  }

  showCode(settings, baseUrl) {
    this.#dialog.replaceChildren(
      html("form", { method: "dialog", class: "close" }, html("button", { class: "quiet", autofocus: true }, "Close")),
      html("h2", {}, "These settings as code"),
      ...programsOf({ config: configTextOf(settings), channel: settings.channel, calls: settings.calls }, baseUrl).map(
        ([language, text]) => this.#program(language, text),
      ),
    );
    this.#dialog.showModal();
  }

  #program(language, text) {
    const copy = html("button", { type: "button", class: "quiet" }, "Copy");
    copy.addEventListener("click", () => this.copy(copy, text));
    return html(
      "section",
      { class: "program", "data-language": language },
      html("header", {}, html("h3", {}, language), copy),
      html("pre", { tabindex: "0", "aria-label": language }, html("code", {}, text)),
    );
  }
}

/** The events of a session's runs as JSON: the settings, and of each call what the package told and what the server counted. */
export function eventsOf(settings, runs) {
  return {
    settings,
    takes: runs.map(({ name, run }) => ({
      name,
      origin: run.origin,
      calls: run.calls.map(({ number, id, kind, events, messages, server }) => ({ number, id, kind, events, messages, server })),
    })),
  };
}

/** Saves them as a file. */
export function exportEvents(settings, runs) {
  const text = JSON.stringify(
    eventsOf(settings, runs),
    (name, value) => (name.startsWith("$") ? undefined : typeof value === "bigint" ? Number(value) : value),
    2,
  );
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  html("a", { href: url, download: `hedgerow-${settings.story || "events"}.json` }).click();
  URL.revokeObjectURL(url);
}
