// Copies apps into a folder of build/ and installs their dependencies there: hedgerow from the tarball that npm would publish, the others as
// package-lock.json lists them.
//
//   node install.mjs          into build/apps the apps that package.json lists, unless nothing has changed since the last time
//   node install.mjs more     into build/apps-more those of more/package.json: the tools that make test-apps-all adds
//   node install.mjs --lock   also writes the package-lock.json anew, which is needed when dependencies have changed

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const more = process.argv.includes("more");
const here = fileURLToPath(new URL(".", import.meta.url));
/** Where the manifest of all these apps is, and its lock file. */
const manifests = more ? join(here, "more") : here;
const out = fileURLToPath(new URL(`../../build/apps${more ? "-more" : ""}`, import.meta.url));
const stamp = join(out, "node_modules", ".installed");

mkdirSync(out, { recursive: true });
const keep = [join(out, "node_modules"), join(out, ".cache")];
for (const name of readdirSync(out)) if (!keep.includes(join(out, name))) rmSync(join(out, name), { recursive: true });
const manifest = JSON.parse(readFileSync(join(manifests, "package.json"), "utf8"));
const built = /^(node_modules|dist|build|\.next|\.angular|\.svelte-kit|\.parcel-cache|\.wrangler)$/;
for (const app of manifest.workspaces)
  cpSync(join(here, app), join(out, app), { recursive: true, filter: (path) => !built.test(basename(path)) });
if (existsSync(join(manifests, "package-lock.json")))
  copyFileSync(join(manifests, "package-lock.json"), join(out, "package-lock.json"));

const tarball = pack();
writeFileSync(join(out, "package.json"), JSON.stringify({ ...manifest, overrides: { hedgerow: `file:${tarball}` } }));
const state = createHash("sha256");
for (const app of [".", ...manifest.workspaces])
  for (const file of ["package.json", "package-lock.json"])
    if (existsSync(join(out, app, file))) state.update(readFileSync(join(out, app, file)));
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

/** Writes the lock file without hedgerow, whose tarball is another one after every change. */
function writeLock() {
  const lock = JSON.parse(readFileSync(join(out, "package-lock.json"), "utf8"));
  delete lock.packages["node_modules/hedgerow"];
  writeFileSync(join(manifests, "package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
}

function npm(args, cwd) {
  return execFileSync("npm", ["--loglevel=error", ...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}
