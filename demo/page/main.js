// The page: keeps the settings, sends what they ask for, and shows the results. README.md says how the rooms hang together.

import { count, drawingStyles, html } from "../dist/waterfall.js";
import { AttemptDialog } from "../draw/attempt-dialog.js";
import "../draw/result-view.js";
import { callCountOf, defaults, fromHash, merged, toHash } from "../model/settings.js";
import { matchesStory, runsOf, settingsOf, stories, storyById } from "../model/stories.js";
import { targetOf } from "../model/target.js";
import { clock, openChannel } from "../run/channels.js";
import { isPlayground, place, startServer } from "../run/place.js";
import { Traffic } from "../run/traffic.js";
import { Controls } from "./controls.js";
import { buildAdvice, showNotice } from "./notice.js";
import { PolicyForm } from "./policy-form.js";
import { showPlayground, showProtocol } from "./protocol.js";
import { sendRuns } from "./send.js";
import { CodeDialog, copyText, saveEvents } from "./share.js";
import { fillStoryBar, markStory } from "./story-bar.js";

const keptResults = 5;

const $ = (selector) => document.querySelector(selector);
const form = $("#settings");
let story = ""; // the id of the story whose settings the form shows, unchanged
let hedgerow; // the package
let traffic;
let tools; // what sendRuns needs: { hedgerow, messages, observer, traffic }
let running; // an AbortController while calls run
let validation; // the timer of the next validation
let visitorActed = false; // until then, what is sent was not asked for, and must not move the page

const drawing = new CSSStyleSheet();
drawing.replaceSync(drawingStyles());
document.adoptedStyleSheets.push(drawing);

// Settings ----------------------------------------------------------------------------------------------------------------------

/** What needs a real server is not offered where there is none. */
const offered = stories.filter(({ realServer }) => !realServer || !isPlayground());
const controls = new Controls(isPlayground(), {
  server: $("#server-controls"),
  calls: $("#calls-controls"),
  channel: $("#channel-controls"),
});
const policy = new PolicyForm($("#policy"), changed);
const attemptDialog = new AttemptDialog($("#attempt"));
const codeDialog = new CodeDialog($("#code"));
fillStoryBar($("#stories"), offered, sendStory);

/** What a press on a story does: its settings go into the form, and the form is submitted. */
function sendStory(picked) {
  if (running) return;
  visitorActed = true;
  setSettings(merged(settingsOf(picked), { calls: { seed: settings().calls.seed } }));
  form.requestSubmit();
}

function settings() {
  const read = merged(defaults, controls.read(), { policy: policy.values, config: policy.custom ? policy.text : "" });
  const shown = storyById(story);
  return merged(read, { story: shown && matchesStory(read, shown) ? story : "" });
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
  // In a microtask, because the policy form calls this while it is being constructed.
  queueMicrotask(() => {
    arrange();
    validate();
  });
}

/** Makes everything that depends on the settings follow them. */
function arrange() {
  const now = settings();
  story = now.story;
  controls.arrange(now);
  markStory($("#stories"), now.story);
  const runs = runsOf(now);
  const calls = count(callCountOf(now), "call");
  $("#send").textContent = runs.length > 1 ? `Send 2 × ${calls}` : `Send ${calls}`;
  const storyRuns = now.story !== "" && runs.length > 1;
  $("#story-runs").hidden = !storyRuns;
  if (storyRuns) {
    const [a, b] = runs.map(({ name }) => `“${name}”`);
    $("#story-runs").textContent =
      `This story sends the calls twice: ${a}, then ${b}. Change the server or the policy to leave the story.`;
  }
  // The link of a story is short: it holds only what differs from the story.
  const base = storyById(now.story) ? merged(settingsOf(storyById(now.story)), { story: "" }) : defaults;
  const hash = toHash(now, base);
  history.replaceState(undefined, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** The settings in the address: those of a story, with what the link changes, or complete ones. */
function fromAddress() {
  const named = offered.find(({ id }) => id === new URLSearchParams(location.hash.slice(1)).get("story"));
  return fromHash(location.hash, named ? settingsOf(named) : defaults);
}

addEventListener("hashchange", () => setSettings(fromAddress()));

$("#to-defaults").addEventListener("click", () => setSettings(merged(defaults)));
$("#copy-link").addEventListener("click", (event) => copyText(event.target, location.href));
$("#as-code").addEventListener("click", () => {
  const now = settings();
  codeDialog.show(now, targetOf(now.server.where, place()).baseUrl);
});

// Environment -------------------------------------------------------------------------------------------------------------------

form.elements.offline.addEventListener("change", ({ target }) => traffic?.simulateOffline(target.checked));
form.elements.background.addEventListener("change", ({ target }) => {
  clock.background = target.checked;
  // A tab that comes to the front again gets this event.
  if (!target.checked) document.dispatchEvent(new Event("visibilitychange"));
});

// Validation --------------------------------------------------------------------------------------------------------------------

/** Lets the package check the settings a moment after the last change. */
function validate() {
  clearTimeout(validation);
  if (hedgerow) validation = setTimeout(() => isValid().catch(complain), 200);
}

/** Whether a channel can be opened with the settings; if not, the problems are then on the page. */
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

// Sending -----------------------------------------------------------------------------------------------------------------------

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running || !tools) return;
  showNotice();
  running = new AbortController();
  setRunning(true);
  try {
    if (await isValid()) await send(settings());
    else policy.focusProblem();
  } catch (error) {
    complain(error);
  } finally {
    running = undefined;
    setRunning(false);
  }
});

$("#send").addEventListener("click", () => {
  visitorActed = true;
});
$("#stop").addEventListener("click", () => running?.abort(new Error("stopped by the visitor")));

async function send(now) {
  const result = document.createElement("call-result");
  const save = html("button", { type: "button", class: "quiet" }, "Export events");
  save.addEventListener("click", () => saveEvents(now, result.runs));
  $("#results").prepend(result);
  for (const old of [...$("#results").children].slice(keptResults)) old.remove();
  if (visitorActed) bringIntoView(result);
  $("#status").textContent = await sendRuns(now, { result, actions: [save], signal: running.signal, ...tools });
}

addEventListener("attempt", ({ detail: { call, lane } }) => attemptDialog.show(call, lane));

function setRunning(on) {
  $("#send").hidden = on;
  $("#stop").hidden = !on;
  $("#stage").setAttribute("aria-busy", String(on));
}

/** On a phone the results are below the stories; on a large screen the visitor may have scrolled to earlier results. */
function bringIntoView(view) {
  const { top } = view.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.4) view.scrollIntoView({ block: "start" });
}

function complain(error) {
  console.error(error);
  if (hedgerow && error instanceof hedgerow.LoadError) {
    showNotice("The package could not be loaded", error.message, buildAdvice());
  } else {
    showNotice("Something went wrong on this page", String(error?.stack ?? error));
  }
}

/** A page that only explains itself once something is pressed explains nothing: it begins with a story, that of the link or the first. */
function playAtOnce() {
  const hash = location.hash.slice(1);
  if (hash === "") setSettings(settingsOf(offered[0]));
  else if (hash !== `story=${story}`) return; // settings of somebody's own are theirs to send
  form.requestSubmit();
}

// Start -------------------------------------------------------------------------------------------------------------------------

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
    showNotice("The hedgerow package is not built yet", `The server does not have this file: ${error.message}`, buildAdvice());
    return;
  }
  try {
    if (isPlayground()) await startServer();
    const observer = await hedgerow.createChannel({ baseUrl: targetOf("here", place()).baseUrl, clock });
    traffic = new Traffic(messages);
    tools = { hedgerow, messages, observer, traffic };
    await isValid();
    for (const button of document.querySelectorAll("#send, .story")) button.disabled = false;
    document.documentElement.dataset.ready = "true";
    playAtOnce();
    if (isPlayground()) showPlayground($("#connection"));
    else await showProtocol($("#connection"), $("#other-protocol"));
  } catch (error) {
    complain(error);
  }
}

start();
