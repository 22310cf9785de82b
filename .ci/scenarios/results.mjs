// The results that runs of the tests keep for the table, in build/results/<runtime>.json: a list of tests. Each has the place where it
// stands (a Go package or a file), its path (the names of the tests that it is part of, then its own) and its outcome: pass, fail or skip, the latter
// with the reason, if one was given (why).

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where tests run, and the target of the Makefile that runs them there. */
export const runtimes = [
  { name: "go", title: "Go", target: "test-go" },
  { name: "wasm", title: "js/wasm", target: "test-wasm" },
  { name: "npm", title: "npm", target: "test-node" },
  { name: "chromium", title: "Chromium", target: "test-browser" },
];

/** The file in which a run in this runtime keeps its results. */
export function fileOf(runtime) {
  return join(root, "build", "results", `${runtime}.json`);
}

export function save(runtime, results) {
  mkdirSync(join(root, "build", "results"), { recursive: true });
  writeFileSync(fileOf(runtime), JSON.stringify(results));
}

/** The results of the last run; undefined if there was none, or if it was interrupted. */
export function load(runtime) {
  try {
    return JSON.parse(readFileSync(fileOf(runtime), "utf8"));
  } catch {
    return undefined;
  }
}

/** A digest of all files that git would commit. Results hold for one digest: while it stays the same, the tests need not run again. */
export function digestOfTree() {
  const digest = createHash("sha256");
  const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const name of listing.split("\0").filter(Boolean).sort()) {
    digest.update(`${name}\0`);
    try {
      digest.update(readFileSync(join(root, name)));
    } catch {
      digest.update("gone"); // The file was deleted, and git does not know it yet.
    }
    digest.update("\0");
  }
  return digest.digest("hex");
}
