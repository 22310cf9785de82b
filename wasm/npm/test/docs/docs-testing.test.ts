// The code of docs/testing.md, as it stands there: its tests are tests of this run.
import assert from "node:assert/strict";
import { codeOf, compiled } from "../support/documents.js";

/** The files that take the place of the reader's generated code and policy. */
const standIns = {
  "greeter_pb.ts": `export * from "../../../test/gen/helloworld/helloworld_pb.js";`,
  "greeter.ts": `
    import type { ServiceConfig } from "hedgerow";
    import { serviceConfig as orders } from "./orders.js";
    export const serviceConfig: ServiceConfig = {
      methodConfig: [{ ...orders.methodConfig?.[0], name: [{ service: "helloworld.Greeter" }] }],
    };`,
};

const blocks = await codeOf("testing.md");
assert.equal(blocks.length, 4, "docs/testing.md has four blocks of TypeScript");
// Each block says in its first line which file it is.
const files = Object.fromEntries(blocks.map((code) => [/^\/\/ (\S+)\n/.exec(code)?.[1] ?? "", code]));
const tests = Object.keys(files).filter((name) => name.endsWith(".test.ts"));
// The imports are dynamic, because static imports without names would be left out of the bundle of a package without side effects.
const all = ["export {};", ...tests.map((name) => `await import("./${name.replace(/\.ts$/, ".js")}");`)].join("\n");
await compiled("testing", { ...files, ...standIns, "all.ts": all }, "all.ts", ["node"]);
