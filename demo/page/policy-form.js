// The policy as a form and as JSON, each following the other. The JSON is what the channel gets; while it says more than the form can
// show, the fields are disabled.

import { CODE_NAMES, html } from "../dist/waterfall.js";
import { placeOf } from "../model/json-place.js";
import { configOf, defaults, fieldOf, textOf, valuesOf } from "../model/policy.js";

// [name, unit]. The names are those of the service config.
const numbers = {
  retry: [["maxAttempts"], ["initialBackoff", "s"], ["maxBackoff", "s"], ["backoffMultiplier", "×"]],
  hedging: [["maxAttempts"], ["hedgingDelay", "s"]],
  throttling: [["maxTokens"], ["tokenRatio"]],
};
const codeLists = { retry: "retryableStatusCodes", hedging: "nonFatalStatusCodes" };

export class PolicyForm {
  #root;
  #changed;
  #values = structuredClone(defaults);
  #fields = new Map(); // name → { inputs, problem, box }
  #json;
  #custom = false;

  /** Builds the fields in `root`; `changed()` is called whenever the text may have changed. */
  constructor(root, changed) {
    this.#root = root;
    this.#changed = changed;
    this.#json = root.querySelector("textarea");
    for (const policy of ["retry", "hedging", "throttling"]) {
      const group = root.querySelector(`[data-group=${policy}]`);
      group.append(...numbers[policy].map(([name, unit]) => this.#number(`${policy}.${name}`, name, unit)));
      if (codeLists[policy]) group.append(this.#codes(`${policy}.${codeLists[policy]}`, codeLists[policy]));
    }
    root.querySelector("[data-group=shared]").append(this.#number("timeout", "timeout", "s", "none"));
    root.addEventListener("input", (event) => (event.target === this.#json ? this.#readJSON() : this.#readFields()));
    root.querySelector("#back-to-form").addEventListener("click", () => this.set(this.#values));
    this.set(this.#values);
  }

  /** The service config as JSON text, as the channel gets it. */
  get text() {
    return this.#json.value;
  }

  /** What the fields say. The text says more if `custom` is true. */
  get values() {
    return structuredClone(this.#values);
  }

  get custom() {
    return this.#custom;
  }

  /** Replaces the text, as if it had been typed. */
  setText(text) {
    this.#json.value = text;
    this.#root.querySelector("#json").open = true;
    this.#readJSON();
  }

  set(values) {
    this.#values = structuredClone(values);
    this.#writeFields();
    this.#writeJSON();
  }

  /** Shows problems where they belong, and removes the earlier ones. */
  showProblems(problems) {
    for (const field of this.#fields.values()) this.#mark(field, "");
    const list = this.#root.querySelector("#json-problems");
    list.replaceChildren(...problems.map((problem) => this.#item(problem)));
    this.#numberLines(problems);
    list.hidden = problems.length === 0;
    this.#json.setAttribute("aria-invalid", String(problems.length > 0));
    for (const { path, reason } of problems) {
      const field = this.#custom ? undefined : this.#fields.get(fieldOf(path));
      if (field) this.#mark(field, reason);
      // If no visible field can show it, the JSON does.
      else this.#root.querySelector("#json").open = true;
    }
  }

  /** A problem, with a button that goes to the place in the JSON that it is about. */
  #item({ path, reason }) {
    const { from, to, line } = placeOf(this.text, path);
    const go = html("button", { type: "button", class: "place" }, `line ${line}`);
    go.addEventListener("click", () => {
      this.#json.focus();
      this.#json.setSelectionRange(from, to);
    });
    return html("li", {}, go, " ", html("code", {}, path || "serviceConfig"), ` ${reason}`);
  }

  /** Numbers the lines of the JSON; those with a problem stand out. */
  #numberLines(problems = []) {
    const wrong = new Set(problems.map(({ path }) => placeOf(this.text, path).line));
    const lines = this.text.split("\n").length;
    this.#json.rows = lines;
    this.#root
      .querySelector("#json-lines")
      .replaceChildren(
        ...Array.from({ length: lines }, (_, i) => html("span", { "data-wrong": wrong.has(i + 1) }, String(i + 1))),
      );
  }

  /** Moves the focus to the first problem. */
  focusProblem() {
    const invalid = this.#root.querySelector('input[aria-invalid="true"]') ?? this.#json;
    invalid.focus();
  }

  #number(name, label, unit, placeholder) {
    const input = html("input", {
      name,
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      placeholder,
    });
    const problem = html("p", { class: "problem", id: `problem-${name}` });
    const box = html("div", { class: "field" });
    const unitText = unit && html("span", { class: "unit" }, unit);
    box.append(
      html("label", {}, html("span", { class: "name code" }, label), html("span", { class: "input" }, input, unitText)),
      problem,
    );
    this.#fields.set(name, { inputs: [input], problem, box });
    return box;
  }

  #codes(name, label) {
    const boxes = CODE_NAMES.slice(1).map((code) => html("input", { type: "checkbox", name, value: code }));
    const problem = html("p", { class: "problem", id: `problem-${name}` });
    const chosen = html("span", { class: "chosen" });
    const box = html(
      "details",
      { class: "field codes" },
      html("summary", {}, html("span", { class: "name code" }, label), chosen),
      html("div", { class: "code-grid" }, ...boxes.map((input) => html("label", {}, input, input.value))),
      problem,
    );
    this.#fields.set(name, { inputs: boxes, problem, box, chosen });
    return box;
  }

  #mark({ inputs, problem, box }, reason) {
    problem.textContent = reason;
    for (const input of inputs) {
      input.setAttribute("aria-invalid", String(reason !== ""));
      if (reason) input.setAttribute("aria-describedby", problem.id);
      else input.removeAttribute("aria-describedby");
    }
    if (reason && box.localName === "details") box.open = true;
  }

  #readFields() {
    const text = (name) => this.#fields.get(name).inputs[0].value;
    const checked = (name) =>
      this.#fields
        .get(name)
        .inputs.filter((input) => input.checked)
        .map((input) => input.value);
    const read = (policy) => Object.fromEntries(numbers[policy].map(([name]) => [name, text(`${policy}.${name}`)]));
    this.#values = {
      policy: this.#root.querySelector("[name=policy]:checked").value,
      timeout: text("timeout"),
      retry: { ...read("retry"), retryableStatusCodes: checked("retry.retryableStatusCodes") },
      hedging: { ...read("hedging"), nonFatalStatusCodes: checked("hedging.nonFatalStatusCodes") },
      waitForReady: this.#root.querySelector("[name=waitForReady]").checked,
      throttling: { on: this.#root.querySelector("[name=throttling]").checked, ...read("throttling") },
    };
    this.#arrange();
    this.#writeJSON();
  }

  #readJSON() {
    const values = valuesOf(parsed(this.#json.value), this.#values);
    this.#setCustom(values === undefined);
    if (values) {
      this.#values = values;
      this.#writeFields();
    }
    this.#numberLines();
    this.#changed();
  }

  #writeFields() {
    const { policy, timeout, waitForReady, throttling } = this.#values;
    this.#root.querySelector(`[name=policy][value=${policy}]`).checked = true;
    this.#root.querySelector("[name=throttling]").checked = throttling.on;
    this.#root.querySelector("[name=waitForReady]").checked = waitForReady;
    this.#fields.get("timeout").inputs[0].value = timeout;
    for (const [group, list] of Object.entries(numbers)) {
      for (const [name] of list) this.#fields.get(`${group}.${name}`).inputs[0].value = this.#values[group][name];
    }
    for (const [group, name] of Object.entries(codeLists)) {
      for (const input of this.#fields.get(`${group}.${name}`).inputs)
        input.checked = this.#values[group][name].includes(input.value);
    }
    this.#arrange();
  }

  #writeJSON() {
    this.#setCustom(false);
    this.#json.value = textOf(configOf(this.#values));
    this.#numberLines();
    this.#changed();
  }

  /** Shows only the fields of the chosen policy, and lists the chosen codes. */
  #arrange() {
    const { policy, throttling } = this.#values;
    for (const group of ["retry", "hedging"]) this.#root.querySelector(`[data-group=${group}]`).hidden = policy !== group;
    this.#root.querySelector("#throttling").hidden = policy === "none";
    this.#root.querySelector("[data-group=throttling]").hidden = !throttling.on;
    for (const [group, name] of Object.entries(codeLists)) {
      const { chosen } = this.#fields.get(`${group}.${name}`);
      chosen.textContent = this.#values[group][name].join(", ") || "none";
    }
  }

  #setCustom(custom) {
    this.#custom = custom;
    this.#root.querySelector("#fields").disabled = custom;
    this.#root.querySelector("#custom").hidden = !custom;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
