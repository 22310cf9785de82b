// Tests of Go packages as programs compiled to js/wasm, in a page of Chromium's or under Node. Each Go test is reported as a test of
// node:test.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
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

/** How long a test may take that runs a program, in milliseconds. */
export const GO_TIMEOUT: number = 3 * TIMEOUT_S * 1000;

/** What the program needs to report its tests, besides the choice of tests. */
const reporting = [`-test.timeout=${TIMEOUT_S}s`, "-test.v=test2json"];

export interface Run {
  readonly code: number;
  readonly output: string;
}

/** Reports the tests of a program that has run, and fails if one of them did. */
export async function reportGoTests(t: TestContext, name: string, { code, output }: Run): Promise<void> {
  const tests = await testsOf(output);
  await tell(t, tests);
  assert.equal(code, 0, `the program of ${name} ended with ${code}:\n${readable(output)}`);
  assert.ok(tests.size > 0, "no tests ran");
}

const run = promisify(execFile);

/** Compiles the tests of a package, which is in this folder of a module in that folder of the repository. */
export async function compileGo(name: string, module = "."): Promise<string> {
  const program = join(root, "build", "chromium", `${join(module, name).replaceAll("/", "-")}.wasm`);
  const env = { ...process.env, GOOS: "js", GOARCH: "wasm" };
  await run("go", ["test", "-c", "-o", program, `./${name}`], { cwd: join(root, module), env });
  return program;
}

/** Runs a program under Node, as `make test-wasm` does. */
export async function runUnderNode(program: string, args: string[], variables: Record<string, string>): Promise<Run> {
  const child = run(join(root, ".ci/wasm-exec.sh"), [program, ...args, ...reporting], {
    cwd: root,
    env: { ...process.env, ...variables },
    maxBuffer: 1 << 26,
  });
  return child.then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: `${error.stdout}\n${error.stderr}`,
    }),
  );
}

/**
 * Runs a program in a page of another origin than the server's. The page may have a Content-Security-Policy; the program finds the page's
 * origin in HEDGEROW_PAGE, where everything below /login is redirected.
 */
export async function runInPage(
  t: TestContext,
  program: string,
  args: string[],
  variables: Record<string, string>,
  policy?: string,
): Promise<Run> {
  const goroot = (await run("go", ["env", "GOROOT"], { cwd: root })).stdout.trim();
  const files: Record<string, [type: string, body: Buffer | string]> = {
    "/": ["text/html", `<!doctype html><title>Go</title><link rel="icon" href="data:,"><script src="/wasm_exec.js"></script>`],
    "/wasm_exec.js": ["text/javascript", await readFile(join(goroot, "lib", "wasm", "wasm_exec.js"))],
    "/program.wasm": ["application/wasm", await readFile(program)],
  };
  const { origin } = await listen(t, (request, response) => {
    if (request.url?.startsWith("/login")) {
      response.writeHead(302, { location: "/" }).end();
      return;
    }
    const [type, body] = files[request.url ?? ""] ?? ["text/plain", "no such file"];
    if (policy) response.setHeader("content-security-policy", policy);
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
    { args: [...args, ...reporting], env: { ...variables, HEDGEROW_PAGE: origin } },
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
