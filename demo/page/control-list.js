// The controls of the form apart from the policy: what the server does, how the calls are made, and the options of the channel. Each
// is a description: `path` is its place in the settings, `when` says for which settings it means anything, `code` marks a label that
// is a name in programs, and `wide` gives it a line of its own. `realServer`, and a third part of an option, mark what a playground lacks.

import { CODE_NAMES } from "../dist/waterfall.js";
import { storyById } from "../model/stories.js";

const choice = (path, label, options, more) => ({ path, label, type: "choice", options, ...more });
const select = (path, label, options, more) => ({ path, label, type: "select", options, ...more });
const number = (path, label, unit, more) => ({ path, label, type: "number", unit, ...more });

const someFail = ({ server }) => server.fails !== "none";
const withStatus = (settings) => someFail(settings) && ["status", "early"].includes(settings.server.how);
const latency = (...shapes) => ({ when: ({ server }) => shapes.includes(server.latency) });
const isStream = ({ calls }) => calls.kind === "stream" || calls.kind === "subscription";
const isBidi = ({ calls }) => calls.kind === "bidi";
const withOneRun = ({ story }) => !(storyById(story)?.runs.length > 1);

const server = [
  choice(
    "server.fails",
    "Attempts that fail",
    [
      ["none", "None"],
      ["first", "The first"],
      ["share", "A share"],
      ["all", "All"],
    ],
    { when: (settings) => !isBidi(settings) },
  ),
  number("server.times", "How many per call", "", { when: ({ server }) => server.fails === "first" }),
  number("server.rate", "Error rate", "%", { when: ({ server }) => server.fails === "share" }),
  select(
    "server.code",
    "Status code",
    CODE_NAMES.slice(1).map((name) => [name, name]),
    { when: withStatus },
  ),
  select(
    "server.how",
    "How they fail",
    [
      ["status", "With a status"],
      ["early", "With headers first, then a status"],
      ["cut", "The connection breaks in mid-body"],
      ["reset", "The connection breaks before any answer"],
      ["hang", "There is never an answer"],
    ],
    { when: someFail, wide: true },
  ),
  number("server.pushback", "Pushback (−1: stop)", "ms", { when: withStatus, placeholder: "none" }),
  number("server.after", "Messages before it", "", { when: (settings) => isStream(settings) && someFail(settings) }),
  select(
    "server.latency",
    "Latency",
    [
      ["fixed", "Always the same"],
      ["uniform", "50 % to 150 % of the usual"],
      ["exponential", "Exponential, with the usual as its mean"],
      ["tail", "With a slow tail"],
      ["slowFirst", "First attempts are slow"],
    ],
    { wide: true },
  ),
  number("server.ms", "Usual", "ms"),
  number("server.slow", "Slow", "ms", latency("tail", "slowFirst")),
  number("server.share", "Slow answers", "%", latency("tail")),
  select(
    "server.where",
    "Where calls go",
    [
      ["here", "This server"],
      ["other", "Another origin, all headers allowed"],
      ["fixed", "Another origin, fixed list of headers"],
      ["nowhere", "A port where nothing listens (server down)"],
      ["three", "Three endpoints, of which the first is down"],
    ],
    { wide: true, realServer: true },
  ),
];

const calls = [
  choice("calls.kind", "Kind of call", [
    ["unary", "Unary"],
    ["stream", "Stream"],
    ["subscription", "Resumed"],
    ["bidi", "Both ways", "real"],
  ]),
  choice("calls.order", "When", [
    ["together", "At once"],
    ["sequence", "One by one"],
    ["paced", "At a rate"],
  ]),
  number("calls.count", "How many (up to 2000)"),
  number("calls.rate", "Rate", "per second", { when: ({ calls }) => calls.order === "paced" }),
  number("calls.size", "Request payload", "bytes"),
  number("calls.hold", "Streams held open", "", { realServer: true }),
  number("calls.seed", "Seed"),
  choice(
    "calls.compare",
    "Compare",
    [
      ["", "Only this"],
      ["none", "With no policy"],
    ],
    // A story of two runs has its own comparison, and says so.
    { when: withOneRun },
  ),
];

const sameNames = (...names) => names.map((name) => [name, name]);

const channel = [
  select("channel.jitter", "jitter", sameNames("full", "plusMinus20"), { code: true }),
  select("channel.headerCommit", "headerCommit", sameNames("strict", "firstFrame"), { code: true }),
  select("channel.attemptHeader", "attemptHeader", sameNames("auto", "always", "never"), { code: true }),
  select("channel.credentialsRefresh", "credentialsRefresh", sameNames("off", "on"), { code: true }),
  number("channel.maxRetryAttempts", "maxRetryAttempts", "", { placeholder: "5", code: true }),
  number("channel.maxRetryBufferSize", "maxRetryBufferSize", "B", { placeholder: "16777216", code: true }),
  number("channel.maxRetryBufferPerCallSize", "…PerCallSize", "B", { placeholder: "1048576", code: true }),
];

export const controlList = Object.freeze({ server, calls, channel });
