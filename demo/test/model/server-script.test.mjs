import assert from "node:assert/strict";
import { test } from "node:test";
import { conversationSteps, stepsOf } from "../../model/server-script.js";
import { defaults } from "../../model/settings.js";

const { server } = defaults;
const draw = (patch, number = 1, seed = 1, kind = "unary") => stepsOf({ ...server, ...patch }, { kind, seed, number });
const failing = (steps) => steps.map(({ end }) => end !== undefined);

test("the first attempts fail, and the last step serves all later ones", () => {
  assert.deepEqual(failing(draw({ fails: "first", times: "2" })), [true, true, false]);
  assert.deepEqual(failing(draw({ fails: "none" })), [false]);
  assert.equal(draw({ fails: "all" }).length, 10, "each failure names its attempt");
});

test("the same seed draws the same treatment for each attempt of each call", () => {
  const patch = { fails: "share", rate: "50", latency: "tail" };
  assert.deepEqual(draw(patch, 3, 7), draw(patch, 3, 7));
  assert.notDeepEqual(draw(patch, 3, 7), draw(patch, 4, 7));
  assert.notDeepEqual(draw(patch, 3, 7), draw(patch, 3, 8));
});

test("an error rate is what it says, and changes no latency", () => {
  const calls = Array.from({ length: 2000 }, (_, i) => i + 1);
  const share = calls.filter((number) => draw({ fails: "share", rate: "30" }, number)[0].end).length / calls.length;
  assert.ok(Math.abs(share - 0.3) < 0.03, String(share));
  const delays = (rate) => draw({ fails: "share", rate, latency: "uniform" }, 5).map(({ delay }) => delay);
  assert.deepEqual(delays("0"), delays("30"));
});

test("latencies have their shapes", () => {
  const msOf = (patch) =>
    Array.from(
      { length: 500 },
      (_, i) => draw({ fails: "none", ms: "100", slow: "1000", ...patch }, i + 1)[0].delay.distribution.value,
    );
  assert.deepEqual([...new Set(msOf({ latency: "fixed" }))], [100]);
  assert.ok(msOf({ latency: "uniform" }).every((ms) => ms >= 50 && ms <= 150));
  const slow = msOf({ latency: "tail", share: "10" }).filter((ms) => ms >= 800).length;
  assert.ok(slow > 25 && slow < 80, String(slow));
  assert.deepEqual(
    draw({ fails: "none", latency: "slowFirst" }).map(({ delay }) => delay.distribution.value),
    [1200, 90],
  );
});

test("the streams of a subscription share five messages", () => {
  const messages = (patch, kind) => draw({ times: "2", ...patch }, 1, 1, kind).map((step) => step.messages);
  assert.deepEqual(messages({ after: "2" }, "subscription"), [2, 2, 1]);
  assert.deepEqual(messages({ after: "2" }, "stream"), [2, 2, 5]);
  assert.deepEqual(messages({ after: "" }, "subscription"), [undefined, undefined, 5]);
  assert.deepEqual(messages({ after: "9" }, "subscription"), [9, 9, 1], "the last one answers");
});

test("each way to fail is one that the server knows", () => {
  const ends = ["status", "early", "cut", "reset", "hang"].map((how) => draw({ how, pushback: "250" })[0]);
  assert.deepEqual(
    ends.map(({ end, earlyHeader, pushback }) => [end.case, earlyHeader, pushback]),
    [
      ["status", undefined, ["250"]],
      ["status", true, ["250"]],
      ["cut", undefined, undefined],
      ["cut", undefined, undefined],
      ["hang", undefined, undefined],
    ],
  );
  assert.equal(draw({ after: "2" }, 1, 1, "stream")[0].messages, 2);
  assert.equal(draw({ after: "2" })[0].messages, undefined, "a unary call has no messages before its failure");
  assert.equal(conversationSteps(server).length, 1);
});
