// The go command that Gremlins runs (run.mjs puts this folder first on the PATH). By itself Gremlins runs a package's own tests, or those
// of the whole module, takes exit 1 for "a test failed" and exit 2 for "it does not compile", and ends tests by the clock. Here:
//   - the tests in MUTATE_TESTS run, one package after the other until one fails: most mutants are killed by the first package;
//   - a mutant that does not compile is told apart from one that a test killed, though go exits with 1 in both cases;
//   - a test program's processor time and memory are limited, because a mutant may loop for ever or fill the memory. A limit on the time
//     by the clock would also end good tests on a busy machine.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fillProfile } from "./mutants.mjs";

const { MUTATE_GO, MUTATE_PACKAGE, MUTATE_TESTS } = process.env;
const tests = MUTATE_TESTS.split(";").map((test) => test.split(" "));
const limited = fileURLToPath(new URL("limited", import.meta.url));
// -trimpath shares what is compiled among the folders of Gremlins' workers, whatever their names.
const options = ["-trimpath", "-vet=off"];

function go(...args) {
  const { status, stdout, stderr, error } = spawnSync(MUTATE_GO, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

const args = process.argv.slice(2);
const profile = args[args.indexOf("-coverprofile") + 1];
if (args[0] !== "test") {
  const { status, output } = go(...args);
  process.stdout.write(output);
  process.exitCode = status ?? 1;
} else if (args.includes("-coverprofile")) {
  const all = new Set(tests.map(([name]) => name));
  const { status, output } = go("test", ...options, `-coverpkg=${MUTATE_PACKAGE}`, "-coverprofile", profile, ...all);
  process.stdout.write(output);
  if (status === 0) writeFileSync(profile, fillProfile(readFileSync(profile, "utf8")));
  process.exitCode = status ?? 1;
} else {
  for (const test of tests) {
    const { status, output } = go("test", ...options, `-exec='${limited}'`, "-failfast", "-timeout=5m", ...test);
    if (status === 0) continue;
    process.exitCode = output.includes("[build failed]") ? 2 : 1;
    break;
  }
}
