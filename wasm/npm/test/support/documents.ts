// The TypeScript of docs/, exactly as it stands there: type-checked as a user's program would be, bundled, and imported.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import * as esbuild from "esbuild";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";

export interface Block {
  /** The heading above it. */
  readonly heading: string;
  readonly language: string;
  readonly code: string;
}

/** A document's text, by its path in the repository. */
export function textOf(path: string): Promise<string> {
  return readFile(join(packageDir, "..", "..", path), "utf8");
}

/** The blocks of code in a document's text, in order. */
export function blocksOf(text: string): Block[] {
  return Array.from(text.matchAll(/^```(\w+)\n(.*?)^```$/gms), ({ 1: language = "", 2: code = "", index }) => {
    const heading = Array.from(text.slice(0, index).matchAll(/^#+ (.*)$/gm), ([, title = ""]) => title).at(-1) ?? "";
    return { heading, language, code };
  });
}

/** The blocks of TypeScript of a document in docs/, in order. */
export async function codeOf(document: string): Promise<string[]> {
  const blocks = blocksOf(await textOf(`docs/${document}`));
  return blocks.filter(({ language }) => language === "ts").map(({ code }) => code);
}

/** Imports the entry among these files. It can import this package and its development dependencies. */
export async function compiled(
  name: string,
  files: Record<string, string>,
  entry: string,
  types: string[] = [],
): Promise<unknown> {
  return (await programs(name, files, [entry], types))(entry);
}

/** Compiles these files and bundles each entry among them. Returns a function that runs an entry, anew each time. */
export async function programs(
  name: string,
  files: Record<string, string>,
  entries: string[],
  types: string[] = [],
): Promise<(entry: string) => Promise<unknown>> {
  const out = join(packageDir, "test-dist", "docs", name);
  for (const [file, code] of Object.entries(files)) {
    await mkdir(dirname(join(out, file)), { recursive: true });
    await writeFile(join(out, file), code);
  }
  const config = {
    extends: "../../../tsconfig.base.json",
    compilerOptions: { isolatedDeclarations: false, resolveJsonModule: true, types },
    include: Object.keys(files).filter((file) => file.endsWith(".ts")),
  };
  await writeFile(join(out, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(packageDir, "node_modules", "typescript", "bin", "tsc");
  await promisify(execFile)(process.execPath, [tsc, "-p", out]).catch(({ stdout }) => assert.fail(stdout));
  await esbuild.build({
    entryPoints: entries.map((entry) => join(out, entry)),
    outdir: out,
    outbase: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    format: "esm",
  });
  let runs = 0;
  return (entry) => import(`${pathToFileURL(join(out, entry.replace(/\.ts$/, ".mjs"))).href}?${++runs}`);
}
