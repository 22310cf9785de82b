#!/usr/bin/env node
// The command `hedgerow`, which npx runs. It needs Node, and no page loads it.

import { readArguments, USAGE } from "./cli/arguments.js";
import { examine } from "./cli/doctor.js";
import { report } from "./cli/report.js";

// build.mjs puts the package's version here.
declare const HEDGEROW_VERSION: string;

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  switch (asked.kind) {
    case "help":
      process.stdout.write(USAGE);
      return 0;
    case "version":
      process.stdout.write(`${HEDGEROW_VERSION}\n`);
      return 0;
    case "wrong":
      process.stderr.write(`hedgerow: ${asked.reason}\nhedgerow doctor --help lists the options\n`);
      return 2;
  }
  const diagnosis = await examine(asked);
  process.stdout.write(report(asked, diagnosis));
  return diagnosis.findings.some(({ kind }) => kind === "fail") ? 1 : 0;
}

process.exitCode = await main();
