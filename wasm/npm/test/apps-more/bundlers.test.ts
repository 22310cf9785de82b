// The tools that are built and served like any host would, and their development servers.
import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { build, dirOf, policy, sayHello, serve, start } from "../apps/apps.js";
import { server } from "../browser/chromium.js";

/** In these apps the page's address says where the server is. */
const api = `?api=${encodeURIComponent(server)}`;

before(async () => {
  // Angular takes files from its own folder alone, and hedgerow is installed for all apps together.
  const modules = join(dirOf("angular"), "node_modules");
  await mkdir(modules, { recursive: true });
  await symlink("../../node_modules/hedgerow", join(modules, "hedgerow")).catch(() => {}); // it is there already
});

for (const app of ["rollup", "rspack", "parcel", "angular"]) {
  test(`${app}: built, and served under a Content-Security-Policy`, async (t) => {
    await build(app);
    // Parcel puts an import map into the page, which is a script there.
    const csp = app === "parcel" ? policy.replace("script-src", "script-src 'unsafe-inline'") : policy;
    await sayHello(t, `${await serve(t, join(dirOf(app), "dist"), { "content-security-policy": csp })}/${api}`);
  });
}

for (const [app, ...command] of [
  ["rspack", "rsbuild", "dev"],
  ["parcel", "parcel", "index.html", "--dist-dir", "served"], // dist has what was built
  ["angular", "ng", "serve"],
  ["sveltekit", "vite", "dev", "--strictPort"],
  ["next", "next", "dev"],
] as const) {
  test(`${app}: the development server`, async (t) => {
    const [program, ...args] = command;
    await sayHello(t, `${await start(t, app, program, ...args)}/${api}`, { fetched: [1, 2] });
  });
}

test("sveltekit: built, a call on the server and one in the page", async (t) => {
  await build("sveltekit");
  const url = await start(t, "sveltekit", "node", "build");
  assert.match(await (await fetch(url)).text(), />Hello server</);
  await sayHello(t, url);
});
