import assert from "node:assert/strict";
import { test } from "node:test";
import { defaults, fromHash, merged, toHash } from "../../model/settings.js";
import { matchesStory, runsOf, settingsOf, stories, storyById } from "../../model/stories.js";
import { glyphs } from "../../page/glyphs.js";

test("every story has a sentence on what to see and on why, and settings of its own", () => {
  assert.equal(new Set(stories.map(({ id }) => id)).size, stories.length);
  for (const story of stories) {
    assert.ok(glyphs[story.id], `the picture of ${story.id}`);
    assert.ok(story.title && story.see && story.why && story.runs.length <= 2, story.id);
    const settings = settingsOf(story);
    assert.ok(matchesStory(settings, story), story.id);
    assert.deepEqual(runsOf(settings).at(-1).settings, settings, "the form shows the last run");
    assert.deepEqual(fromHash(toHash(settings)), settings, "and a link holds it");
  }
});

test("a story stays one with another seed, but not with another policy", () => {
  const story = storyById("tail");
  const settings = settingsOf(story);
  assert.ok(matchesStory(merged(settings, { calls: { seed: "8", count: "500" } }), story));
  assert.ok(!matchesStory(merged(settings, { policy: { hedging: { maxAttempts: "3" } } }), story));
  assert.deepEqual(
    runsOf(merged(settings, { calls: { seed: "8" } })).map((run) => run.settings.calls.seed),
    ["8", "8"],
  );
});

test("any settings can be compared with no policy", () => {
  const settings = merged(defaults, { config: "{}", calls: { compare: "none" } });
  assert.deepEqual(
    runsOf(settings).map(({ name, settings: { policy, config } }) => [name, policy.policy, config]),
    [
      ["No policy", "none", ""],
      ["Policy from JSON", "retry", "{}"],
    ],
  );
  assert.equal(runsOf(defaults).length, 1);
});
