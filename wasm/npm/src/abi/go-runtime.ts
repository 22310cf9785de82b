/**
 * What Go's runtime asks of JavaScript. A program that links neither syscall/js nor os needs these eight functions and no more, so
 * that the toolchain's wasm_exec.js, with its globals, stays out. The signatures are those of runtime/*_js.go and *_wasm.go: each
 * function gets the stack pointer, its arguments lie 8 bytes above it.
 */

/** The exports of every Go program that was built for js/wasm. */
export interface GoExports {
  readonly mem: WebAssembly.Memory;
  run(argc: number, argv: number): void;
  resume(): void;
}

/** What the host wants to know of the running program. */
export interface GoHooks {
  /** The program printed: panics and fatal errors of the runtime. */
  print(text: string): void;
  /** It ended, which it never does by itself. */
  exit(code: number): void;
  /** A timer of the runtime's own woke it, and it died of that. */
  died(error: unknown): void;
}

/** Instantiates a compiled Go program and runs it up to where it waits for exports to be called. */
export function runGo(module: WebAssembly.Module, hooks: GoHooks): GoExports {
  const instance = new WebAssembly.Instance(module, { gojs: imports(() => exports, hooks) });
  const exports = instance.exports as unknown as GoExports;
  const arguments_ = 4096; // where the runtime looks for its arguments; below are pages that stay zero
  const view = new DataView(exports.mem.buffer);
  view.setUint8(arguments_, 0); // argv[0], an empty string
  view.setUint32(arguments_ + 8, arguments_, true); // argv: its address, the end, and the end of an empty environment
  exports.run(1, arguments_ + 8);
  return exports;
}

function imports(program: () => GoExports, hooks: GoHooks): Record<string, (sp: number) => void> {
  const timeouts = new Map<number, ReturnType<typeof setTimeout>>();
  let lastTimeout = 0;
  const view = () => new DataView(program().mem.buffer);
  const int64 = (at: number) => Number(view().getBigInt64(at, true));
  const setInt64 = (at: number, value: number) => view().setBigInt64(at, BigInt(Math.floor(value)), true);
  const epoch = Date.now() - performance.now();

  return {
    "runtime.wasmExit": (sp) => hooks.exit(view().getInt32((sp >>> 0) + 8, true)),
    "runtime.wasmWrite": (sp) => {
      const at = sp >>> 0;
      const text = new Uint8Array(program().mem.buffer, int64(at + 16), view().getInt32(at + 24, true));
      hooks.print(new TextDecoder().decode(text));
    },
    "runtime.resetMemoryDataView": () => {}, // no view is kept
    "runtime.nanotime1": (sp) => setInt64((sp >>> 0) + 8, (epoch + performance.now()) * 1e6),
    "runtime.walltime": (sp) => {
      const at = sp >>> 0;
      const now = Date.now();
      setInt64(at + 8, now / 1000);
      view().setInt32(at + 16, (now % 1000) * 1e6, true);
    },
    "runtime.scheduleTimeoutEvent": (sp) => {
      const at = sp >>> 0;
      const id = ++lastTimeout;
      const wake = () => {
        try {
          // The runtime clears the timeout when it takes note of it; it may have to be told again (golang/go#28975).
          for (let n = 0; n < 100 && timeouts.has(id); n++) program().resume();
        } catch (error) {
          hooks.died(error);
        }
      };
      timeouts.set(id, setTimeout(wake, int64(at + 8)));
      view().setInt32(at + 16, id, true);
    },
    "runtime.clearTimeoutEvent": (sp) => {
      const id = view().getInt32((sp >>> 0) + 8, true);
      clearTimeout(timeouts.get(id));
      timeouts.delete(id);
    },
    "runtime.getRandomData": (sp) => {
      const at = sp >>> 0;
      crypto.getRandomValues(new Uint8Array(program().mem.buffer, int64(at + 8), int64(at + 16)));
    },
  };
}
