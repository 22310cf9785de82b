// The form's controls but for the policy: what the server does, how calls are made, and the channel's options. Each is a description;
// `when` says for which settings it has a meaning.

import { html } from "../draw/dom.js";
import { codeNames } from "../model/codes.js";

const choice = (path, label, options, more) => ({ path, label, type: "choice", options, ...more });
const select = (path, label, options, more) => ({ path, label, type: "select", options, ...more });
const number = (path, label, unit, more) => ({ path, label, type: "number", unit, ...more });

const fails = ({ server }) => server.fails !== "none";
const withStatus = (settings) => fails(settings) && ["status", "early"].includes(settings.server.how);
const latency = (...shapes) => ({ when: ({ server }) => shapes.includes(server.latency) });
const streams = ({ calls }) => calls.kind === "stream";
const converses = ({ calls }) => calls.kind === "bidi";

export const controls = Object.freeze({
  server: [
    choice(
      "server.fails",
      "Attempts that fail",
      [
        ["none", "None"],
        ["first", "The first"],
        ["share", "A share"],
        ["all", "All"],
      ],
      { when: (settings) => !converses(settings) },
    ),
    number("server.times", "how many of each call", "", { when: ({ server }) => server.fails === "first" }),
    number("server.rate", "error rate", "%", { when: ({ server }) => server.fails === "share" }),
    select(
      "server.code",
      "status code",
      codeNames.slice(1).map((name) => [name, name]),
      { when: withStatus },
    ),
    select(
      "server.how",
      "How they fail",
      [
        ["status", "with a status"],
        ["early", "headers first, then a status"],
        ["cut", "the connection breaks in mid-body"],
        ["reset", "the connection breaks before any answer"],
        ["hang", "no answer, ever"],
      ],
      { when: fails, wide: true },
    ),
    number("server.pushback", "pushback (−1: stop)", "ms", { when: withStatus, placeholder: "none" }),
    number("server.after", "messages before it", "", { when: (settings) => streams(settings) && fails(settings) }),
    select(
      "server.latency",
      "Latency",
      [
        ["fixed", "always the same"],
        ["uniform", "half to one and a half of it"],
        ["exponential", "exponential, with this mean"],
        ["tail", "a slow tail"],
        ["slowFirst", "first attempts are slow"],
      ],
      { wide: true },
    ),
    number("server.ms", "usual", "ms"),
    number("server.slow", "slow", "ms", latency("tail", "slowFirst")),
    number("server.share", "slow answers", "%", latency("tail")),
    select(
      "server.where",
      "Where calls go",
      [
        ["here", "this server"],
        ["other", "another origin, all headers allowed"],
        ["fixed", "another origin, fixed list of headers"],
        ["nowhere", "a port where nothing listens: server down"],
      ],
      { wide: true },
    ),
  ],
  calls: [
    choice("calls.kind", "Kind of call", [
      ["unary", "Unary"],
      ["stream", "Server stream"],
      ["bidi", "Both ways"],
    ]),
    choice("calls.order", "When", [
      ["together", "At once"],
      ["sequence", "One by one"],
      ["paced", "At a rate"],
    ]),
    number("calls.count", "how many (up to 2000)"),
    number("calls.rate", "rate", "a second", { when: ({ calls }) => calls.order === "paced" }),
    number("calls.size", "payload of a request", "bytes"),
    number("calls.hold", "streams held meanwhile"),
    number("calls.seed", "seed"),
    choice("calls.compare", "Compare", [
      ["", "Only this"],
      ["none", "With no policy"],
    ]),
  ],
  channel: [
    select("channel.jitter", "jitter", [
      ["full", "full"],
      ["plusMinus20", "plusMinus20"],
    ]),
    select("channel.headerCommit", "headerCommit", [
      ["strict", "strict"],
      ["firstFrame", "firstFrame"],
    ]),
    select("channel.attemptHeader", "attemptHeader", [
      ["auto", "auto"],
      ["always", "always"],
      ["never", "never"],
    ]),
    number("channel.maxRetryAttempts", "maxRetryAttempts", "", { placeholder: "5" }),
    number("channel.maxRetryBufferSize", "maxRetryBufferSize", "B", { placeholder: "16777216" }),
    number("channel.maxRetryBufferPerCallSize", "…PerCallSize", "B", { placeholder: "1048576" }),
  ],
});

/** The controls of a form, as elements; read and written as settings. */
export class Controls {
  #made = []; // { control, element, inputs }

  /** Fills the places { server, calls, channel }. */
  constructor(places) {
    for (const [group, list] of Object.entries(controls)) {
      for (const control of list) {
        const made = make(control);
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

  /** Shows what has a meaning. */
  arrange(settings) {
    for (const { control, element } of this.#made) element.hidden = control.when ? !control.when(settings) : false;
  }
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

function makeField({ path, label, type, options, unit, placeholder, wide }) {
  const input =
    type === "select"
      ? html("select", { name: path }, ...options.map(([value, text]) => html("option", { value }, text)))
      : html("input", { name: path, type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", placeholder });
  const unitText = unit && html("span", { class: "unit" }, unit);
  const element = html(
    "div",
    { class: wide ? "field wide" : "field" },
    html("label", {}, html("span", { class: "name" }, label), html("span", { class: "input" }, input, unitText)),
  );
  return { element, inputs: [input] };
}
