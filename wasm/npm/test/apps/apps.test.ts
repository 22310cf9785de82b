// The apps of demo/apps, which users copy: each installed from the tarball, built, and run.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { apps, build, policy, run, sayHello, serve, start } from "./apps.js";

test(`Node ${process.versions.node.split(".")[0]}: a script`, async () => {
  assert.equal(await run("node", process.execPath, ["hello.js", "Node"]), "Hello Node\n");
});

for (const app of ["vite", "react", "webpack", "esbuild"]) {
  test(`${app}: built, and served under a Content-Security-Policy`, async (t) => {
    await build(app);
    await sayHello(t, await serve(t, join(apps, app, "dist"), { "content-security-policy": policy }));
  });
}

for (const [app, ...command] of [
  ["vite", "vite", "--force", "--strictPort"],
  ["react", "vite", "--force", "--strictPort"],
  ["webpack", "webpack", "serve", "--mode", "development"],
  ["esbuild", "node", "build.mjs", "--serve"],
] as const) {
  test(`${app}: the development server, with nothing cached`, async (t) => {
    const [program, ...args] = command;
    await sayHello(t, await start(t, app, program, ...args), { fetched: [1, 2] });
  });
}

/** Next.js runs this in Vercel's edge runtime, which it advises against; so it is no part of the app. */
const EDGE = `
import { connect, sayHello } from "../../lib/greeter";
export const runtime = "edge";
export async function GET(request: Request): Promise<Response> {
  const channel = await connect(process.env.API_URL!);
  try {
    return new Response(await sayHello(channel, new URL(request.url).searchParams.get("name")!));
  } finally {
    channel.close();
  }
}`;

test("Next.js: a call on the server, one in the page, and many on the edge that overlap", async (t) => {
  await mkdir(join(apps, "next/app/edge"), { recursive: true });
  await writeFile(join(apps, "next/app/edge/route.ts"), EDGE);
  await build("next");
  const url = await start(t, "next", "next", "start");
  const names = ["one", "two", "three", "four"];
  const greetings = names.map(async (name) => (await fetch(`${url}/edge?name=${name}`)).text());
  assert.deepEqual(
    await Promise.all(greetings),
    names.map((name) => `Hello ${name}`),
  );
  assert.match(await (await fetch(url)).text(), />Hello server</);
  await sayHello(t, url);
});

/** Serves what the app loads from a CDN, and returns the file's text with its addresses changed. */
async function localized(file: string, modules: string): Promise<string> {
  const text = await readFile(join(apps, file), "utf8");
  return text.replace(/https:\/\/cdn\.jsdelivr\.net\/npm\/((@\w+\/)?\w+)@[\d.]+/g, (_, name) => `${modules}/${name}`);
}

test("page: no bundler, an import map, modules and WebAssembly of another origin", async (t) => {
  const modules = await serve(t, join(apps, "node_modules"), { "access-control-allow-origin": "*" });
  await writeFile(join(apps, "page/index.html"), await localized("page/index.html", modules));
  await sayHello(t, `${await serve(t, join(apps, "page"))}/?api=${process.env["HEDGEROW_SERVER"]}`);
});

test("Deno: modules and WebAssembly by URL", async (t) => {
  const modules = await serve(t, join(apps, "node_modules"));
  await writeFile(join(apps, "deno/deno.json"), await localized("deno/deno.json", modules));
  const cache = await mkdtemp(join(tmpdir(), "hedgerow-deno-"));
  t.after(() => rm(cache, { recursive: true }));
  const args = [
    "run",
    "--no-lock",
    "--allow-import=127.0.0.1",
    "--allow-net=127.0.0.1",
    "--allow-env=API_URL",
    "main.ts",
    "Deno",
  ];
  assert.equal(await run("deno", join(apps, "node_modules/.bin/deno"), args, { DENO_DIR: cache }), "Hello Deno\n");
});

test("Deno: a script, the package from npm", async () => {
  const args = ["run", "--no-lock", "--allow-read", "--allow-net=127.0.0.1", "--allow-env=API_URL", "hello.js", "Deno"];
  assert.equal(await run("node", join(apps, "node_modules/.bin/deno"), args), "Hello Deno\n");
});

test("hedgerow/inline: a page of one file, opened from the disk", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "hedgerow-inline-"));
  t.after(() => rm(dir, { recursive: true }));
  const source = join(apps, "vite/src");
  const { outputFiles } = await esbuild.build({
    absWorkingDir: source,
    stdin: {
      resolveDir: source,
      contents: `${await readFile(join(source, "main.ts"), "utf8")}\n`,
      loader: "ts",
    },
    alias: { hedgerow: "hedgerow/inline" },
    define: { "import.meta.env.VITE_API_URL": JSON.stringify(process.env["HEDGEROW_SERVER"]) },
    bundle: true,
    minify: true,
    write: false,
    logLevel: "warning",
  });
  const html = await readFile(join(apps, "vite/index.html"), "utf8");
  const script = `<script>${outputFiles[0]?.text.replaceAll("</script", "<\\/script")}</script>`;
  const page = join(dir, "index.html");
  await writeFile(
    page,
    html.replace(/<script.*<\/script>/, () => script),
  );
  await sayHello(t, pathToFileURL(page).href, { fetched: [0] });
});
