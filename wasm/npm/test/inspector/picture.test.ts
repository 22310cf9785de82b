// How a call looks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureOf, placeLabel, spanOf, ticksOf } from "../../src/inspector/picture.js";
import { callWith, hedged, retried, stopped } from "./events.js";

test("a retried call is drawn lane by lane, from its origin", () => {
  const picture = pictureOf(callWith(retried), 900, 100);
  assert.equal(picture.lanes, 3);
  assert.deepEqual(
    picture.bars.map(({ lane, from, head, to, text, span, winner }) => [lane, from, head, to, text, span, winner]),
    [
      [0, 0, undefined, 50, "UNAVAILABLE", "50 ms", false],
      [1, 170, undefined, 200, "UNAVAILABLE", "30 ms", false],
      [2, 600, 700, 720, "✓ OK", "120 ms", true],
    ],
  );
  assert.deepEqual(
    picture.gaps.map(({ lane, from, to, bound }) => [lane, from, to, bound]),
    [
      [1, 50, 170, 250],
      [2, 200, 600, undefined],
    ],
  );
  assert.deepEqual(picture.bars[1]?.flag, { stop: false, text: "server: wait 400 ms" });
  assert.deepEqual(picture.commit, { at: 700, reason: "responseHeaders" });
  assert.equal(picture.deadline, 2000);
  assert.equal(picture.latest, 720);
});

test("messages are drawn with the attempt that they came with", () => {
  const retries = callWith(retried);
  retries.messages.push(705, 710);
  assert.deepEqual(
    pictureOf(retries, 900, 100).messages.map(({ at, lane }) => [at, lane]),
    [
      [605, 2],
      [610, 2],
    ],
  );
  // A page that shows a subscription as one call has a committed attempt for each stream.
  Object.assign(retries.attempts[1]!, { outcome: "committed" });
  retries.messages.unshift(290);
  assert.deepEqual(
    pictureOf(retries, 900, 100).messages.map(({ lane }) => lane),
    [1, 2, 2],
  );
});

test("losers are aborted, and a hedge that was not needed keeps its place", () => {
  const picture = pictureOf(callWith(hedged), 900, 0);
  assert.deepEqual(
    picture.bars.map(({ text, winner }) => [text, winner]),
    [
      ["aborted", false],
      ["✓ OK", true],
    ],
  );
  assert.deepEqual(
    picture.delays.map(({ state, to, due }) => [state, to, due]),
    [
      ["fired", 150, 150],
      ["cut", 240, 300],
    ],
  );
});

test("a failure that is final is marked as the call's result", () => {
  const [bar] = pictureOf(callWith(stopped), 900, 0).bars;
  assert.equal(bar?.text, "✕ UNAVAILABLE");
  assert.deepEqual(bar?.flag, { stop: true, text: "server: stop" });
});

test("while a call runs, bars grow with the clock and the axis shows what is to come", () => {
  const waiting = pictureOf(callWith(retried.slice(0, 5)), 200, 100);
  assert.equal(waiting.lanes, 2, "the wait stands in the lane of the attempt that it is for");
  assert.equal(waiting.gaps[0]?.to, 100);
  assert.equal(waiting.latest, 170);
  const running = pictureOf(callWith(retried.slice(0, 2)), 140, 100);
  assert.deepEqual([running.bars[0]?.to, running.bars[0]?.running, running.bars[0]?.text], [40, true, "first"]);
});

test("a request that stood in the browser's queue shows when it was sent", () => {
  const call = callWith(retried);
  for (const attempt of call.attempts.slice(0, 1)) attempt.sentAt = 130;
  const { bars } = pictureOf(call, 900, 100);
  assert.deepEqual(
    bars.map(({ from, sent }) => [from, sent]),
    [
      [0, 30],
      [170, 170],
      [600, 600],
    ],
  );
});

test("the axis leaves room for what is written behind the last bar", () => {
  const picture = pictureOf(callWith(hedged), 900, 0);
  const span = spanOf([picture], 500, () => 100);
  assert.equal((250 / span) * 500, 400);
  assert.equal((250 / spanOf([picture], 500, () => 400)) * 500, 250, "but not more than half");
});

test("the axis of a running call grows in round steps", () => {
  const at = (now: number) => spanOf([pictureOf(callWith(hedged.slice(0, 2)), now, 0)], 500, () => 0);
  assert.deepEqual([at(10), at(90), at(95), at(210), at(1500)], [60, 100, 100, 300, 2000]);
});

test("ticks are round, and no more than asked for", () => {
  assert.deepEqual(ticksOf({ from: 0, to: 760 }, 8), [0, 100, 200, 300, 400, 500, 600, 700]);
  assert.deepEqual(ticksOf({ from: 0, to: 900 }, 3), [0, 500]);
  assert.deepEqual(ticksOf({ from: 0, to: 1 }, 5), [0, 1]);
  assert.deepEqual(ticksOf({ from: 130, to: 310 }, 4), [150, 200, 250, 300]);
});

test("a label finds its place behind, inside, before or over its bar", () => {
  const bounds = { low: 20, high: 300, space: 6 };
  const place = (from: number, head: number, to: number) => placeLabel({ from, head, to }, 100, bounds).place;
  assert.equal(place(20, 60, 60), "behind");
  assert.equal(place(20, 280, 290), "inside");
  assert.equal(place(200, 210, 290), "before");
  assert.equal(place(30, 40, 290), "over");
});
