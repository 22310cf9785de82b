// Checks that a version can be released, and prints its section of the changelog, for the release's notes:
//
//   node .ci/release.mjs v1.2.3
//
// The tag, the npm package and the changelog must name the same version. The Go module needs no more than the tag.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** What is wrong with a release, and its notes. */
export function check(tag, manifest, changelog) {
  const problems = [];
  const version = tag.match(/^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/)?.[1];
  if (!version) return { problems: [`the tag ${tag} is not of the form v1.2.3`], notes: "" };
  if (manifest.version !== version)
    problems.push(`wasm/npm/package.json has the version ${manifest.version}, and the tag is ${tag}`);
  if (manifest.private) problems.push("wasm/npm/package.json is private");
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  if (!section) problems.push(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
  else if (!/^\[[^\]]+\] - \d{4}-\d\d-\d\d$/m.test(section.split("\n")[0]))
    problems.push(`the section of ${version} in CHANGELOG.md has no date`);
  const unreleased = sections.find((text) => text.startsWith("[Unreleased]"));
  if (unreleased === undefined) problems.push("CHANGELOG.md has no section [Unreleased] any more; leave it there, empty");
  else if (/^- /m.test(unreleased))
    problems.push("CHANGELOG.md still has entries under [Unreleased]; move them into the section of this version");
  if (!new RegExp(`^\\[${version.replaceAll(".", "\\.")}\\]: `, "m").test(changelog))
    problems.push(`CHANGELOG.md has no link for [${version}] at its end`);
  return { problems, notes: section ? section.slice(section.indexOf("\n") + 1).trim() : "" };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
  const tag = process.argv[2];
  if (!tag) {
    console.error("usage: node .ci/release.mjs v1.2.3");
    process.exit(2);
  }
  const { problems, notes } = check(tag, JSON.parse(read("../wasm/npm/package.json")), read("../CHANGELOG.md"));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
  console.log(notes);
}
