// Plays the takes of some settings one after the other, each on a channel of its own, and has them drawn meanwhile.

import { statsOf } from "../model/stats.js";
import { storyOf, takesOf } from "../model/stories.js";
import { targetOf } from "../model/target.js";
import { count, runSummaryOf } from "../model/words.js";
import { openChannel } from "../run/channels.js";
import { startRun } from "../run/run.js";

const drawEveryMs = matchMedia("(prefers-reduced-motion: reduce)").matches ? 250 : 33;

/** Answers with one sentence of what came of it. */
export async function play(settings, { session, actions, signal, hedgerow, messages, observer, traffic }) {
  const takes = takesOf(settings);
  const story = storyOf(settings.story);
  session.show({
    title: story?.title ?? "Your own settings",
    see: story?.see,
    why: [story?.why, location.protocol === "https:" && story?.overTLS].filter(Boolean).join(" "),
    subtitle: subtitleOf(settings, takes),
    takes: takes.map(({ name }) => name),
    actions,
  });
  const stopDrawing = drawWhile(session);
  const said = [];
  try {
    for (const [i, take] of takes.entries()) {
      if (signal.aborted) break;
      const calls = await playTake(i, take.settings);
      said.push(`${take.name}: ${runSummaryOf(statsOf(calls))}`);
    }
  } finally {
    stopDrawing();
  }
  return `${story?.title ?? "Done"}. ${said.join(". ")}`;

  async function playTake(i, set) {
    const channel = await openChannel(hedgerow, set, { fetch: traffic.fetch });
    try {
      const { counted } = targetOf(set.server.where, location);
      const run = startRun({ settings: set, counted, channel, observer, messages, signal, changed() {} });
      // What Resource Timing tells comes late, often after the end.
      traffic.follow(run.calls, () => session.refresh());
      session.begin(i, run, set.calls.order !== "sequence");
      await run.done;
      return run.calls;
    } finally {
      channel.close();
    }
  }
}

function subtitleOf({ calls, server }, takes) {
  const kinds = { unary: "unary call", stream: "server stream", bidi: "bidirectional stream" };
  const orders = {
    together: "all at once",
    sequence: "one after another, each drawn from its own start",
    paced: `${calls.rate} a second`,
  };
  const n = Number.parseInt(calls.count, 10) || 1;
  const parts = [`${count(n, kinds[calls.kind])}${n > 1 ? `, ${orders[calls.order]}` : ""}`, `seed ${calls.seed}`];
  if (sameWorkload(takes)) parts.push("attempt n of call i meets the same fate in both takes");
  if (server.where !== "here") parts.push(`to ${targetOf(server.where, location).baseUrl}`);
  return parts.join(" · ");
}

/** Whether the server is told the same in both takes. */
function sameWorkload([a, b]) {
  return b !== undefined && JSON.stringify(a.settings.server) === JSON.stringify(b.settings.server);
}

function drawWhile(session) {
  let frame;
  let next = 0;
  const draw = (now) => {
    if (now >= next) {
      session.update(performance.now());
      // Where drawing is slow, it is done less often: at most a quarter of the time is drawn.
      next = now + Math.max(drawEveryMs, 3 * (performance.now() - now));
    }
    frame = requestAnimationFrame(draw);
  };
  frame = requestAnimationFrame(draw);
  return () => {
    cancelAnimationFrame(frame);
    session.update(performance.now());
  };
}
