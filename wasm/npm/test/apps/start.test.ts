// What docs/start.md says of generating code, run as it stands there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { blocksOf, textOf } from "../support/documents.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
// The versions that generate the code of this repository. They are not development dependencies: server/proto/generate.sh says why.
const versions = await readFile(join(packageDir, "../../server/proto/generate.sh"), "utf8");
const versionOf = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(versions)?.[1];

test("docs/start.md: buf generates the service that the page imports", async (t) => {
  const folder = await project(t);
  await generate(folder, ["buf", "generate"]);
  await checkGenerated(folder);
});

test("docs/start.md: protoc generates the same", async (t) => {
  try {
    await promisify(execFile)("protoc", ["--version"]);
  } catch {
    t.skip("protoc is not installed");
    return;
  }
  const folder = await project(t);
  const commands = blocksOf(await textOf("docs/start.md")).find(
    ({ language, code }) => language === "sh" && code.includes("protoc -I"),
  );
  assert.ok(commands, "docs/start.md has no commands for protoc");
  // Here npx brings the plugin; it is found on the PATH.
  await generate(folder, ["sh", "-euc", commands.code.replace(/--plugin=\S+/, "")]);
  await checkGenerated(folder);
});

/** A folder with the files that the page names. */
async function project(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hedgerow-start-"));
  t.after(() => rm(folder, { recursive: true }));
  await symlink(join(packageDir, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const { language, code } of blocksOf(await textOf("docs/start.md"))) {
    if (language !== "proto" && language !== "yaml") continue;
    const name = /^(?:#|\/\/) (\S+)\n/.exec(code)?.[1] ?? assert.fail(`a block without a file name: ${code}`);
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), code);
  }
  return folder;
}

/** Runs a command with buf and the plugin on the PATH. */
async function generate(folder: string, command: string[]): Promise<void> {
  const packages = [`@bufbuild/buf@${versionOf("buf")}`, `@bufbuild/protoc-gen-es@${versionOf("es")}`].flatMap((one) => [
    "-p",
    one,
  ]);
  await promisify(execFile)("npx", ["--yes", ...packages, "--", ...command], { cwd: folder });
}

async function checkGenerated(folder: string): Promise<void> {
  const { Greeter } = await import(pathToFileURL(join(folder, "src/gen/greeter_pb.js")).href);
  assert.equal(Greeter.typeName, "helloworld.Greeter");
  assert.deepEqual(Object.keys(Greeter.method), ["sayHello"]);
  assert.match(await readFile(join(folder, "src/gen/greeter_pb.d.ts"), "utf8"), /export declare const Greeter/);
}
