// The form for a message: an editor for each of its fields. The JSON beside it says the same; whichever was changed last holds.

import { fieldsOf, jsonOf, textOf } from "./fields.js";

/**
 * Builds the editors for a message into an element. Returns what reads them into an object, and what writes an object into them. changed is
 * called when a visitor edits one.
 */
export function buildForm(parent, message, changed) {
  const root = group(fieldsOf(message), changed);
  parent.replaceChildren(...root.elements);
  return { read: root.read, write: root.write };
}

function group(fields, changed) {
  const editors = fields.map((field) => ({
    field,
    ...(field.edit === "message" ? nested(field, changed) : single(field, changed)),
  }));
  return {
    elements: editors.map(({ element }) => element),
    read() {
      const entries = editors.map(({ field, read }) => [field.name, read()]).filter(([, value]) => value !== undefined);
      return entries.length > 0 ? Object.fromEntries(entries) : undefined;
    },
    write(value) {
      for (const { field, write } of editors) write(value?.[field.name]);
    },
  };
}

function nested(field, changed) {
  const inner = group(field.fields, changed);
  const element = make("fieldset", {}, make("legend", {}, field.name, " ", hint(field)), ...inner.elements);
  return { element, read: inner.read, write: inner.write };
}

function single(field, changed) {
  const input = inputOf(field);
  input.name = field.name;
  input.addEventListener("input", changed);
  const element = make("label", {}, make("span", {}, field.name, " ", hint(field)), input);
  return {
    element,
    read: () => jsonOf(field, input.value),
    write: (value) => {
      input.value = textOf(field, value);
    },
  };
}

function hint({ type, oneof }) {
  return make("small", {}, oneof ? `${type}, one of ${oneof}` : type);
}

function inputOf({ edit, values }) {
  const choices = edit === "bool" ? ["true", "false"] : values;
  if (choices)
    return make(
      "select",
      {},
      make("option", { value: "" }, "not set"),
      ...choices.map((value) => make("option", { value }, value)),
    );
  if (edit === "json") return make("textarea", { rows: 1, spellcheck: false });
  return make("input", { spellcheck: false, autocomplete: "off" });
}

export function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
