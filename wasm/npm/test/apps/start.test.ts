// What docs/start.md says of generating code, run as it stands there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { blocksOf, textOf } from "../support/documents.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
// The versions that generate the code of this repository. They are not development dependencies: server/proto/generate.sh says why.
const versions = await readFile(join(packageDir, "../../server/proto/generate.sh"), "utf8");
const versionOf = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(versions)?.[1];

test("docs/start.md: buf generates the service that the page imports", async (t) => {
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
  const packages = [`@bufbuild/buf@${versionOf("buf")}`, `@bufbuild/protoc-gen-es@${versionOf("es")}`].flatMap((one) => [
    "-p",
    one,
  ]);
  await promisify(execFile)("npx", ["--yes", ...packages, "--", "buf", "generate"], { cwd: folder });
  const { Greeter } = await import(pathToFileURL(join(folder, "src/gen/greeter_pb.js")).href);
  assert.equal(Greeter.typeName, "helloworld.Greeter");
  assert.deepEqual(Object.keys(Greeter.method), ["sayHello"]);
  assert.match(await readFile(join(folder, "src/gen/greeter_pb.d.ts"), "utf8"), /export declare const Greeter/);
});
