// The page: keeps the settings, plays stories and runs, and shows them.

import { Facts } from "../draw/attempt-dialog.js";
import { html } from "../draw/dom.js";
import { clock, openChannel } from "../run/channels.js";
import { Controls } from "./controls.js";
import "../draw/result-view.js";
import { defaults, fromHash, merged, toHash } from "../model/settings.js";
import { settingsOf, stories, storyOf, takesOf, tells } from "../model/stories.js";
import { targetOf } from "../model/target.js";
import { count } from "../model/words.js";
import { Traffic } from "../run/traffic.js";
import { PolicyForm } from "./policy-form.js";
import { play } from "./send.js";
import { exportEvents, ShareBox } from "./share.js";
import { fillStoryBar, markStory } from "./story-bar.js";

const keptSessions = 5;

const $ = (selector) => document.querySelector(selector);
const form = $("#settings");
let story = ""; // whose settings the form shows, unchanged
let hedgerow; // the package
let traffic;
let tools; // what a run needs: { hedgerow, messages, observer, traffic }
let running; // an AbortController while calls run
let validation; // the timer of the next one

// Settings ----------------------------------------------------------------------------------------------------------------------

const controls = new Controls({ server: $("#server-controls"), calls: $("#calls-controls"), channel: $("#channel-controls") });
const policy = new PolicyForm($("#policy"), changed);
const facts = new Facts($("#facts"));
const share = new ShareBox($("#code"));
fillStoryBar($("#stories"), tell);
$("#first").addEventListener("click", () => tell(stories[0]));

function tell(one) {
  if (running) return;
  setSettings(merged(settingsOf(one), { calls: { seed: settings().calls.seed } }));
  form.requestSubmit();
}

function settings() {
  const read = merged(defaults, controls.read(), { policy: policy.values, config: policy.custom ? policy.text : "" });
  const told = storyOf(story);
  return merged(read, { story: told && tells(read, told) ? story : "" });
}

function setSettings(wanted) {
  story = wanted.story;
  controls.write(wanted);
  policy.set(wanted.policy);
  if (wanted.config) policy.setText(wanted.config);
  arrange();
}

form.addEventListener("input", changed);
form.addEventListener("change", changed);

function changed() {
  // The policy's form calls while it is being made.
  queueMicrotask(() => {
    arrange();
    validate();
  });
}

function arrange() {
  const now = settings();
  story = now.story;
  controls.arrange(now);
  markStory($("#stories"), now.story);
  const takes = takesOf(now);
  const calls = count(Number.parseInt(now.calls.count, 10) || 1, "call");
  $("#send").textContent = takes.length > 1 ? `Send 2 × ${calls}` : `Send ${calls}`;
  // A story's settings are the story's: its link is short.
  const base = storyOf(now.story) ? merged(settingsOf(storyOf(now.story)), { story: "" }) : defaults;
  const hash = toHash(now, base);
  history.replaceState(undefined, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** What the address says: a story, with what was changed of it, or settings. */
function fromAddress() {
  const told = storyOf(new URLSearchParams(location.hash.slice(1)).get("story"));
  return fromHash(location.hash, told ? settingsOf(told) : defaults);
}

addEventListener("hashchange", () => setSettings(fromAddress()));

$("#to-defaults").addEventListener("click", () => setSettings(merged(defaults)));
$("#copy-link").addEventListener("click", (event) => share.copy(event.target, location.href));
$("#as-code").addEventListener("click", () => {
  const now = settings();
  share.showCode(now, targetOf(now.server.where, location).baseUrl);
});

// The world ---------------------------------------------------------------------------------------------------------------------

form.elements.offline.addEventListener("change", ({ target }) => traffic?.playOffline(target.checked));
form.elements.background.addEventListener("change", ({ target }) => {
  clock.hidden = target.checked;
  // A page that is seen again tells the client so.
  if (!target.checked) document.dispatchEvent(new Event("visibilitychange"));
});

// Validation --------------------------------------------------------------------------------------------------------------------

/** Lets the package judge the settings a moment after the last change. */
function validate() {
  clearTimeout(validation);
  if (hedgerow) validation = setTimeout(() => isValid().catch(complain), 200);
}

/** Whether a channel can be made; what is wrong is then on the page. */
async function isValid() {
  try {
    (await openChannel(hedgerow, settings())).close();
    showProblems([]);
    return true;
  } catch (error) {
    if (!(error instanceof hedgerow.ConfigError)) throw error;
    showProblems(error.problems);
    return false;
  }
}

function showProblems(problems) {
  const ofChannel = problems.filter(({ path }) => Object.hasOwn(defaults.channel, path));
  const box = $("#channel-problem");
  box.textContent = ofChannel.map(({ path, reason }) => `${path} ${reason}`).join("; ");
  if (ofChannel.length > 0) $("#channel-options").open = true;
  policy.showProblems(problems.filter((problem) => !ofChannel.includes(problem)));
}

// Runs --------------------------------------------------------------------------------------------------------------------------

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running || !tools) return;
  notice();
  running = new AbortController();
  setRunning(true);
  try {
    if (await isValid()) await playNow(settings());
    else policy.focusProblem();
  } catch (error) {
    complain(error);
  } finally {
    running = undefined;
    setRunning(false);
  }
});

$("#stop").addEventListener("click", () => running?.abort(new Error("stopped by hand")));

async function playNow(now) {
  const session = document.createElement("call-session");
  const again = html("button", { type: "button", class: "quiet" }, "Export events");
  again.addEventListener("click", () => exportEvents(now, session.runs));
  $("#sessions").prepend(session);
  for (const old of [...$("#sessions").children].slice(keptSessions)) old.remove();
  $("#intro").hidden = true;
  $("#key").open = false;
  reveal(session);
  $("#status").textContent = await play(now, { session, actions: [again], signal: running.signal, ...tools });
}

addEventListener("attempt", ({ detail: { call, lane } }) => facts.show(call, lane));

function setRunning(on) {
  $("#send").hidden = on;
  $("#stop").hidden = !on;
  $("#stage").setAttribute("aria-busy", String(on));
}

/** On a phone the results are below the stories; on a large screen somebody may have scrolled through earlier ones. */
function reveal(view) {
  const { top } = view.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.4) view.scrollIntoView({ block: "start" });
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
  const command = html("code", {}, "make demo");
  return html("span", {}, "In the project’s folder, ", command, " builds everything and starts the server again.");
}

// The beginning -----------------------------------------------------------------------------------------------------------------

/** Which protocol this is, and a link to the other one with the same settings. */
async function showProtocol() {
  const [entry] = performance.getEntriesByType("navigation");
  const names = { h2: "HTTP/2", "http/1.1": "HTTP/1.1" };
  $("#connection").textContent = `${location.host} over ${names[entry?.nextHopProtocol] ?? "HTTP"}`;
  const ports = await (await fetch("ports.json")).json();
  const other = location.protocol === "https:" ? ["http:", ports.http, "HTTP/1.1"] : ["https:", ports.https, "HTTP/2"];
  if (!other[1]) return;
  const link = $("#other-protocol");
  link.textContent = `Switch to ${other[2]}`;
  link.hidden = false;
  link.addEventListener("click", () => {
    link.href = `${other[0]}//${location.hostname}:${other[1]}/${location.hash}`;
  });
  link.href = `${other[0]}//${location.hostname}:${other[1]}/`;
}

async function start() {
  const narrow = matchMedia("(max-width: 860px)");
  $("#settings-box").open = !narrow.matches;
  narrow.addEventListener("change", () => {
    $("#settings-box").open = !narrow.matches;
  });
  setSettings(fromAddress());
  let messages;
  try {
    [hedgerow, messages] = await Promise.all([import("../dist/hedgerow/index.js"), import("../dist/messages.js")]);
  } catch (error) {
    notice("The hedgerow package is not built yet", `The server has no such file: ${error.message}`, buildAdvice());
    return;
  }
  try {
    const observer = await hedgerow.createChannel({ baseUrl: location.origin, clock });
    traffic = new Traffic(messages);
    tools = { hedgerow, messages, observer, traffic };
    await isValid();
    for (const button of document.querySelectorAll("#send, #first, .story")) button.disabled = false;
    document.documentElement.dataset.ready = "true";
    await showProtocol();
  } catch (error) {
    complain(error);
  }
}

start();
