import type { GoExports, GoHooks, runGo } from "./go-runtime.js";
import { isTinyGo, runTinyGo } from "./tinygo-runtime.js";

let go: typeof runGo | undefined;

/** Keeps Go's own runtime for where it cannot be imported when it is needed. */
export function keepGo(run: typeof runGo): void {
  go = run;
}

/** Loads what the module needs of JavaScript. The package's own, which TinyGo has compiled, needs nothing more. */
export async function prepare(module: WebAssembly.Module): Promise<void> {
  if (!go && !isTinyGo(module)) go = (await import("./go-runtime.js")).runGo;
}

/** Instantiates a module that was prepared, and runs it up to where its exports can be called. */
export function run(module: WebAssembly.Module, hooks: GoHooks): Pick<GoExports, "mem"> {
  return (isTinyGo(module) ? runTinyGo : (go as typeof runGo))(module, hooks);
}
