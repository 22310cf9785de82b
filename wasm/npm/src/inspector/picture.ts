// How a call looks, before it is known how wide the screen is: lanes, bars and marks at instants.

import type { AttemptKind, AttemptRecord, CommitReason } from "../api/events.js";
import { type CallRecord, type RecordedAttempt, type Wait, winnerOf } from "./call-record.js";
import { codeName, formatMs, hostOf } from "./words.js";
import type { View } from "./zoom.js";

/** An attempt. Instants are in milliseconds from the origin of the picture. */
export interface Bar {
  readonly lane: number;
  readonly number: number;
  readonly kind: AttemptKind;
  readonly outcome: AttemptRecord["outcome"];
  readonly code: string | undefined;
  /** Its result is the call's result. */
  readonly winner: boolean;
  readonly from: number;
  /** When the request left the browser. */
  readonly sent: number;
  readonly head: number | undefined;
  readonly to: number;
  readonly running: boolean;
  /** How it ended, and how long it took. */
  readonly text: string;
  readonly span: string;
  readonly flag: Flag | undefined;
}

/** A pushback. */
export interface Flag {
  readonly stop: boolean;
  readonly text: string;
}

/** A wait before a retry. Its bound is the latest that jitter could have chosen; a pushback has none, since it is obeyed exactly. */
export interface Gap {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  readonly bound: number | undefined;
  readonly pushback: boolean;
  readonly text: string;
}

/** A wait before a hedge. It is drawn below the attempt that it is counted from. */
export interface Delay {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  readonly due: number;
  readonly state: "waiting" | "fired" | "cut";
  readonly pushback: boolean;
  readonly text: string;
}

export interface Picture {
  readonly lanes: number;
  readonly bars: readonly Bar[];
  readonly gaps: readonly Gap[];
  readonly delays: readonly Delay[];
  readonly messages: readonly { readonly at: number; readonly lane: number }[];
  readonly commit: { readonly at: number; readonly reason: CommitReason } | undefined;
  readonly deadline: number | undefined;
  readonly running: boolean;
  /** The last instant that the axis must show. */
  readonly latest: number;
}

/**
 * The picture of a call at the instant `now`, counted from `origin`. Each attempt has a lane of its own, so that hedges, which overlap in
 * time, never cover each other.
 */
export function pictureOf(call: CallRecord, now: number, origin: number): Picture {
  const end = call.endedAt ?? now;
  const winner = winnerOf(call);
  const bars = call.attempts.map((attempt, lane) => barOf(attempt, lane, attempt === winner, end, origin));
  const gaps = call.gaps.map((gap) => gapOf(gap, end, origin));
  const delays = call.delays.filter((delay) => delay.delayMs > 0).map((delay) => delayOf(delay, end, origin));
  const { commit, timeoutMs, startedAt = origin } = call;
  return {
    lanes: Math.max(1, bars.length, ...gaps.map((gap) => gap.lane + 1)),
    bars,
    gaps,
    delays,
    messages: winner ? call.messages.map((at) => ({ at: at - origin, lane: laneOf(call, winner, at) })) : [],
    commit: commit && { at: commit.at - origin, reason: commit.reason },
    deadline: timeoutMs === undefined ? undefined : startedAt + timeoutMs - origin,
    running: call.endedAt === undefined,
    latest: latestOf(call, now) - origin,
  };
}

/** The attempt that a message came with: the winner, unless the call is a subscription whose streams were committed one after another. */
function laneOf({ attempts }: CallRecord, winner: RecordedAttempt, at: number): number {
  const earlier = attempts.filter((one) => (one === winner || one.outcome === "committed") && one.startedAt <= at);
  return attempts.indexOf(earlier.at(-1) ?? winner);
}

function barOf(attempt: RecordedAttempt, lane: number, winner: boolean, end: number, origin: number): Bar {
  const { number, kind, outcome, startedAt, sentAt = startedAt, headAt } = attempt;
  const to = attempt.endedAt ?? end;
  return {
    lane,
    number,
    kind,
    outcome,
    code: codeName(attempt.code),
    winner,
    from: startedAt - origin,
    sent: Math.max(startedAt, Math.min(sentAt, headAt ?? to)) - origin,
    head: headAt === undefined ? undefined : Math.min(headAt, to) - origin,
    to: to - origin,
    running: attempt.endedAt === undefined && outcome === "pending",
    text: (winner ? markOf(attempt) : "") + textOf(attempt) + placeOf(attempt),
    span: formatMs(to - startedAt),
    flag: flagOf(attempt.pushback),
  };
}

/** The winner also has a mark, because color alone is not enough. */
function markOf({ endedAt, code }: RecordedAttempt): string {
  if (endedAt === undefined) return "";
  return code === 0 ? "✓ " : "✕ ";
}

/** Where it was sent, if there are several endpoints. */
function placeOf({ endpoint }: RecordedAttempt): string {
  return endpoint ? ` ${hostOf(endpoint)}` : "";
}

function textOf({ outcome, kind, code }: RecordedAttempt): string {
  if (outcome === "pending") return kind;
  // The code of an attempt that lost is the client's own doing; what matters is that it was aborted.
  return outcome === "aborted" ? "aborted" : (codeName(code) ?? outcome);
}

function flagOf(pushback: AttemptRecord["pushback"]): Flag | undefined {
  if (!pushback) return undefined;
  return "stop" in pushback
    ? { stop: true, text: "server: stop" }
    : { stop: false, text: `server: wait ${formatMs(pushback.delayMs)}` };
}

function gapOf(gap: Wait, end: number, origin: number): Gap {
  return {
    lane: gap.lane,
    from: gap.from - origin,
    to: (gap.until ?? Math.min(end, gap.from + gap.delayMs)) - origin,
    bound: gap.pushback || gap.boundMs === undefined ? undefined : gap.from + gap.boundMs - origin,
    pushback: gap.pushback,
    text: formatMs(gap.delayMs),
  };
}

function delayOf(delay: Wait, end: number, origin: number): Delay {
  const due = delay.from + delay.delayMs;
  return {
    lane: delay.lane,
    from: delay.from - origin,
    to: (delay.until ?? Math.min(end, due)) - origin,
    due: due - origin,
    state: delay.until === undefined ? "waiting" : delay.fired ? "fired" : "cut",
    pushback: delay.pushback,
    text: formatMs(delay.delayMs),
  };
}

function latestOf(call: CallRecord, now: number): number {
  if (call.endedAt !== undefined) return call.endedAt;
  const waits = [...call.gaps, ...call.delays].filter((wait) => wait.until === undefined).map((wait) => wait.from + wait.delayMs);
  return Math.max(now, ...waits);
}

/**
 * The span of an axis that all these pictures share, in milliseconds. `room` is its width in pixels, and `need(bar)` how many of them the
 * label behind a bar takes. The axis leaves room for the labels, as long as the bars keep half of it.
 */
export function spanOf(pictures: readonly Picture[], room: number, need: (bar: Bar) => number): number {
  let span = 50;
  for (const { latest, bars } of pictures) {
    span = Math.max(span, latest * 1.02);
    for (const bar of bars) span = Math.max(span, (bar.to * room) / Math.max(room / 2, room - need(bar)));
  }
  // While calls run the axis grows in steps, because a scale that changes in every frame is hard to look at.
  return pictures.some((picture) => picture.running) ? roundUp(span) : span;
}

const steps = [1, 1.5, 2, 3, 4, 6, 8, 10];

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (steps.find((step) => step * power >= value) ?? 10) * power;
}

/** Where the axis has its ticks: at most `most` round instants of what is shown, in milliseconds. */
export function ticksOf({ from, to }: View, most: number): number[] {
  const rough = (to - from) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((n) => n * power >= rough) ?? 10) * power);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/** Where the label of a bar goes: behind the bar if there is room, else on its light part, else before it, else over it. */
export interface LabelPlace {
  readonly x: number;
  readonly place: "behind" | "inside" | "before" | "over";
}

/** All numbers are pixels; `low` and `high` bound the drawing, and `space` is kept between the bar and its label. */
export function placeLabel(
  { from, head, to }: { readonly from: number; readonly head: number; readonly to: number },
  width: number,
  { low, high, space }: { readonly low: number; readonly high: number; readonly space: number },
): LabelPlace {
  if (to + space + width <= high) return { x: to + space, place: "behind" };
  if (head - from >= width + 2 * space) return { x: from + space, place: "inside" };
  if (from - space - width >= low) return { x: from - space - width, place: "before" };
  return { x: Math.max(low, Math.min(from + space, high - width)), place: "over" };
}
