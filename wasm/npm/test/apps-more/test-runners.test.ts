// The test runners that take the place of a browser or of its modules, each with the same test.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { dirOf, runInSilence } from "../apps/apps.js";

function runTests(app: string, command: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  return runInSilence(app, join(dirOf(app), "../node_modules/.bin", command), args, env);
}

for (const environment of ["node", "jsdom", "happy-dom"]) {
  test(`Vitest: in ${environment}`, () => runTests("vitest", "vitest", ["run", "--environment", environment]));
}

for (const environment of ["node", "jest-fixed-jsdom"]) {
  test(`Jest: CommonJS, in ${environment}`, () =>
    runTests("jest", "jest", ["--env", environment, "--testMatch", "**/hello.test.js"]));

  test(`Jest: ESM, in ${environment}`, async () => {
    const jest = dirOf("jest");
    await cp(join(jest, "hello.test.js"), join(jest, "hello.test.mjs"));
    const options = { NODE_OPTIONS: "--experimental-vm-modules --disable-warning=ExperimentalWarning" };
    await runTests("jest", "jest", ["--env", environment, "--transform", "{}", "--testMatch", "**/hello.test.mjs"], options);
  });
}
