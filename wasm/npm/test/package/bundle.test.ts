// The package in bundlers: lazily loaded parts stay separate if the bundler splits, work if it does not, and are named in an error
// if they are missing.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import * as esbuild from "esbuild";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const run = promisify(execFile);

/** A program that sends a compressed request and reads a compressed answer, and says "works". */
const PROGRAM = `
import { gunzipSync, gzipSync } from "node:zlib";
import { createChannel } from "hedgerow";
const frame = (flags, payload) => [flags, 0, 0, payload.length >> 8, payload.length & 255, ...payload];
const trailers = frame(0x80, new TextEncoder().encode("grpc-status: 0\\r\\n"));
const headers = { "content-type": "application/grpc-web", "grpc-encoding": "gzip" };
const fetch = async (_url, { body }) => {
  if (body[0] !== 1 || gunzipSync(body.subarray(5)).length !== 1000) throw new Error("not compressed");
  return new Response(Uint8Array.of(...frame(1, gzipSync(new Uint8Array(2000))), ...trailers), { headers });
};
const channel = await createChannel({ baseUrl: "https://api.test", fetch, sendCompression: "gzip" });
const { message } = await channel.unary("/S/M", new Uint8Array(1000));
if (message.length !== 2000) throw new Error("not inflated");
(await createChannel({ baseUrl: "https://api.test", fetch, webSocket: class {} })).close();
console.log("works");
`;

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "hedgerow-"));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

function bundle(outdir: string, contents: string, options: esbuild.BuildOptions) {
  return esbuild.build({
    stdin: { contents, resolveDir: packageDir, sourcefile: "program.mjs" },
    entryNames: "program",
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    metafile: true,
    logLevel: "error",
    ...options,
  });
}

for (const splitting of [false, true]) {
  test(`esbuild ${splitting ? "with" : "without"} splitting: the bundle finds all parts of the package`, async (t) => {
    const dir = await folder(t);
    await bundle(dir, PROGRAM, { splitting, platform: "node" });
    await cp(join(packageDir, "dist/hedgerow.wasm"), join(dir, "hedgerow.wasm"));
    const files = (await readdir(dir)).filter((name) => name.endsWith(".mjs"));
    assert.equal(files.length > 1, splitting, files.join());
    const { stdout } = await run(process.execPath, [join(dir, "program.mjs")], { cwd: dir });
    assert.equal(stdout, "works\n");
  });
}

test("for a browser, what is loaded lazily is in no file that the page loads first", async (t) => {
  const dir = await folder(t);
  const { metafile } = await bundle(dir, `import { createChannel } from "hedgerow"; globalThis.createChannel = createChannel;`, {
    splitting: true,
    platform: "browser",
    absWorkingDir: dir,
  });
  const [entry = ""] = Object.keys(metafile?.outputs ?? {}).filter((name) => name.endsWith("program.mjs"));
  const first = new Set([entry]);
  for (const file of first) {
    for (const { path, kind } of metafile?.outputs[file]?.imports ?? []) if (kind === "import-statement") first.add(path);
  }
  for (const [file, { imports }] of Object.entries(metafile?.outputs ?? {})) {
    for (const { path, external } of imports) assert.ok(!external, `${file} imports ${path}`);
    const text = await readFile(join(dir, file), "utf8");
    assert.equal(/new CompressionStream|"grpc-websockets"/.test(text), !first.has(file) && /Compression|websockets/.test(text));
  }
  assert.ok(Object.keys(metafile?.outputs ?? {}).length > first.size);
});

test("a part that is missing: a LoadError that names it; without the option nothing is missed", async (t) => {
  const dir = await folder(t);
  await cp(join(packageDir, "dist"), dir, { recursive: true });
  const texts = new Map<string, string>();
  for (const name of await readdir(dir)) if (name.endsWith(".js")) texts.set(name, await readFile(join(dir, name), "utf8"));
  const lazy = new Set(
    [...texts.values()].flatMap((text) => [...text.matchAll(/import\("\.\/([\w-]+\.js)"\)/g)].map(([, name = ""]) => name)),
  );
  // What a program from Go's own compiler needs stays: the package's is one where there is no TinyGo.
  const parts = [...lazy].filter((name) => !/"runtime\.|runGo/.test(texts.get(name) ?? ""));
  assert.ok(parts.length >= 2 && parts.length < lazy.size, parts.join());
  for (const name of parts) await rm(join(dir, name));
  const program = `
    const { createChannel, LoadError, ConfigError } = await import(${JSON.stringify(pathToFileURL(join(dir, "node.js")).href)});
    const baseUrl = "https://api.test";
    for (const options of [{ sendCompression: "gzip" }, { webSocket: class {} }]) {
      const error = await createChannel({ baseUrl, ...options }).catch((error) => error);
      if (!(error instanceof LoadError)) throw error;
      if (!/a part of Hedgerow's own JavaScript could not be loaded.*chunk-/.test(error.message) || !error.cause) throw error;
    }
    const headers = { "content-type": "application/grpc-web", "grpc-encoding": "gzip" };
    const fetch = async () => new Response(Uint8Array.of(1, 0, 0, 0, 1, 0), { headers });
    const channel = await createChannel({ baseUrl, fetch, acceptCompression: ["gzip"] });
    const error = await channel.unary("/a.B/C", new Uint8Array()).catch((error) => error);
    if (error.code !== 13 || !/^a part of Hedgerow's own JavaScript could not be loaded.*chunk-/.test(error.message)) throw error;
    channel.close();
    console.log("works");`;
  await writeFile(join(dir, "program.mjs"), program);
  const { stdout } = await run(process.execPath, [join(dir, "program.mjs")]);
  assert.equal(stdout, "works\n");
});

test("esbuild warns of nothing, whatever is imported, even where the package is not in node_modules", async () => {
  const { exports } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8"));
  const entries = Object.values<string | Record<string, string>>(exports).flatMap((target) =>
    typeof target === "string"
      ? []
      : Object.entries(target).flatMap(([condition, file]) => (condition === "types" ? [] : [file])),
  );
  assert.ok(entries.length > 10);
  for (const entry of new Set(entries)) {
    const { warnings } = await esbuild.build({
      stdin: { contents: `import * as all from ${JSON.stringify(entry)}; console.log(all);`, resolveDir: packageDir },
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      packages: "external",
      external: ["*.wasm", "*.wasm?module"],
      logLevel: "silent",
    });
    assert.deepEqual(
      warnings.map(({ text }) => text),
      [],
      entry,
    );
  }
});
