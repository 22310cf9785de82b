// The code of docs/install.md, as it stands there, and what it says of messages.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Channel } from "hedgerow";
import { integrity } from "hedgerow/integrity";
import { codeOf, compiled } from "../support/documents.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const read = (...path: string[]) => readFile(join(packageDir, ...path), "utf8");

/**
 * What was fetched while a block ran. The WebAssembly is loaded once in a process, so only the source of the first block counts.
 */
async function run(t: TestContext, name: string, code: string): Promise<[string, RequestInit | undefined][]> {
  const fetched: [string, RequestInit | undefined][] = [];
  const wasm = await readFile(join(packageDir, "dist/hedgerow.wasm"));
  t.mock.method(globalThis, "fetch", async (url: string, init?: RequestInit) => {
    fetched.push([String(url), init]);
    return new Response(wasm, { headers: { "content-type": "application/wasm" } });
  });
  const { channel } = (await compiled(`install-${name}`, { "program.ts": code }, "program.ts", ["node"])) as { channel: Channel };
  channel.close();
  return fetched;
}

test("docs/install.md: the file elsewhere is fetched from there, with the package's hash", async (t) => {
  const [, , elsewhere = "", ...more] = await codeOf("install.md");
  assert.equal(more.length, 0, "docs/install.md has three blocks of TypeScript: bytes at hand, inline, elsewhere");
  const [[url, init] = [], ...others] = await run(t, "elsewhere", elsewhere);
  assert.equal(others.length, 0);
  const { version } = JSON.parse(await read("package.json"));
  assert.equal(url, `https://static.example.com/hedgerow-${version}.wasm`);
  assert.equal(init?.integrity, integrity);
});

test("docs/install.md: inline fetches nothing", async (t) => {
  const [, inline = ""] = await codeOf("install.md");
  assert.deepEqual(await run(t, "inline", inline), []);
});

test("docs/install.md: bytes at hand", async () => {
  const [bytes = ""] = await codeOf("install.md");
  // This block is not run: it names another source, but this process has loaded the WebAssembly already.
  await assert.rejects(
    compiled("install-bytes", { "program.ts": bytes }, "program.ts", ["node"]),
    /LoadError: .*already loaded from/,
  );
});

test("docs/install.md: what tools need is what their apps have", async () => {
  const text = await read("../../docs/install.md");
  const app = async (file: string) => JSON.parse(await read("../../demo/apps", file));
  const [, jest = ""] = /^Jest makes .*?```json\n(.*?)```/ms.exec(text) ?? [];
  assert.deepEqual(JSON.parse(jest), await app("jest/jest.config.json"));
  const { projects } = await app("angular/angular.json");
  const assets = projects.hello.architect.build.options.assets.map((asset: object) => JSON.stringify(asset));
  const key = "@parcel/resolver-default";
  const parcel = `"${key}":${JSON.stringify((await app("parcel/package.json"))[key])}`;
  for (const line of [...assets, parcel]) assert.ok(text.replace(/\s/g, "").includes(line), line);
});

test("docs/install.md: what esbuild needs is what its app does, and the import map is the page's", async () => {
  const text = await read("../../docs/install.md");
  const [, copy = ""] = /## esbuild.*?```js\n(.*?)```/s.exec(text) ?? [];
  assert.ok(copy && (await read("../../demo/apps/esbuild/build.mjs")).includes(copy));
  const [address] = /https:\/\/cdn[^"]+/.exec(text) ?? [];
  for (const app of ["page/index.html", "deno/deno.json"])
    assert.ok((await read("../../demo/apps", app)).includes(`"${address}"`));
  assert.ok(address?.includes(`hedgerow@${JSON.parse(await read("package.json")).version}/`));
});

test("docs/install.md: the messages are the code's", async () => {
  const text = await read("../../docs/install.md");
  const files = await Promise.all(
    ["src/channel/load.ts", "src/channel/bytes.ts", "src/abi/host.ts", "src/api/errors.ts"].map((file) => read(file)),
  );
  const code = files.join("").replace(/"\s*\+\s*"/g, "");
  const rows = text.split("\n## When it does not load\n")[1]?.matchAll(/^\| `(.*?)` \|/gm) ?? [];
  const parts = Array.from(rows, ([, message = ""]) => message.replace(" 404", "").split(" … ")).flat();
  assert.ok(parts.length > 6);
  for (const part of parts) assert.ok(code.includes(part), part);
});
