// The package must change no global object. Each case runs in a process of its own.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";

/** A program that prints what has changed in the global object and its classes since `begin`. */
const PRELUDE = `
import { isDeepStrictEqual } from "node:util";
const globals = () => new Map(Reflect.ownKeys(globalThis).map((key) => {
  const { get, value } = Object.getOwnPropertyDescriptor(globalThis, key);
  return [key, get ?? value];
}));
const classes = [Object, Array, Promise, Uint8Array, Error, Map, AbortSignal, Response];
const members = () => classes.map(({ prototype }) => Reflect.ownKeys(prototype));
for (const key of Object.getOwnPropertyNames(globalThis)) void globalThis[key]; // Node makes some when they are looked at first
const before = globals(), membersBefore = members();
const same = () => {
  const after = globals();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (before.has(key) !== after.has(key) || !Object.is(before.get(key), after.get(key))) throw new Error("globalThis." + String(key));
  }
  if (!isDeepStrictEqual(membersBefore, members())) throw new Error("a member of a built-in class");
};
`;

async function program(body: string): Promise<void> {
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", PRELUDE + body], { cwd: packageDir });
}

const file = (name: string) => JSON.stringify(pathToFileURL(join(packageDir, "dist", name)).href);

const { exports } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8"));
const targets: string[] = Object.values<string | Record<string, string>>(exports).flatMap((target) => Object.values(target));
const entries = new Set(targets.filter((target) => target.endsWith(".js")).map((target) => target.replace("./dist/", "")));
entries.delete("worker.js"); // This is not a module to import, but a worker's whole program.
// These import hedgerow.wasm as a module, which only their platforms can; the tests of edge runtimes import them there.
for (const name of ["workerd.js", "edge-light.js"]) entries.delete(name);
entries.delete("grpc-web.js"); // Its peer dependency, Google's grpc-web, looks for addEventListener.

for (const name of entries) {
  test(`importing ${name} touches no global, starts nothing and needs no browser`, () =>
    program(`
      // These exist only in a page, or have side effects, so that merely reading them is an error.
      for (const key of ["window", "self", "document", "location", "addEventListener", "indexedDB", "localStorage"]) {
        Object.defineProperty(globalThis, key, { configurable: true, get: () => { throw new Error(key + " was touched"); } });
        before.set(key, Object.getOwnPropertyDescriptor(globalThis, key).get);
      }
      await import(${file(name)});
      same();
      if (process.getActiveResourcesInfo().some((name) => name === "Timeout")) throw new Error("a timer");
    `));
}

test("a channel leaves no global behind, nor does its call", () =>
  program(`
    const { createChannel } = await import("hedgerow");
    const answer = Uint8Array.of(0, 0, 0, 0, 0, 0x80, 0, 0, 0, 14, ...new TextEncoder().encode("grpc-status:0\\n"));
    const fetch = async () => new Response(answer, { headers: { "content-type": "application/grpc-web" } });
    const channel = await createChannel({ baseUrl: "https://api.test", fetch });
    await channel.unary("/S/M", new Uint8Array());
    same();
    channel.close();
    same();
  `));
