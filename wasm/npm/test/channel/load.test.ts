// Where the WebAssembly is loaded from. It is loaded once in a process, so each case runs in a process of its own. test.mjs runs
// this with both compilers' builds.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { packed, packedFile } from "../support/builds.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const wasm = packed;
const run = promisify(execFile);

/** The beginning of every program. */
const PRELUDE = `
import assert from "node:assert/strict";
import { Code, ConfigError, createChannel, LoadError, preload, StatusError } from "hedgerow";
const url = process.env.URL_OF_WASM;
const baseUrl = "https://api.test";
const answer = Uint8Array.of(0, 0, 0, 0, 1, 42, 0x80, 0, 0, 0, 14, ...new TextEncoder().encode("grpc-status:0\\n"));
const fetchOf = async () => new Response(answer, { headers: { "content-type": "application/grpc-web" } });
const works = async (options) => {
  const channel = await createChannel({ baseUrl, fetch: fetchOf, ...options });
  assert.equal((await channel.unary("/S/M", new Uint8Array())).message[0], 42);
  channel.close();
};
const fails = async (options, ...texts) => {
  const error = await createChannel({ baseUrl, fetch: fetchOf, ...options }).then(() => undefined, (error) => error);
  assert.ok(error instanceof LoadError, "expected a LoadError, not " + error?.stack);
  assert.equal(error.name, "LoadError");
  for (const text of texts) assert.match(error.message, text);
};
`;

async function program(body: string, environment: Record<string, string> = {}): Promise<void> {
  await warnings(body, environment);
}

/** Runs a program to its end, and returns what it wrote to standard error. */
async function warnings(body: string, environment: Record<string, string>): Promise<string> {
  try {
    const { stderr } = await run(process.execPath, ["--input-type=module", "--eval", PRELUDE + body], {
      cwd: packageDir,
      env: { ...process.env, ...environment },
    });
    return stderr;
  } catch (error) {
    // What the program said, without the minified line it stood in.
    const lines = (error as { stderr: string }).stderr.split("\n").filter((line) => line.length < 300);
    throw new Error(`the program failed:\n${lines.join("\n")}`);
  }
}

/** Starts a web server for one test, and returns its address. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hedgerow.wasm`;
}

function file(body: Uint8Array | string, type: string, status = 200): RequestListener {
  return (_, response) => void response.writeHead(status, { "content-type": type }).end(body);
}

/** What browsers say where a Content-Security-Policy does not allow WebAssembly, and where they say it. */
for (const [browser, where, why] of [
  [
    "Chromium",
    "compile",
    "WebAssembly.compile(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive",
  ],
  ["Firefox", "compile", "call to WebAssembly.compile() blocked by CSP"],
  [
    "WebKit",
    "Instance",
    "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script.\n (evaluating 'new WebAssembly.Instance(n)')",
  ],
] as const)
  test(`a Content-Security-Policy against WebAssembly, in ${browser}'s words: the LoadError names the remedy`, () =>
    program(`
const refuse = function () { throw new WebAssembly.CompileError(${JSON.stringify(why)}) };
WebAssembly.${where} = ${where === "Instance" ? "refuse" : "async () => refuse()"};
await fails({}, /could not be compiled: CompileError: .*[^.]\\. The page's Content-Security-Policy must allow it: script-src 'wasm-unsafe-eval'$/);
`));

test("without a word the package's own file is read, once for all channels", () =>
  program(`await Promise.all([works(), preload(), works(), works()]);`));

test("wasmUrl: a string or a URL, fetched once", async (t) => {
  let fetched = 0;
  const url = await serve(t, (_, response) => {
    fetched++;
    response.writeHead(200, { "content-type": "application/wasm" }).end(wasm);
  });
  await program(
    `await Promise.all([preload({ wasmUrl: url }), works({ wasmUrl: new URL(url) }), works({ wasmUrl: url }), works()]);`,
    { URL_OF_WASM: url },
  );
  assert.equal(fetched, 1);
});

test("wasmBinary as ArrayBuffer, view and Buffer; wasmModule", async () => {
  const read = `import { readFile } from "node:fs/promises"; const bytes = await readFile(${JSON.stringify(packedFile)});`;
  await program(`${read} await works({ wasmBinary: bytes });`);
  await program(
    `${read} await works({ wasmBinary: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) });`,
  );
  await program(`${read} await works({ wasmBinary: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) });`);
  await program(`${read} await works({ wasmModule: await WebAssembly.compile(bytes) }); await works();`);
});

test("the right bytes with a wrong MIME type work, with one warning; compileStreaming takes no charset", async (t) => {
  for (const type of ["application/octet-stream", "application/wasm; charset=utf-8"]) {
    const url = await serve(t, file(wasm, type));
    const said = await warnings(`await works({ wasmUrl: url }); await works({ wasmUrl: url });`, { URL_OF_WASM: url });
    assert.equal(
      said,
      `hedgerow: ${url} was served with content-type ${type}. As plain application/wasm it would be compiled while it downloads\n`,
    );
  }
});

const page = "<!doctype html><title>My app</title>";
const wrong: [string, RequestListener, string][] = [
  [
    "an HTML page where the WebAssembly should be",
    file(page, "text/html"),
    "/<!doctype html>/, /web page/, /text\\/html/, /wasmUrl/",
  ],
  ["an HTML page that claims to be WebAssembly", file(page, "application/wasm"), "/magic|compil/i"],
  ["HTTP 404", file("nothing here", "text/plain", 404), "/404/, /wasmUrl/"],
  [
    "a truncated file",
    file(wasm.subarray(0, wasm.length / 2), "application/wasm"),
    "/could not be compiled/, /complete and of this version/",
  ],
  [
    "a truncated file of the wrong MIME type",
    file(wasm.subarray(0, wasm.length / 2), "text/plain"),
    "/could not be compiled/, /text\\/plain/",
  ],
  ["an empty file", file("", "application/octet-stream"), "/not WebAssembly/"],
  [
    "a connection cut in the middle",
    (_, response) => {
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": String(wasm.length) });
      response.write(wasm.subarray(0, 1000), () => response.destroy());
    },
    "/hedgerow.wasm/",
  ],
  ["another program's WebAssembly", file(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), "application/wasm"), "/hedgerow/"],
];
for (const [name, listener, texts] of wrong) {
  test(`${name}: a LoadError in words, and the load may be retried`, async (t) => {
    const url = await serve(t, listener);
    await program(
      `await fails({ wasmUrl: url }, /127\\.0\\.0\\.1/, ${texts});
       await assert.rejects(preload({ wasmUrl: url }), LoadError);
       await works();`,
      { URL_OF_WASM: url },
    );
  });
}

test("a server that is down: a LoadError that names the address", () =>
  program(
    `await fails({ wasmUrl: "http://127.0.0.1:1/hedgerow.wasm" }, /127\\.0\\.0\\.1:1/, /could not be fetched/); await works();`,
  ));

test("junk instead of a module or bytes: a LoadError, and the load may be retried", () =>
  program(`
    for (const wasmModule of [{}, "module", 5]) await fails({ wasmModule }, /wasmModule/);
    for (const wasmBinary of ["bytes", 5, {}, [0, 97, 115, 109], new Uint8Array(), new TextEncoder().encode("<html>")]) {
      await fails({ wasmBinary }, /wasmBinary/);
    }
    await fails({ wasmModule: await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) }, /wasmModule/);
    await works();
  `));

test("integrity: the right hash works, a wrong one is a LoadError", async (t) => {
  const url = await serve(t, file(wasm, "application/wasm"));
  const hash = `sha384-${createHash("sha384").update(wasm).digest("base64")}`;
  await program(
    `await fails({ wasmUrl: url, integrity: "sha384-${Buffer.alloc(48).toString("base64")}" }, /could not be fetched/, /sha384-AAAA/);
     await works({ wasmUrl: url, integrity: ${JSON.stringify(hash)} });`,
    { URL_OF_WASM: url },
  );
});

test("integrity of what is not downloaded: checked where it can be, refused where not", async () => {
  const hash = `sha256-${createHash("sha256").update(wasm).digest("base64")}`;
  const weak = `sha1-${createHash("sha1").update(wasm).digest("base64")}`;
  await program(`
    await fails({ integrity: "sha384-AAAA" }, /the package's own file/, /sha384-AAAA/);
    for (const weak of ["md5-AAAA", "${weak}"]) await fails({ integrity: weak }, /has no sha256, sha384 or sha512 hash/);
    const bytes = await (await import("node:fs/promises")).readFile(${JSON.stringify(packedFile)});
    await fails({ wasmModule: await WebAssembly.compile(bytes), integrity: "${hash}" }, /leave integrity out/);
    await fails({ wasmBinary: bytes, integrity: "sha384-AAAA ${hash}" }, /but integrity says sha384-AAAA$/);
    await works({ wasmBinary: bytes, integrity: " sha256-AAAA ${hash} sha1-AAAA" });
    await assert.rejects(createChannel({ baseUrl, integrity: 42 }), ConfigError);
  `);
});

test("integrity of a WebAssembly that is loaded already: only the one that it was loaded with", async () => {
  await program(`
    const { integrity } = await import("hedgerow/integrity");
    await works({ integrity });
    await works({ integrity });
    await works();
    await fails({ integrity: "sha384-AAAA" }, /already loaded with integrity/, /can no longer be checked against sha384-AAAA/);
  `);
  await program(`
    const { integrity } = await import("hedgerow/integrity");
    await works();
    await fails({ integrity }, /already loaded without integrity/, /Give the first channel, or preload/);
  `);
});

test("integrity where there is no crypto.subtle, as in pages without TLS: a LoadError that says so", () =>
  program(`
    Object.defineProperty(crypto, "subtle", { value: undefined });
    await fails({ integrity: "sha384-AAAA" }, /only in a page that was loaded over HTTPS/);
  `));

test("hedgerow/inline carries the WebAssembly, with the same classes and the same load", () =>
  program(`
    globalThis.fetch = () => assert.fail("nothing is fetched");
    const inline = await import("hedgerow/inline");
    for (const name of ["Code", "ConfigError", "LoadError", "Metadata", "StatusError"]) {
      assert.equal(inline[name], (await import("hedgerow"))[name]);
    }
    assert.deepEqual(Object.keys(inline).sort(), Object.keys(await import("hedgerow")).sort());
    await inline.preload({ integrity: (await import("hedgerow/integrity")).integrity });
    const channel = await inline.createChannel({ baseUrl, fetch: fetchOf });
    assert.equal((await channel.unary("/S/M", new Uint8Array())).message[0], 42);
    await works();
  `));

test("the entry for browsers, in Node: its file cannot be fetched, so it wants wasmBinary", async () => {
  const entry = JSON.stringify(pathToFileURL(join(packageDir, "dist/index.js")).href);
  await program(`
    const entry = await import(${entry});
    await assert.rejects(entry.createChannel({ baseUrl }), entry.LoadError);
    const wasmBinary = await (await import("node:fs/promises")).readFile(${JSON.stringify(packedFile)});
    (await entry.createChannel({ baseUrl, wasmBinary })).close();
  `);
});

test("the first load wins: another source is a LoadError, the same one and none are fine", async (t) => {
  const url = await serve(t, file(wasm, "application/wasm"));
  await program(
    `await works({ wasmUrl: url });
     await fails({ wasmUrl: url + "?2" }, /already loaded/, /\\?2/);
     await fails({ wasmBinary: new Uint8Array(8) }, /already loaded/, /127/);
     await assert.rejects(preload({ wasmUrl: "http://elsewhere.test/" }), LoadError);
     await works(); await works({ wasmUrl: url });`,
    { URL_OF_WASM: url },
  );
});

test("a package without its WebAssembly file: a LoadError that says so", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "hedgerow-"));
  t.after(() => rm(dir, { recursive: true }));
  await cp(join(packageDir, "dist"), dir, { recursive: true, filter: (name) => !name.endsWith(".wasm") });
  const entry = JSON.stringify(pathToFileURL(join(dir, "node.js")).href);
  await program(
    `const bare = await import(${entry});
     const error = await bare.createChannel({ baseUrl }).catch((error) => error);
     assert.ok(error instanceof bare.LoadError, String(error));
     assert.match(error.message, /hedgerow\\.wasm/);`,
  );
});

test("bad options and a failed load: one clear error, not both", () =>
  program(`
    const error = await createChannel({ baseUrl: "", wasmBinary: new Uint8Array() }).catch((error) => error);
    assert.ok(error instanceof LoadError || error instanceof ConfigError);
    await assert.rejects(createChannel({ baseUrl: "" }), ConfigError);
    await works();
  `));

test("a process with an open, idle channel ends by itself", () => program(`await createChannel({ baseUrl });`));

test("a process ends by itself when its calls have, whatever their deadlines were", () =>
  program(`
    const channel = await createChannel({ baseUrl, fetch: fetchOf });
    await Promise.all([1000, 3_600_000].map((timeoutMs) => channel.unary("/S/M", new Uint8Array(), { timeoutMs })));
  `));
