// slim.mjs: the package's program from Go's own compiler, and Go programs that depend on what slim.mjs rewrites. They run as linked
// and slimmed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
const { slim }: { slim(wasm: Uint8Array): Uint8Array } = await import(pathToFileURL(join(packageDir, "slim.mjs")).href);
const full = await readFile(join(packageDir, "dist-debug/hedgerow.debug.wasm"));
const packed = Buffer.from(slim(full));
const run = promisify(execFile);

test("a slim wasm weighs a fifth less at least", () => {
  const compressed = [full, packed].map(
    (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).length,
  );
  const [before = 0, after = 0] = compressed;
  assert.ok(after < 0.8 * before, `${after} of ${before}`);
});

test("slim wasm is valid, imports and exports the same, and has the same code", async () => {
  assert.ok(WebAssembly.validate(new Uint8Array(packed)));
  const [before, after] = await Promise.all([full, packed].map((bytes) => WebAssembly.compile(new Uint8Array(bytes))));
  assert.ok(before && after);
  assert.deepEqual(WebAssembly.Module.imports(after), WebAssembly.Module.imports(before));
  assert.deepEqual(WebAssembly.Module.exports(after), WebAssembly.Module.exports(before));
  const data = sections(packed).find(({ id }) => id === 11);
  for (const [i, section] of sections(full).entries()) {
    if (section.id !== data?.id)
      assert.ok(section.bytes.equals(sections(packed)[i]?.bytes ?? Buffer.alloc(0)), `section ${section.id}`);
  }
});

test("slimming again changes nothing", () => {
  assert.equal(slim(packed), packed);
});

test("a wasm that was cut off, is another's, of another Go or not what it should be is refused in words, untouched", () => {
  const header = full.indexOf(Buffer.of(0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8));
  assert.ok(header > 0);
  const refused: [string, Uint8Array, RegExp][] = [
    ["empty", Buffer.alloc(0), /not a WebAssembly module/],
    ["text", Buffer.from("<!doctype html>"), /not a WebAssembly module/],
    ["cut off", full.subarray(0, full.length / 2), /too early/],
    ["another's", Buffer.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), /something other than Go/],
    ["older", replaced(/go1\.26(\.\d+)?/, (version) => version.replace("26", "25")), /linked by go1\.25/],
    ["newer", replaced(/go1\.26(\.\d+)?/, (version) => version.replace("26", "27")), /linked by go1\.27/],
    ["magic", edited(header, 0xf0), /0 tables of functions/],
    ["pointers of 4 bytes", edited(header + 7, 4), /0 tables of functions/],
    ["a function more", edited(header + 8, (full[header + 8] ?? 0) + 1), /each function/],
    ["name of gopanic", replaced(/runtime\.gopanic\0/, () => "runtime.gopanik\0"), /runtime\.gopanic/],
  ];
  for (const [what, bytes, text] of refused) {
    const before = Buffer.from(bytes);
    assert.throws(() => slim(bytes), text, what);
    assert.throws(() => slim(bytes), /slim\.mjs/, what);
    assert.ok(before.equals(bytes), what);
  }
});

test("a byte that is wrong anywhere in the function tables is refused, or leaves a wasm that is valid", () => {
  const start = full.indexOf(Buffer.of(0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8));
  let refusals = 0;
  for (let i = 0; i < 40; i++) {
    const at = start + 100_000 + i * 7919;
    try {
      assert.ok(WebAssembly.validate(new Uint8Array(slim(edited(at, (full[at] ?? 0) ^ 0x11)))));
    } catch (error) {
      assert.match(String(error), /cannot be slimmed/);
      refusals++;
    }
  }
  assert.ok(refusals > 0);
});

// The exit codes must not change either: 0, that of a panic, and the one that the program frames chooses.
const programs: [string, Record<string, string>[], number][] = [
  ["stress", [{ GOGC: "10" }, { GODEBUG: "gcstoptheworld=1" }], 0],
  ["stress", [{ PANIC: "1" }, { PANIC: "1", GOTRACEBACK: "system" }, { PANIC: "1", GODEBUG: "inittrace=1" }], 2],
  ["frames", [{}, { GODEBUG: "gcstoptheworld=1" }], 3],
];
for (const [name, environments, code] of programs) {
  test(`program ${name} ends with ${code} and says the same, slim or not`, async (t) => {
    const { linked, slimmed, loader } = await link(t, name);
    for (const environment of environments) {
      const [before, after] = await Promise.all([linked, slimmed].map((file) => execute(loader, file, environment)));
      assert.ok(before && after);
      assert.equal(before.code, code, before.text);
      assert.deepEqual(after, before, JSON.stringify(environment));
      assert.match(before.text, /held|collected/);
    }
  });
}

test("the programs stand for both ways to keep what was inlined: frames links runtime.Callers, stress and hedgerow do not", async (t) => {
  const { linked, slimmed } = await link(t, "stress");
  assert.ok(!(await readFile(linked)).includes("\0runtime.Callers\0"));
  assert.ok(!full.includes("\0runtime.Callers\0"));
  assert.ok((await readFile(linked)).includes("\0main.recoveries\0"));
  assert.ok(!(await readFile(slimmed)).includes("main.recoveries"));
  const frames = await link(t, "frames");
  assert.ok((await readFile(frames.linked)).includes("\0runtime.Callers\0"));
});

/** Links a program of testdata/, and makes a slim copy of it. */
async function link(t: TestContext, name: string) {
  const folder = await mkdtemp(join(tmpdir(), "hedgerow-slim-"));
  t.after(() => rm(folder, { recursive: true }));
  const [linked, slimmed] = [join(folder, "linked.wasm"), join(folder, "slim.wasm")];
  const args = ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", linked, `./test/testdata/${name}`];
  await run("go", args, { cwd: packageDir, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
  await writeFile(slimmed, slim(await readFile(linked)));
  const { stdout } = await run("go", ["env", "GOROOT"]);
  return { linked, slimmed, loader: join(stdout.trim(), "lib/wasm/wasm_exec_node.js") };
}

/**
 * Runs a program with a small environment, because Go's loader takes at most 8 KiB. Leaves out of the output what Go prints of
 * tracebacks and of init, which may differ.
 */
async function execute(loader: string, file: string, environment: Record<string, string>) {
  const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [loader, file], { env: environment, timeout: 120_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
  const said = (stdout + stderr).replace(/^init .*\n/gm, "");
  return { code, text: said.split(/^goroutine \d+ /m)[0] ?? "" };
}

function edited(at: number, byte: number): Buffer {
  const copy = Buffer.from(full);
  copy[at] = byte;
  return copy;
}

/** Replaces every match in the file by a text of the same length. */
function replaced(pattern: RegExp, by: (match: string) => string): Buffer {
  return Buffer.from(full.toString("latin1").replace(new RegExp(pattern, "g"), by), "latin1");
}

function sections(wasm: Buffer): { id: number; bytes: Buffer }[] {
  const found: { id: number; bytes: Buffer }[] = [];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at++] ?? 0;
    let length = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = wasm[at++] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
    }
    found.push({ id, bytes: wasm.subarray(at, at + length) });
    at += length;
  }
  return found;
}
