// The adapters in Chromium, bundled as an application would have them, against a server of another origin.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import * as esbuild from "esbuild";
import { retrying } from "../support/calls.js";
import { Script, SERVER, status } from "../support/server.js";
import type { Adapters } from "./adapters-page.js";
import { openPage } from "./pages.js";

declare global {
  /** In the page: what ./adapters-page.ts exports. */
  var adapters: Adapters;
}

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";
let bundle: string;

before(async () => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(packageDir, "test", "browser", "adapters-page.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "adapters",
    platform: "browser",
  });
  bundle = outputFiles[0]?.text ?? "";
});

for (const worker of [false, true]) {
  for (const adapter of ["connect", "protobufTs", "grpcWeb"] as const) {
    test(`${adapter}: a retried call and a stream${worker ? ", the WebAssembly in a worker" : ""}`, async (t) => {
      const page = await openPage(t);
      await page.addScriptTag({ content: bundle });
      const unavailable = status(14, "not yet");
      const [unary, stream] = [new Script([unavailable, status(0)]), new Script([unavailable, { messages: 3, ...status(0) }])];
      const outcome = await page.evaluate(
        ({ adapter, options, unary, stream }) => globalThis.adapters[adapter](options, unary, stream),
        {
          adapter,
          options: { baseUrl: SERVER, serviceConfig: retrying(), worker },
          unary: Array.from(unary.bytes),
          stream: Array.from(stream.bytes),
        },
      );
      assert.deepEqual(outcome, {
        attempt: 2,
        indices: [1, 2, 3],
        urls: adapter === "connect" ? [`${SERVER}/hedgerow.chaos.v1.Chaos/Do`, `${SERVER}/hedgerow.chaos.v1.Chaos/Stream`] : [],
      });
      for (const script of [unary, stream]) assert.equal((await script.report(t, 2, 2)).started, 2);
    });
  }
}
