// Builds the npm package twice, from clean copies of the committed files in two folders, and compares what would be published, byte by byte.
// A release that anybody can build again can be compared with what was published.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const temp = mkdtempSync(join(tmpdir(), "hedgerow-reproducible-"));
process.on("exit", () => rmSync(temp, { recursive: true, force: true }));

/** The hashes of the package's files, as built in a folder of this name, with nothing that was compiled before. */
function build(name) {
  const folder = join(temp, name);
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  for (const file of files.filter((file) => existsSync(join(root, file)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  // The tools are those that are installed here: only the build itself is repeated.
  for (const installed of ["wasm/npm/node_modules", "bin"])
    if (existsSync(join(root, installed))) symlinkSync(join(root, installed), join(folder, installed));
  const env = { ...process.env, GOCACHE: join(temp, `${name}-cache`), GOFLAGS: "-buildvcs=false" };
  execFileSync("node", ["wasm/npm/build.mjs"], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  const dist = join(folder, "wasm/npm/dist");
  const names = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const hash = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
  return new Map(
    names.map((entry) => [
      join(entry.parentPath ?? entry.path, entry.name).slice(dist.length + 1),
      hash(join(entry.parentPath ?? entry.path, entry.name)),
    ]),
  );
}

const [first, second] = [build("one"), build("another-folder")];
const differing = [...new Set([...first.keys(), ...second.keys()])].filter((name) => first.get(name) !== second.get(name));
for (const name of differing) console.error(`${name} differs`);
if (differing.length > 0) process.exit(1);
console.log(
  `two builds in different folders gave the same ${first.size} files; hedgerow.wasm has the SHA-256 ${first.get("hedgerow.wasm")}`,
);
