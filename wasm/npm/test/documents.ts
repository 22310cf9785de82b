// The TypeScript of docs/, as it stands there: type-checked as a user's program would be, bundled, and imported.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import * as esbuild from "esbuild";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";

/** The document's blocks of TypeScript, in order. */
export async function codeOf(document: string): Promise<string[]> {
  const text = await readFile(join(packageDir, "..", "..", "docs", document), "utf8");
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = ""]) => code);
}

/** The module of the entry among these files. Packages are this one's, and those that it is developed with. */
export async function compiled(
  name: string,
  files: Record<string, string>,
  entry: string,
  types: string[] = [],
): Promise<unknown> {
  const out = join(packageDir, "test-dist", "docs", name);
  await mkdir(out, { recursive: true });
  await Promise.all(Object.entries(files).map(([file, code]) => writeFile(join(out, file), code)));
  const config = {
    extends: "../../../tsconfig.base.json",
    compilerOptions: { isolatedDeclarations: false, types },
    include: Object.keys(files),
  };
  await writeFile(join(out, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(packageDir, "node_modules", "typescript", "bin", "tsc");
  await promisify(execFile)(process.execPath, [tsc, "-p", out]).catch(({ stdout }) => assert.fail(stdout));
  const outfile = join(out, entry.replace(/\.ts$/, ".mjs"));
  await esbuild.build({ entryPoints: [join(out, entry)], outfile, bundle: true, packages: "external", format: "esm" });
  return import(pathToFileURL(outfile).href);
}
