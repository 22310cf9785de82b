// The tarball that npm would publish: what is in it, and whether the tools and compilers of users can use it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const modules = join(packageDir, "node_modules");

let dir: string; // with hedgerow.tgz, and, unpacked as npm would, node_modules/hedgerow
let packed: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "hedgerow-packed-"));
  const name = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", dir]);
  packed = join(dir, "node_modules", "hedgerow");
  await mkdir(packed, { recursive: true });
  await run("tar", ["-xzf", join(dir, name.trim()), "-C", packed, "--strip-components=1"]);
  await cp(join(dir, name.trim()), join(dir, "hedgerow.tgz"));
});

after(() => rm(dir, { recursive: true }));

/** Runs a program, and returns what it printed. If it fails, that is the error's message. */
async function run(command: string, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: packageDir }).catch(({ stdout, stderr }) =>
    assert.fail(`${command} ${args.join(" ")}\n${stdout}${stderr}`),
  );
  return stdout;
}

const script = (...path: string[]) => join(modules, ...path);

test("the tarball holds the build, its documents, and nothing else", async () => {
  const files = (await run("tar", ["-tzf", join(dir, "hedgerow.tgz")]))
    .trim()
    .split("\n")
    .map((path) => path.replace("package/", ""));
  const known: [RegExp, string][] = [
    [/^(package\.json|README\.md|LICENSE|THIRD_PARTY_NOTICES\.txt)$/, "documents"],
    [/^dist\/hedgerow\.wasm$/, "the WebAssembly"],
    [/^dist\/(embedded|integrity|hedgerow\.min)\.js$/, "what is made of it"],
    [/^dist\/chunk-[A-Z0-9]{8}\.js(\.map)?$/, "chunks"],
    [/^dist\/([a-z-]+\/)?[a-z-]+\.d\.ts$/, "declarations"],
    [/^dist\/[a-z-]+\.js(\.map)?$/, "entries"],
  ];
  const kindOf = (file: string) => known.find(([pattern]) => pattern.test(file))?.[1];
  const kind = (name: string) => files.filter((file) => kindOf(file) === name);
  assert.deepEqual(
    files.filter((file) => !kindOf(file)),
    [],
  );
  assert.equal(kind("documents").length, 4);
  for (const [, name] of known) assert.ok(kind(name).length > 0, `${name}: missing`);
  // Each entry is an export's target, and each chunk is imported by something.
  const { exports, bin } = JSON.parse(await readFile(join(packed, "package.json"), "utf8"));
  const targets = JSON.stringify([exports, bin]);
  for (const file of kind("entries")) assert.ok(targets.includes(`./${file.replace(/\.map$/, "")}"`), `${file} is no entry`);
  const scripts = files.filter((file) => file.endsWith(".js"));
  const texts = await Promise.all(scripts.map((file) => readFile(join(packed, file), "utf8")));
  for (const chunk of kind("chunks").filter((file) => file.endsWith(".js"))) {
    const name = chunk.replace("dist/", "");
    assert.ok(
      texts.some((text) => text.includes(name) && !text.includes(`sourceMappingURL=${name}`)),
      `${chunk} is of an earlier build`,
    );
  }
});

test("CDNs serve one file, in which everything is", async () => {
  const { unpkg, jsdelivr } = JSON.parse(await readFile(join(packed, "package.json"), "utf8"));
  assert.deepEqual([unpkg, jsdelivr], ["./dist/hedgerow.min.js", "./dist/hedgerow.min.js"]);
  const alone = join(dir, "alone.mjs"); // nothing lies beside it
  await cp(join(packed, unpkg), alone);
  const program = `
    import { createChannel } from ${JSON.stringify(pathToFileURL(alone).href)};
    const body = Uint8Array.of(0, 0, 0, 0, 1, 42, 0x80, 0, 0, 0, 16, ...new TextEncoder().encode("grpc-status: 0\\r\\n"));
    const fetch = async () => new Response(body, { headers: { "content-type": "application/grpc-web" } });
    const channel = await createChannel({ baseUrl: "https://api.test", fetch });
    console.log((await channel.unary("/S/M", new Uint8Array())).message[0]);`;
  assert.equal(await run(process.execPath, ["--input-type=module", "--eval", program]), "42\n");
});

test("npx can run the command", async () => {
  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8"));
  const npx = ["--offline", "--yes", `--package=${join(dir, "hedgerow.tgz")}`, "hedgerow", "--version"];
  assert.equal(await run("npx", npx), `${version}\n`);
});

test("source maps carry their sources", async () => {
  const { sources, sourcesContent } = JSON.parse(await readFile(join(packed, "dist/node.js.map"), "utf8"));
  assert.deepEqual(sources, ["../src/node.ts"]);
  assert.equal(sourcesContent[0], await readFile(join(packageDir, "src/node.ts"), "utf8"));
});

test("each condition has its types first, and every target is in the tarball", async () => {
  const { exports } = JSON.parse(await readFile(join(packed, "package.json"), "utf8"));
  for (const [name, target] of Object.entries<string | Record<string, string>>(exports)) {
    if (typeof target === "object") {
      assert.equal(Object.keys(target)[0], "types", name);
      assert.equal(Object.keys(target).at(-1), "default", name);
    }
    for (const file of Object.values(typeof target === "string" ? [target] : target)) await readFile(join(packed, file));
  }
});

test("the licences of Go and of TinyGo are in the package, for what of both is in it", async () => {
  const root = (await run("go", ["env", "GOROOT"])).trim();
  const notice = await readFile(join(packed, "THIRD_PARTY_NOTICES.txt"), "utf8");
  assert.ok(notice.includes(`\n\n${await readFile(join(root, "LICENSE"), "utf8")}`));
  assert.match(notice, /\n\nCopyright \(c\) 2018-\d{4} The TinyGo Authors\. All rights reserved\.\n/);
  // The package may contain code only of Go's authors and of this project, so that no other licence goes unnoticed.
  const linked = await run("env", [
    "GOOS=js",
    "GOARCH=wasm",
    "go",
    "list",
    "-deps",
    "-f",
    "{{if not .Standard}}{{.Module.Path}}{{end}}",
    "../../wasm",
  ]);
  assert.deepEqual([...new Set(linked.trim().split("\n"))], ["github.com/hedgerow-web/hedgerow"]);
});

test("publint has nothing to say", async () => {
  const said = await run(process.execPath, [script("publint/src/cli.js"), "run", "--strict", join(dir, "hedgerow.tgz")]);
  assert.match(said, /All good!/);
});

test("arethetypeswrong has nothing to say", async () => {
  await run(process.execPath, [
    script("@arethetypeswrong/cli/dist/index.js"),
    ...["--profile", "esm-only"], // the package is ESM: require() of it, and resolution from before exports, are not what it looks at
    // This is a file, not a module. What importing it means depends on the bundler.
    ...["--exclude-entrypoints", "hedgerow.wasm", "--"],
    join(dir, "hedgerow.tgz"),
  ]);
});

/** A program that only imports: without the DOM library and without Node's types there is little that it could call. */
const IMPORTS = `
import { createChannel, StatusError, type ChannelOptions, type CallEvent, type ResponseStream } from "hedgerow";
import { createFetch } from "hedgerow/fetch";
import * as inline from "hedgerow/inline";
import { install } from "hedgerow/service-worker";
import { createTestServer, httpError } from "hedgerow/testing";
export const options: ChannelOptions = { baseUrl: "https://api.example.com", timeoutMs: undefined } as ChannelOptions;
export const tell = (event: CallEvent): string => event.type;
export const streams = (stream: ResponseStream): AsyncIterable<Uint8Array> => stream;
export { createChannel, createFetch, createTestServer, httpError, inline, install, StatusError };
`;

/** The libraries that a program may have. */
const LIBRARIES = {
  dom: { lib: ["es2022", "dom"], types: [] },
  node: { lib: ["es2022"], types: ["node"] },
  neither: { lib: ["es2022"], types: [] },
};

const RESOLUTIONS: [resolution: string, module: string, libraries: keyof typeof LIBRARIES][] = [
  ["bundler", "esnext", "dom"],
  ["node16", "node16", "node"],
  ["nodenext", "nodenext", "neither"],
  ["node", "esnext", "dom"],
];

// The oldest version that is supported, the one that builds the package, and the newest, which has given up moduleResolution node.
for (const [compiler, all] of [
  ["typescript-5.4", true],
  ["typescript", true],
  ["typescript-7", false],
] as const) {
  for (const [moduleResolution, module, libraries] of all ? RESOLUTIONS : RESOLUTIONS.slice(0, 3)) {
    test(`a program compiles with ${compiler}, moduleResolution ${moduleResolution}, types of ${libraries}`, async () => {
      const out = join(dir, `${compiler}-${moduleResolution}`);
      await mkdir(out);
      if (libraries === "neither") await writeFile(join(out, "consumer.mts"), IMPORTS);
      else await cp(join(packageDir, "test/types/consumer.ts"), join(out, "consumer.mts"));
      const compilerOptions = {
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
        module,
        moduleResolution,
        target: "es2022",
        typeRoots: [join(modules, "@types")],
        ...LIBRARIES[libraries],
      };
      await writeFile(join(out, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.mts"] }));
      await run(process.execPath, [script(`${compiler}/bin/tsc`), "-p", out]);
    });
  }
}

const entries = ["index", "node", "inline", "integrity", "fetch", "service-worker", "cors", "testing"];

test("an import does nothing, whatever is missing", async () => {
  const program = `
    const missing = ["TextDecoder", "TextEncoder", "fetch", "Request", "Response", "Headers", "ReadableStream", "CompressionStream",
      "AbortController", "AbortSignal", "WebSocket", "MessageChannel", "crypto", "performance", "navigator", "structuredClone"];
    const kept = new Map(missing.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
    for (const name of missing) delete globalThis[name];
    const before = Reflect.ownKeys(globalThis).length;
    for (const entry of ${JSON.stringify(entries)}) await import(${JSON.stringify(pathToFileURL(join(packed, "dist")).href)} + "/" + entry + ".js");
    if (Reflect.ownKeys(globalThis).length !== before) throw new Error("an import leaves something behind");
    for (const [name, property] of kept) if (property && name !== "TextDecoder") Object.defineProperty(globalThis, name, property);
    const { createChannel, LoadError } = await import(${JSON.stringify(pathToFileURL(join(packed, "dist/node.js")).href)});
    await createChannel({ baseUrl: "https://api.test" }).catch((error) => console.log(error instanceof LoadError, error.message));`;
  assert.match(await run(process.execPath, ["--input-type=module", "--eval", program]), /^true .*TextDecoder/);
});

test("require() works where Node has it", { skip: !("require_module" in process.features) }, async () => {
  const program = join(dir, "main.cjs");
  await writeFile(
    program,
    `const { createChannel, Code } = require("hedgerow");
    const { createFetch } = require("hedgerow/fetch");
    createChannel({ baseUrl: "https://api.test" }).then((channel) => console.log(Code.OK, typeof createFetch(channel)));`,
  );
  assert.equal(await run(process.execPath, [program]), "0 function\n");
});
