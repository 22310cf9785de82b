// The controls of the form as elements, which are read and written as settings. control-list.js says which there are.

import { html } from "../dist/waterfall.js";
import { controlList } from "./control-list.js";

export class Controls {
  #made = []; // { control, element, inputs }

  /** Fills the places { server, calls, channel }. In a playground, what needs a real server is left out. */
  constructor(playground, places) {
    for (const [group, list] of Object.entries(controlList)) {
      for (const control of list) {
        if (playground && control.realServer) continue;
        const made = make(playground ? withoutReal(control) : control);
        this.#made.push({ control, ...made });
        places[group].append(made.element);
      }
    }
  }

  /** What the controls say, as a patch of settings. */
  read() {
    const patch = { server: {}, calls: {}, channel: {} };
    for (const { control, inputs } of this.#made) {
      const [group, name] = control.path.split(".");
      patch[group][name] = control.type === "choice" ? (inputs.find((input) => input.checked)?.value ?? "") : inputs[0].value;
    }
    return patch;
  }

  write(settings) {
    for (const { control, inputs } of this.#made) {
      const [group, name] = control.path.split(".");
      const value = settings[group][name];
      if (control.type === "choice") for (const input of inputs) input.checked = input.value === value;
      else inputs[0].value = value;
    }
  }

  /** Shows the controls that mean anything with these settings. */
  arrange(settings) {
    for (const { control, element } of this.#made) element.hidden = control.when ? !control.when(settings) : false;
  }
}

/** A choice without the options that need a real server. */
function withoutReal(control) {
  return { ...control, options: control.options?.filter(([, , real]) => !real) };
}

function make(control) {
  return control.type === "choice" ? makeChoice(control) : makeField(control);
}

function makeChoice({ path, label, options }) {
  const inputs = options.map(([value]) => html("input", { type: "radio", name: path, value }));
  const element = html(
    "div",
    { class: "field wide" },
    html("span", { class: "name", id: `name-${path}` }, label),
    html(
      "div",
      { class: "segments", role: "radiogroup", "aria-labelledby": `name-${path}` },
      ...inputs.map((input, i) => html("label", {}, input, html("span", {}, options[i][1]))),
    ),
  );
  return { element, inputs };
}

function makeField({ path, label, type, options, unit, placeholder, wide, code }) {
  const input =
    type === "select"
      ? html("select", { name: path }, ...options.map(([value, text]) => html("option", { value }, text)))
      : html("input", { name: path, type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", placeholder });
  const unitText = unit && html("span", { class: "unit" }, unit);
  const name = html("span", { class: code ? "name code" : "name" }, label);
  const element = html(
    "div",
    { class: wide ? "field wide" : "field" },
    html("label", {}, name, html("span", { class: "input" }, input, unitText)),
  );
  return { element, inputs: [input] };
}
