// The soak's part in a page, which is told what to do over the debugging protocol.
import { look } from "./watch.mjs";

const { createChannel } = await import("hedgerow");
const { begin } = await import("./run.mjs");

globalThis.soak = {
  async begin({ wasm, ...plan }) {
    soak.run = await begin(createChannel, { wasmUrl: wasm }, plan);
  },
  step: ({ from, to }) => soak.run(from, to),
  look,
};
