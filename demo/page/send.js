// Makes the runs that the settings ask for, one after the other, each on a channel of its own, and has them drawn meanwhile.

import { count } from "../dist/waterfall.js";
import { callCountOf } from "../model/settings.js";
import { statsOf } from "../model/stats.js";
import { runsOf, storyById } from "../model/stories.js";
import { runSummaryOf } from "../model/summary.js";
import { targetOf } from "../model/target.js";
import { openChannel } from "../run/channels.js";
import { place } from "../run/place.js";
import { startRun } from "../run/run.js";

const drawEveryMs = matchMedia("(prefers-reduced-motion: reduce)").matches ? 250 : 33;

/**
 * Sends everything and shows it in `result`, a <call-result> with these `actions`. Answers with a sentence about the outcome, for
 * screen readers.
 */
export async function sendRuns(settings, { result, actions, signal, hedgerow, messages, observer, traffic }) {
  const runs = runsOf(settings);
  const story = storyById(settings.story);
  result.show({
    title: story?.title ?? "Your own settings",
    see: story?.see,
    why: [story?.why, location.protocol === "https:" && story?.overTLS].filter(Boolean).join(" "),
    subtitle: subtitleOf(settings, runs),
    runs: runs.map(({ name }) => name),
    conclude: story?.conclude,
    actions,
  });
  const stopDrawing = drawWhileRunning(result);
  const summaries = [];
  try {
    for (const [i, run] of runs.entries()) {
      if (signal.aborted) break;
      const calls = await makeRun(i, run.settings);
      summaries.push(`${run.name}: ${runSummaryOf(statsOf(calls))}`);
    }
  } finally {
    stopDrawing();
  }
  return `${story?.title ?? "Done"}. ${summaries.join(". ")}`;

  async function makeRun(i, set) {
    const channel = await openChannel(hedgerow, set, { fetch: traffic.fetch });
    try {
      const { counted } = targetOf(set.server.where, place());
      const run = startRun({ settings: set, counted, channel, observer, messages, signal, changed() {} });
      // Resource Timing tells late, often after the run has ended.
      traffic.follow(run.calls, () => result.refresh());
      result.begin(i, run, set.calls.order !== "sequence");
      await run.done;
      return run.calls;
    } finally {
      channel.close();
    }
  }
}

function subtitleOf(settings, runs) {
  const { calls, server } = settings;
  const kinds = { unary: "unary call", stream: "server stream", bidi: "bidirectional stream" };
  const orders = {
    together: "all at once",
    sequence: "one after another, each drawn from its own start",
    paced: `${calls.rate} per second`,
  };
  const n = callCountOf(settings);
  const parts = [`${count(n, kinds[calls.kind])}${n > 1 ? `, ${orders[calls.order]}` : ""}`, `seed ${calls.seed}`];
  if (sameServer(runs)) parts.push("the server treats each attempt the same in both runs");
  if (server.where !== "here") parts.push(`to ${[targetOf(server.where, place()).baseUrl].flat().join(", ")}`);
  return parts.join(" · ");
}

/** Whether there are two runs and the server is told the same in both. */
function sameServer([a, b]) {
  return b !== undefined && JSON.stringify(a.settings.server) === JSON.stringify(b.settings.server);
}

/** Draws frame after frame until the function that it returns is called. */
function drawWhileRunning(result) {
  let frame;
  let next = 0;
  const draw = (now) => {
    if (now >= next) {
      result.update(performance.now());
      // Drawing takes at most a quarter of the time: where it is slow, it is done less often.
      next = now + Math.max(drawEveryMs, 3 * (performance.now() - now));
    }
    frame = requestAnimationFrame(draw);
  };
  frame = requestAnimationFrame(draw);
  return () => {
    cancelAnimationFrame(frame);
    result.update(performance.now());
  };
}
