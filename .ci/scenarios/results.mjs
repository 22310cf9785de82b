// What runs of the tests leave behind for the table: build/results/<runtime>.json, a list of tests, each with the place it stands in
// (a Go package, a file), its path (its own name, behind those of the tests that it is a part of) and its outcome: pass, fail or skip.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where tests run, and the command of the Makefile that runs them there. */
export const runtimes = [
  { name: "go", title: "Go", target: "test-go" },
  { name: "wasm", title: "js/wasm", target: "test-wasm" },
  { name: "npm", title: "npm", target: "test-node" },
  { name: "chromium", title: "Chromium", target: "test-browser" },
];

/** The file that a run in this runtime leaves behind. */
export function fileOf(runtime) {
  return join(root, "build", "results", `${runtime}.json`);
}

export function save(runtime, results) {
  mkdirSync(join(root, "build", "results"), { recursive: true });
  writeFileSync(fileOf(runtime), JSON.stringify(results));
}

/** What the last run left, or nothing if there was none, or it was interrupted. */
export function load(runtime) {
  try {
    return JSON.parse(readFileSync(fileOf(runtime), "utf8"));
  } catch {
    return undefined;
  }
}

/** A digest of all that git would commit. Results hold for the tree that they came from: with the same one, tests need not run again. */
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
      digest.update("gone"); // deleted, not yet committed
    }
    digest.update("\0");
  }
  return digest.digest("hex");
}
