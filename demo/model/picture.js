// How a call looks, before it is known how wide the screen is: lanes, bars and marks at instants. Pure.

import { sentAt, winnerOf } from "./call.js";
import { codeName } from "./codes.js";
import { formatMs } from "./format.js";

/**
 * The picture of a call at the instant `now`; all its instants are in milliseconds from `origin`. Each attempt has a lane of its
 * own, so that hedges, which overlap in time, never cover each other.
 */
export function pictureOf(call, now, origin) {
  const end = call.endedAt ?? now;
  const winner = winnerOf(call);
  const at = (instant) => (instant === undefined ? undefined : instant - origin);
  const bars = call.attempts.map((attempt, lane) =>
    barOf(attempt, { lane, winner: attempt === winner, sent: sentAt(call, lane), end, at }),
  );
  const gaps = call.gaps.map((gap) => gapOf(gap, end, at));
  const delays = call.delays.filter((delay) => delay.delayMs > 0).map((delay) => delayOf(delay, end, at));
  return {
    lanes: Math.max(1, bars.length, ...gaps.map((gap) => gap.lane + 1)),
    bars,
    gaps,
    delays,
    messages: winner ? call.messages.map((instant) => ({ at: at(instant), lane: call.attempts.indexOf(winner) })) : [],
    commit: call.commit && { at: at(call.commit.at), reason: call.commit.reason },
    deadline: call.timeoutMs === undefined ? undefined : at(call.startedAt + call.timeoutMs),
    running: call.endedAt === undefined,
    latest: at(latestOf(call, now)),
  };
}

function barOf(attempt, { lane, winner, sent, end, at }) {
  const to = attempt.endedAt ?? end;
  return {
    lane,
    number: attempt.number,
    kind: attempt.kind,
    outcome: attempt.outcome,
    code: codeName(attempt.code),
    winner,
    from: at(attempt.startedAt),
    sent: at(sent === undefined ? attempt.startedAt : Math.min(sent, attempt.headAt ?? to)),
    head: attempt.headAt === undefined ? undefined : at(Math.min(attempt.headAt, to)),
    to: at(to),
    running: attempt.endedAt === undefined,
    text: (winner ? markOf(attempt) : "") + textOf(attempt),
    span: formatMs(to - attempt.startedAt),
    flag: flagOf(attempt.pushback),
  };
}

/** The winner also has a mark, because color alone is not enough. */
function markOf({ endedAt, code }) {
  if (endedAt === undefined) return "";
  return code === 0 ? "✓ " : "✕ ";
}

function textOf({ outcome, kind, code }) {
  if (outcome === "pending") return kind;
  // The code of an attempt that lost is the client's own doing; what matters is that it was aborted.
  return outcome === "aborted" ? "aborted" : (codeName(code) ?? outcome);
}

function flagOf(pushback) {
  if (!pushback) return undefined;
  return "stop" in pushback
    ? { stop: true, text: "server: stop" }
    : { stop: false, text: `server: wait ${formatMs(pushback.delayMs)}` };
}

/** A wait before a retry. Its bound is the latest that jitter could have chosen; a pushback has none, since it is obeyed exactly. */
function gapOf(gap, end, at) {
  return {
    lane: gap.lane,
    from: at(gap.from),
    to: at(gap.until ?? Math.min(end, gap.from + gap.delayMs)),
    bound: gap.pushback ? undefined : at(gap.from + gap.boundMs),
    pushback: gap.pushback,
    text: formatMs(gap.delayMs),
  };
}

/** A wait before a hedge. It is drawn below the attempt that it is counted from. */
function delayOf(delay, end, at) {
  return {
    lane: delay.lane,
    from: at(delay.from),
    to: at(delay.until ?? Math.min(end, delay.from + delay.delayMs)),
    due: at(delay.from + delay.delayMs),
    state: delay.until === undefined ? "waiting" : delay.fired ? "fired" : "cut",
    pushback: delay.pushback,
    text: formatMs(delay.delayMs),
  };
}

/** The last instant that the axis of the picture must show. */
function latestOf(call, now) {
  if (call.endedAt !== undefined) return call.endedAt;
  const waits = [...call.gaps, ...call.delays].filter((wait) => wait.until === undefined).map((wait) => wait.from + wait.delayMs);
  return Math.max(now, ...waits);
}

/**
 * The span of an axis that all these pictures share, in milliseconds. `room` is its width in pixels, and `need(bar)` how many of
 * them the label behind a bar takes. The axis leaves room for the labels, as long as the bars keep half of it.
 */
export function spanOf(pictures, room, need) {
  const spans = pictures.flatMap((picture) => [
    picture.latest * 1.02,
    ...picture.bars.map((bar) => (bar.to * room) / Math.max(room / 2, room - need(bar))),
  ]);
  const span = Math.max(50, ...spans);
  // While calls run the axis grows in steps, because a scale that changes in every frame is hard to look at.
  return pictures.some((picture) => picture.running) ? roundUp(span) : span;
}

const steps = [1, 1.5, 2, 3, 4, 6, 8, 10];

function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return steps.find((step) => step * power >= value) * power;
}

/** Where the axis has its ticks: at most `most` round instants of what is shown, in milliseconds. */
export function ticksOf({ from, to }, most) {
  const rough = (to - from) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].find((n) => n * power >= rough) * power);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/**
 * Where the label of a bar goes: behind the bar if there is room, else on its light part, else before it, else over it. All numbers
 * are pixels; `low` and `high` bound the drawing, and `space` is kept between the bar and its label.
 */
export function placeLabel({ from, head, to }, width, { low, high, space }) {
  if (to + space + width <= high) return { x: to + space, place: "behind" };
  if (head - from >= width + 2 * space) return { x: from + space, place: "inside" };
  if (from - space - width >= low) return { x: from - space - width, place: "before" };
  return { x: Math.max(low, Math.min(from + space, high - width)), place: "over" };
}
