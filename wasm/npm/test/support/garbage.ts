// What is still there when garbage was collected, for tests that look for leaks.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { settle } from "./calls.js";

setFlagsFromString("--expose-gc");
export const collectGarbage = runInNewContext("gc") as () => void;

/** Returns how many of the objects are still referred to when no call runs any more. */
export async function held(refs: readonly WeakRef<object>[]): Promise<number> {
  for (let i = 0; i < 10; i++) {
    await settle();
    collectGarbage();
  }
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

export const MiB: number = 1 << 20;
export const show = (bytes: number): string => `${(bytes / MiB).toFixed(2)} MiB`;
