// Copies the apps into build/apps and installs their dependencies there: hedgerow from the tarball that npm would publish, the others as
// package-lock.json lists them.
//
//   node install.mjs          installs, unless nothing has changed since the last time
//   node install.mjs --lock   also writes package-lock.json anew, which is needed when dependencies have changed

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../../build/apps", import.meta.url));
const stamp = join(out, "node_modules", ".installed");

mkdirSync(out, { recursive: true });
const keep = [join(out, "node_modules"), join(out, ".cache")];
for (const name of readdirSync(out)) if (!keep.includes(join(out, name))) rmSync(join(out, name), { recursive: true });
cpSync(here, out, {
  recursive: true,
  filter: (path) => !/^(node_modules|dist|\.next)$/.test(relative(here, path).split("/").at(-1)),
});

const tarball = pack();
const manifest = JSON.parse(readFileSync(join(out, "package.json"), "utf8"));
writeFileSync(join(out, "package.json"), JSON.stringify({ ...manifest, overrides: { hedgerow: `file:${tarball}` } }));
const state = createHash("sha256");
for (const file of manifests()) state.update(readFileSync(file));
const installed = state.digest("hex");
if (process.argv.includes("--lock") || !existsSync(stamp) || readFileSync(stamp, "utf8") !== installed) {
  rmSync(stamp, { force: true });
  npm(["install", "--prefer-offline"], out);
  if (process.argv.includes("--lock")) writeLock();
  writeFileSync(stamp, installed);
}

/** Makes the tarball. Its name has a hash of its content, so that npm notices when it changes. */
function pack() {
  const name = npm(
    ["pack", "--ignore-scripts", "--silent", "--pack-destination", out],
    fileURLToPath(new URL("../../wasm/npm", import.meta.url)),
  ).trim();
  const hash = createHash("sha256")
    .update(readFileSync(join(out, name)))
    .digest("hex")
    .slice(0, 16);
  const tarball = join(out, `hedgerow-${hash}.tgz`);
  renameSync(join(out, name), tarball);
  return tarball;
}

function manifests() {
  return [".", ...readdirSync(out)]
    .flatMap((name) => ["package.json", "package-lock.json"].map((file) => join(out, name, file)))
    .filter(existsSync);
}

/** Writes the lock file without hedgerow, whose tarball is another one after every change. */
function writeLock() {
  const lock = JSON.parse(readFileSync(join(out, "package-lock.json"), "utf8"));
  delete lock.packages["node_modules/hedgerow"];
  writeFileSync(join(here, "package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
}

function npm(args, cwd) {
  return execFileSync("npm", ["--loglevel=error", ...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
