// The Go packages that face JavaScript in Chromium: their own tests, compiled to js/wasm and run in a page, as `make test-wasm` runs them
// under Node. Each Go test is reported as a test of node:test, and the output of a Go package is shown if one of its tests failed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { theBrowser } from "./chromium.js";
import { PATIENCE } from "./launch.js";
import { listen } from "./pages.js";

declare global {
  /** In the page: the program's loader, from Go's wasm_exec.js. */
  var Go: new () => {
    argv: string[];
    env: Record<string, string>;
    exit: (code: number) => void;
    importObject: WebAssembly.Imports;
    run(instance: WebAssembly.Instance): Promise<void>;
  };
}

const root = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "..", "..");
const TIMEOUT_S = 600; // A quiet machine takes some seconds; a busy one may take much longer.

/** The packages, and which of their tests to run. Tests of what a page cannot do skip themselves, with a reason. */
const packages: Record<string, string[]> = {
  jsbridge: [],
  "internal/transporttest": [],
  // Only tests that reach a server are run, because the others do the same in a page as under Node.
  grpcweb: ["-test.run=^TestServer"],
  // What an example prints goes through a file, and a page has none.
  "grpcweb/grpcconn": ["-test.skip=^Example"],
};

for (const [name, choice] of Object.entries(packages)) {
  test(`Go's tests of ${name}`, { timeout: 3 * TIMEOUT_S * 1000 }, async (t) => {
    const program = await compile(name);
    const { code, output } = await runInPage(t, program, [...choice, `-test.timeout=${TIMEOUT_S}s`, "-test.v=test2json"]);
    const tests = await testsOf(output);
    await tell(t, tests);
    assert.equal(code, 0, `the program of ${name} ended with ${code}:\n${readable(output)}`);
    assert.ok(tests.size > 0, "no tests ran");
  });
}

const run = promisify(execFile);

/** Compiles a package's tests. */
async function compile(name: string): Promise<string> {
  const program = join(root, "build", "chromium", `${name.replaceAll("/", "-")}.wasm`);
  const env = { ...process.env, GOOS: "js", GOARCH: "wasm" };
  await run("go", ["test", "-c", "-o", program, `./${name}`], { cwd: root, env });
  return program;
}

/** Runs a Go program in a page of another origin than the server's. */
async function runInPage(t: TestContext, program: string, args: string[]): Promise<{ code: number; output: string }> {
  const goroot = (await run("go", ["env", "GOROOT"], { cwd: root })).stdout.trim();
  const files: Record<string, [type: string, body: Buffer | string]> = {
    "/": ["text/html", `<!doctype html><title>Go</title><link rel="icon" href="data:,"><script src="/wasm_exec.js"></script>`],
    "/wasm_exec.js": ["text/javascript", await readFile(join(goroot, "lib", "wasm", "wasm_exec.js"))],
    "/program.wasm": ["application/wasm", await readFile(program)],
  };
  const { origin } = await listen(t, (request, response) => {
    const [type, body] = files[request.url ?? ""] ?? ["text/plain", "no such file"];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  // The server's certificate is self-signed.
  const context = await (await theBrowser()).newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(PATIENCE);
  t.after(() => context.close());
  const page = await context.newPage();
  const lines: string[] = [];
  // wasm_exec.js logs the lines that a program writes. Chromium's own messages, such as that of a fetch that failed, are errors.
  page.on("console", (message) => {
    if (message.type() === "log") lines.push(message.text());
  });
  await page.goto(origin);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("HEDGEROW_SERVER")));
  const code = await page.evaluate(
    async ({ args, env }) => {
      const go = new globalThis.Go();
      go.argv = ["test", ...args];
      go.env = env;
      let code = -1;
      go.exit = (status) => {
        code = status;
      };
      const { instance } = await WebAssembly.instantiateStreaming(fetch("/program.wasm"), go.importObject);
      await go.run(instance);
      return code;
    },
    { args, env: env as Record<string, string> },
  );
  return { code, output: `${lines.join("\n")}\n` };
}

interface GoTest {
  outcome: "pass" | "fail" | "skip";
  output: string;
}

/** The results by the tests' full names, with parents before their subtests. */
async function testsOf(output: string): Promise<Map<string, GoTest>> {
  const converting = run("go", ["tool", "test2json"], { cwd: root, maxBuffer: 1 << 26 });
  converting.child.stdin?.end(output);
  const tests = new Map<string, GoTest>();
  for (const line of (await converting).stdout.split("\n").filter(Boolean)) {
    const { Action, Test, Output = "" } = JSON.parse(line) as { Action: string; Test?: string; Output?: string };
    if (Test === undefined) continue;
    // A test without an outcome has failed.
    if (Action === "run") tests.set(Test, { outcome: "fail", output: "" });
    const seen = tests.get(Test);
    if (!seen) continue;
    if (Action === "pass" || Action === "fail" || Action === "skip") seen.outcome = Action;
    if (Action === "output" && !/^\s*(===|---) /.test(Output)) seen.output += Output;
  }
  return tests;
}

/** Reports the subtests of the named test, and their subtests. */
async function tell(t: TestContext, tests: Map<string, GoTest>, whole = ""): Promise<void> {
  const within = [...tests.keys()].filter((name) => parentOf(name, tests) === whole);
  for (const name of within) {
    const { outcome, output } = tests.get(name) as GoTest;
    const skip = outcome === "skip" && (output.trim() || true);
    await t.test(whole ? name.slice(whole.length + 1) : name, { skip }, async (t) => {
      await tell(t, tests, name);
      assert.notEqual(outcome, "fail", output || "a part of it failed");
    });
  }
}

/** A subtest's own name may have slashes in it. */
function parentOf(name: string, tests: Map<string, GoTest>): string {
  for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
    if (tests.has(name.slice(0, end))) return name.slice(0, end);
  }
  return "";
}

/** Removes the marks that are meant for test2json. */
function readable(output: string): string {
  const lines = output.replaceAll("\u0016", "").split("\n");
  return lines.filter((line) => !line.startsWith("=== ")).join("\n");
}
