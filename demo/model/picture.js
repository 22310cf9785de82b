// How a call looks, before anybody knows how wide the screen is: lanes, bars and marks at instants. Pure.

import { sentAt, winnerOf } from "./call.js";
import { nameOf } from "./codes.js";
import { formatMs } from "./words.js";

/**
 * The picture of a call at an instant, in ms from `origin`. Each attempt has a lane of its own, so that hedges that overlap never
 * cover each other.
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
    code: nameOf(attempt.code),
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

/** The winner is known by its mark, too, not by colour alone. */
function markOf({ endedAt, code }) {
  if (endedAt === undefined) return "";
  return code === 0 ? "✓ " : "✕ ";
}

function textOf({ outcome, kind, code }) {
  if (outcome === "pending") return kind;
  // A loser's code is our own doing; that it was aborted is what matters.
  return outcome === "aborted" ? "aborted" : (nameOf(code) ?? outcome);
}

function flagOf(pushback) {
  if (!pushback) return undefined;
  return "stop" in pushback
    ? { stop: true, text: "server: stop" }
    : { stop: false, text: `server: wait ${formatMs(pushback.delayMs)}` };
}

/** A wait before a retry. Its bound is where full jitter could have put it at the latest; a pushback has none, it is obeyed exactly. */
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

/** A wait before a hedge, which starts below the attempt it was counted from. */
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

/** The last instant the picture needs on its axis. */
function latestOf(call, now) {
  if (call.endedAt !== undefined) return call.endedAt;
  const waits = [...call.gaps, ...call.delays].filter((wait) => wait.until === undefined).map((wait) => wait.from + wait.delayMs);
  return Math.max(now, ...waits);
}

/**
 * The span of an axis that all these pictures share, in ms. `room` is its width in pixels; `need(bar)` the pixels that the bar's
 * label takes behind it, for which the axis leaves room, as long as the bars keep half of it.
 */
export function spanOf(pictures, room, need) {
  const spans = pictures.flatMap((picture) => [
    picture.latest * 1.02,
    ...picture.bars.map((bar) => (bar.to * room) / Math.max(room / 2, room - need(bar))),
  ]);
  const span = Math.max(50, ...spans);
  // While calls run the axis grows in steps: a scale that changes in every frame is hard to look at.
  return pictures.some((picture) => picture.running) ? roundUp(span) : span;
}

const steps = [1, 1.5, 2, 3, 4, 6, 8, 10];

function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return steps.find((step) => step * power >= value) * power;
}

/** Where the axis is marked: at most `most` round instants of what is seen, in ms. */
export function ticksOf({ from, to }, most) {
  const rough = (to - from) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].find((n) => n * power >= rough) * power);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/**
 * Where the label of a bar goes: behind it, or on its light part where there is no room behind, or before it, or, when nothing else
 * is left, over it. All in pixels; `low` and `high` bound the drawing, `space` is kept between bar and label.
 */
export function placeLabel({ from, head, to }, width, { low, high, space }) {
  if (to + space + width <= high) return { x: to + space, place: "behind" };
  if (head - from >= width + 2 * space) return { x: from + space, place: "inside" };
  if (from - space - width >= low) return { x: from - space - width, place: "before" };
  return { x: Math.max(low, Math.min(from + space, high - width)), place: "over" };
}
