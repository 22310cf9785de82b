// The Go packages that face JavaScript in Chromium: their own tests, compiled to js/wasm and run in a page, as `make test-wasm` runs them
// under Node.
import { test } from "node:test";
import { compileGo, GO_TIMEOUT, reportGoTests, runInPage } from "./go-program.js";

/** The packages, and which of their tests to run. Tests of what a page cannot do skip themselves, with a reason. */
const packages: Record<string, string[]> = {
  jsbridge: [],
  "internal/transporttest": [],
  // Only tests that reach a server are run, because the others do the same in a page as under Node.
  grpcweb: ["-test.run=^TestServer"],
  // What an example prints goes through a file, and a page has none.
  "grpcweb/grpcconn": ["-test.skip=^Example"],
};

/** The server that all share. */
const servers = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("HEDGEROW_SERVER")));

for (const [name, choice] of Object.entries(packages)) {
  test(`Go's tests of ${name}`, { timeout: GO_TIMEOUT }, async (t) => {
    const program = await compileGo(name);
    await reportGoTests(t, name, await runInPage(t, program, choice, servers as Record<string, string>));
  });
}

test("Go's tests of jsbridge, of what a page's policy forbids", { timeout: GO_TIMEOUT }, async (t) => {
  const program = await compileGo("jsbridge");
  const forbidden = { HEDGEROW_FORBIDDEN: "http://127.0.0.1:9" };
  const run = await runInPage(t, program, ["-test.run=^TestForbidden"], forbidden, "connect-src 'self'");
  await reportGoTests(t, "jsbridge", run);
});
