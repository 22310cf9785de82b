// The soak's part in a process of Node: it is told what to do, step by step, as a page is. An instance of the WebAssembly of its own, and
// so a process of its own, for each run.

import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { look, shared } from "./watch.mjs";

setMaxListeners(0, shared);
const { createChannel } = await import("hedgerow");
const { begin } = await import("./run.mjs");

let run;
const acts = {
  async begin({ wasm, ...plan }) {
    run = await begin(createChannel, { wasmBinary: readFileSync(wasm) }, plan);
  },
  step: ({ from, to }) => run(from, to),
  async look() {
    const seen = await look();
    const { heapUsed, external } = process.memoryUsage();
    return { ...seen, heap: heapUsed, outside: external };
  },
};

process.on("message", async ({ act, ...given }) => {
  try {
    process.send({ value: await acts[act](given) });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
process.once("disconnect", () => process.exit());
