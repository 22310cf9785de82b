// The package's WebAssembly as both compilers make it. test.mjs says in HEDGEROW_WASM which one a test uses: "go" for Go's,
// otherwise that of the package.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The compiler: "TinyGo", or "Go" if there was no TinyGo or if the test runs with Go's. */
export let compiler: "TinyGo" | "Go" = "Go";

const byGo = process.env["HEDGEROW_WASM"] === "go";

/** The program as it is packed, and the file that holds it. */
export const packedFile: string = pathOf(byGo ? "dist-debug/hedgerow.debug.wasm" : "dist/hedgerow.wasm");
export const packed: Uint8Array<ArrayBuffer> = new Uint8Array(await readFile(packedFile));

/** The program that dies on purpose, at calls of /hedgerow.Fault/… */
export const faulty: Uint8Array<ArrayBuffer> = new Uint8Array(
  await readFile(pathOf(byGo ? "dist-debug/hedgerow.go.wasm" : "dist-debug/hedgerow.wasm")),
);

if (WebAssembly.Module.imports(new WebAssembly.Module(faulty)).every((one) => one.module !== "gojs")) compiler = "TinyGo";

function pathOf(name: string): string {
  return join(process.env["HEDGEROW_PACKAGE"] ?? ".", name);
}

/** The same program, with a memory that cannot grow beyond so many pages of 64 KiB. */
export function limited(wasm: Uint8Array<ArrayBuffer>, pages: number): Uint8Array<ArrayBuffer> {
  const MEMORY = 5;
  let at = 8;
  for (;;) {
    const id = wasm[at];
    const [size, start] = leb128(wasm, at + 1);
    if (id === MEMORY) {
      // Before it are the count of memories, 1, and the flags, which say that there is no maximum.
      const [min] = leb128(wasm, start + 2);
      const section = [1, 1, ...leb128Of(min), ...leb128Of(Math.max(pages, min))];
      return Uint8Array.from([
        ...wasm.subarray(0, at),
        MEMORY,
        ...leb128Of(section.length),
        ...section,
        ...wasm.subarray(start + size),
      ]);
    }
    at = start + size;
  }
}

/** A number, and where it ends. */
function leb128(bytes: Uint8Array, at: number): [number, number] {
  for (let value = 0, shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

function leb128Of(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128Of(Math.floor(value / 0x80))];
}
