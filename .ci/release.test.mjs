// Tests what is checked before a release.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { check } from "./release.mjs";

const changelog = `# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-29

### Added

- A thing.

## [1.2.2] - 2026-11-01

- Another.

[Unreleased]: https://example.com/compare/v1.2.3...main
[1.2.3]: https://example.com/releases/v1.2.3
[1.2.2]: https://example.com/releases/v1.2.2
`;

test("a release whose parts agree", () => {
  assert.deepEqual(check("v1.2.3", { version: "1.2.3" }, changelog), { problems: [], notes: "### Added\n\n- A thing." });
});

test("every disagreement is named", () => {
  const problems = (tag, manifest, text = changelog) => check(tag, manifest, text).problems.join("\n");
  assert.match(problems("1.2.3", { version: "1.2.3" }), /not of the form v1.2.3/);
  assert.match(problems("v1.2.3", { version: "1.2.2" }), /has the version 1.2.2, and the tag is v1.2.3/);
  assert.match(problems("v1.2.3", { version: "1.2.3", private: true }), /is private/);
  assert.match(problems("v1.2.4", { version: "1.2.4" }), /no section "## \[1.2.4\].*\n.*no link for \[1.2.4\]/s);
  assert.match(problems("v1.2.3", { version: "1.2.3" }, changelog.replace(" - 2026-11-29", "")), /has no date/);
  assert.match(
    problems("v1.2.3", { version: "1.2.3" }, changelog.replace("[Unreleased]\n", "[Unreleased]\n\n- New.\n")),
    /still has entries/,
  );
  assert.match(problems("v1.2.3", { version: "1.2.3" }, changelog.replace("## [Unreleased]", "")), /no section \[Unreleased\]/);
  assert.match(problems("v1.2.3", { version: "1.2.3" }, changelog.replace(/^\[1\.2\.3\]: .*$/m, "")), /no link for \[1.2.3\]/);
});

test("the changelog is of the form that is checked", () => {
  const text = readFileSync(new URL("../CHANGELOG.md", import.meta.url), "utf8");
  assert.match(text, /^## \[Unreleased\]$/m);
  assert.match(text, /^\[Unreleased\]: /m);
});
