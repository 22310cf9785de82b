// The page: reads the settings, makes channels, sends runs and shows them.

import { startRun } from "./calls.js";
import { html } from "./dom.js";
import { faults, randomFrom } from "./faults.js";
import { statsOf } from "./model.js";
import { PolicyForm } from "./policy-form.js";
import "./run-view.js";
import { count, runSummaryOf } from "./words.js";

const keptRuns = 6;
const mostCalls = 40;
const drawEveryMs = matchMedia("(prefers-reduced-motion: reduce)").matches ? 250 : 33;

const $ = (selector) => document.querySelector(selector);
const settings = $("#settings");
let hedgerow; // the package
let messages; // the messages of the Chaos service
let observer; // a channel without a policy, for reports
let current; // { key, channel: Promise } made from what the form says
let running; // { controller, done } while calls run
let validation; // the timer of the next one

// What is chosen ----------------------------------------------------------------------------------------------------------------

$("#faults").append(
  ...faults.map(({ id, name }, i) =>
    html(
      "label",
      { class: "pill" },
      html("input", { type: "radio", name: "fault", value: id, checked: i === 1 }),
      html("span", {}, name),
    ),
  ),
);

const form = new PolicyForm($("#policy"), () => {
  validate();
  queueMicrotask(arrange); // it reads the form, which is still being made when this comes first
});
const chosen = (name) => settings.elements[name].value;
const faultChosen = () => faults.find((fault) => fault.id === chosen("fault"));
const countChosen = () => Math.min(mostCalls, Math.max(1, Math.floor(Number(chosen("count"))) || 1));

settings.addEventListener("input", arrange);

function arrange() {
  const fault = faultChosen();
  $("#see").textContent = fault.see;
  $("#suit").hidden = suited(fault);
  $("#send").textContent = `Send ${count(countChosen(), "call")}`;
}

function suited({ suits }) {
  const { policy, throttling, timeout } = form.values;
  return (
    !form.custom &&
    policy === suits.policy &&
    throttling.on === Boolean(suits.throttling) &&
    timeout === (suits.timeout ?? "") &&
    (suits.count ?? countChosen()) === countChosen() &&
    (suits.order ?? chosen("order")) === chosen("order")
  );
}

$("#suit").addEventListener("click", () => {
  suit();
  $("#send").focus();
});

// The first runs that an empty page offers: a fault with what suits it, or with another policy.
for (const button of document.querySelectorAll("[data-first]")) {
  button.addEventListener("click", () => {
    settings.elements.fault.value = button.dataset.first;
    suit();
    if (button.dataset.policy) form.set({ ...form.values, policy: button.dataset.policy });
    settings.requestSubmit();
  });
}

function suit() {
  const { suits } = faultChosen();
  const values = form.values;
  form.set({
    ...values,
    policy: suits.policy,
    timeout: suits.timeout ?? "",
    throttling: { ...values.throttling, on: Boolean(suits.throttling) },
  });
  settings.elements.count.value = suits.count ?? 3;
  settings.elements.order.value = suits.order ?? "together";
  arrange();
}

// Channels ----------------------------------------------------------------------------------------------------------------------

/** The channel for what the form says; the same one as long as that stays, because its throttle lives in it. */
function channelFor(fault) {
  const options = { baseUrl: fault.baseUrl?.(location) ?? location.origin, serviceConfig: form.text };
  const key = JSON.stringify(options);
  if (current?.key === key) return current.channel;
  const earlier = current;
  const channel = hedgerow.createChannel(options);
  current = { key, channel };
  channel.catch(() => {
    if (current?.channel === channel) current = undefined;
  });
  // Calls that still run on the earlier channel come to their own end.
  Promise.allSettled([earlier?.channel, running?.done]).then(([{ value }]) => value?.close());
  return channel;
}

/** Lets the package judge the config a moment after the last change. */
function validate() {
  clearTimeout(validation);
  if (hedgerow) validation = setTimeout(() => openChannel().catch(() => {}), 200);
}

/** The channel, or undefined where the config is not valid; the problems are then on the page. */
async function openChannel() {
  try {
    const channel = await channelFor(faultChosen());
    form.showProblems([]);
    return channel;
  } catch (error) {
    if (!(error instanceof hedgerow.ConfigError)) throw error;
    form.showProblems(error.problems);
    return undefined;
  }
}

// Runs --------------------------------------------------------------------------------------------------------------------------

settings.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running || !hedgerow) return;
  try {
    notice();
    const channel = await openChannel();
    if (channel) await runWith(channel);
    else form.focusProblem();
  } catch (error) {
    complain(error);
  }
});

$("#stop").addEventListener("click", () => running?.controller.abort(new Error("stopped by hand")));

async function runWith(channel) {
  const fault = faultChosen();
  const [kind, order, n] = [chosen("kind"), chosen("order"), countChosen()];
  const controller = new AbortController();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  const random = randomFrom(seed);
  const signal = controller.signal;
  const options = { channel, observer, messages, fault, kind, count: n, order, seed, random, signal, changed() {} };
  const { origin, calls, done } = startRun(options);
  const view = document.createElement("call-run");
  $("#runs").prepend(view);
  view.show({
    title: fault.name,
    subtitle: subtitleOf(kind, order, n),
    origin: order === "sequence" ? undefined : origin,
    calls,
  });
  for (const old of [...$("#runs").children].slice(keptRuns)) old.remove();
  $("#intro").hidden = true;
  $("#key").open = false;
  running = { controller, done };
  setRunning(true);
  reveal(view);
  const stopDrawing = drawWhile(view);
  try {
    await done;
  } finally {
    running = undefined;
    stopDrawing();
    setRunning(false);
  }
  $("#status").textContent = `${fault.name}: ${runSummaryOf(statsOf(calls))}`;
}

function subtitleOf(kind, order, n) {
  const { policy, retry, hedging, timeout } = form.values;
  const policies = {
    none: "no policy",
    retry: `retry, up to ${retry.maxAttempts} attempts`,
    hedging: `hedging every ${hedging.hedgingDelay || "0"} s, up to ${hedging.maxAttempts} attempts`,
  };
  const what = kind === "unary" ? count(n, "unary call") : count(n, "server stream");
  const when = n > 1 ? (order === "sequence" ? ", one after another, each drawn from its own start" : ", all at once") : "";
  const limit = timeout && !form.custom ? `, deadline ${timeout} s` : "";
  return `${form.custom ? "policy from JSON" : policies[policy]}${limit} · ${what}${when}`;
}

function drawWhile(view) {
  let frame;
  let last = 0;
  const draw = (now) => {
    if (now - last >= drawEveryMs) {
      last = now;
      view.update(performance.now());
    }
    frame = requestAnimationFrame(draw);
  };
  frame = requestAnimationFrame(draw);
  return () => {
    cancelAnimationFrame(frame);
    view.update(performance.now());
  };
}

function setRunning(on) {
  $("#send").hidden = on;
  $("#stop").hidden = !on;
  $("#stage").setAttribute("aria-busy", String(on));
}

/** On a phone the results are below the form; on a large screen somebody may have scrolled through earlier ones. */
function reveal(view) {
  const { top } = view.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.25) view.scrollIntoView({ block: "start" });
}

// Words for what went wrong -----------------------------------------------------------------------------------------------------

function notice(title, ...lines) {
  $("#notice").hidden = !title;
  $("#notice").replaceChildren(...(title ? [html("h2", {}, title), ...lines.map((line) => html("p", {}, line))] : []));
}

function complain(error) {
  console.error(error);
  if (hedgerow && error instanceof hedgerow.LoadError) {
    notice("The package could not be loaded", error.message, buildAdvice());
  } else {
    notice("Something went wrong on this page", String(error?.stack ?? error));
  }
}

function buildAdvice() {
  return html(
    "span",
    {},
    "In the project’s folder, ",
    html("code", {}, "make demo"),
    " builds everything and starts the server again.",
  );
}

async function start() {
  const entry = performance.getEntriesByType("navigation")[0];
  $("#connection").textContent =
    `${location.host} over ${{ h2: "HTTP/2", "http/1.1": "HTTP/1.1" }[entry?.nextHopProtocol] ?? "HTTP"}`;
  try {
    [hedgerow, messages] = await Promise.all([import("./dist/hedgerow/index.js"), import("./dist/messages.js")]);
  } catch (error) {
    notice("The hedgerow package is not built yet", `The server has no such file: ${error.message}`, buildAdvice());
    return;
  }
  try {
    observer = await hedgerow.createChannel({ baseUrl: location.origin });
    await openChannel();
    for (const button of document.querySelectorAll("#send, [data-first]")) button.disabled = false;
    document.documentElement.dataset.ready = "true";
  } catch (error) {
    complain(error);
  }
}

start();
