/**
 * What TinyGo's runtime asks of JavaScript: random numbers, for its maps, and to print, for a program that panics. The program serves
 * from its initializers, so that _initialize returns when its exports may be called.
 */

import type { GoExports, GoHooks } from "./go-runtime.js";

interface TinyGoExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
}

/** By its imports a compiled program tells who compiled it: all of Go's own are in "gojs". */
export function isTinyGo(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(module).every((one) => one.module !== "gojs");
}

/** Instantiates a program that TinyGo compiled, and runs its initializers. Its exports have the names that Go's own would have. */
export function runTinyGo(module: WebAssembly.Module, hooks: Pick<GoHooks, "print">): Pick<GoExports, "mem"> {
  const { exports } = new WebAssembly.Instance(module, {
    wasi_snapshot_preview1: {
      /** Of a list of texts, as addresses and lengths; it wants to know how many bytes were written. */
      fd_write: (_file: number, list: number, count: number, written: number) => {
        const view = new DataView(memory.buffer);
        let bytes = 0;
        for (let at = list; at < list + 8 * count; at += 8) {
          const length = view.getUint32(at + 4, true);
          hooks.print(new TextDecoder().decode(new Uint8Array(memory.buffer, view.getUint32(at, true), length)));
          bytes += length;
        }
        view.setUint32(written, bytes, true);
        return 0;
      },
    },
    env: { arc4random: () => crypto.getRandomValues(new Uint32Array(1))[0] },
  });
  const { memory, _initialize } = exports as unknown as TinyGoExports;
  _initialize();
  return { ...exports, mem: memory };
}
