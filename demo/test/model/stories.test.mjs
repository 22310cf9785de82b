import assert from "node:assert/strict";
import { test } from "node:test";
import { defaults, fromHash, merged, toHash } from "../../model/settings.js";
import { settingsOf, stories, storyOf, takesOf, tells } from "../../model/stories.js";

test("every story has a sentence of what to see and why, and settings of its own", () => {
  assert.equal(new Set(stories.map(({ id }) => id)).size, stories.length);
  for (const story of stories) {
    assert.ok(story.title && story.see && story.why && story.takes.length <= 2, story.id);
    const settings = settingsOf(story);
    assert.ok(tells(settings, story), story.id);
    assert.deepEqual(takesOf(settings).at(-1).settings, settings, "the form shows the last take");
    assert.deepEqual(fromHash(toHash(settings)), settings, "and a link holds it");
  }
});

test("a story stays one with another seed, and no more with another policy", () => {
  const story = storyOf("tail");
  const settings = settingsOf(story);
  assert.ok(tells(merged(settings, { calls: { seed: "8", count: "500" } }), story));
  assert.ok(!tells(merged(settings, { policy: { hedging: { maxAttempts: "3" } } }), story));
  assert.deepEqual(
    takesOf(merged(settings, { calls: { seed: "8" } })).map((take) => take.settings.calls.seed),
    ["8", "8"],
  );
});

test("any settings can be compared with no policy", () => {
  const settings = merged(defaults, { config: "{}", calls: { compare: "none" } });
  assert.deepEqual(
    takesOf(settings).map(({ name, settings: { policy, config } }) => [name, policy.policy, config]),
    [
      ["No policy", "none", ""],
      ["Policy from JSON", "retry", "{}"],
    ],
  );
  assert.equal(takesOf(defaults).length, 1);
});
