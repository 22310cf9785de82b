// The entries for edge runtimes, "workerd" and "edge-light", in a realm that has as much as they do. test/apps-more runs the apps in the
// runtimes themselves.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import vm from "node:vm";
import * as esbuild from "esbuild";
import type { createChannel, preload } from "hedgerow";
import { MESSAGE, METHOD } from "../support/calls.js";
import { concat, frame, OK, WEB } from "../support/responses.js";

const packageDir = process.env["HEDGEROW_PACKAGE"] ?? ".";

interface Realm {
  readonly createChannel: typeof createChannel;
  readonly preload: typeof preload;
  /** How many instances of the WebAssembly were made. */
  instances(): number;
  /** What was done to the global scope: events that are listened to, timers, random numbers. */
  readonly touched: string[];
}

/** Loads the package as the tools of a platform do, which compile hedgerow.wasm beforehand. In its realm no WebAssembly can be compiled. */
async function load(condition: string): Promise<Realm> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: 'export * from "hedgerow";', resolveDir: packageDir },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "hedgerow",
    platform: "neutral",
    conditions: [condition],
    logLevel: "error",
    plugins: [
      {
        name: "compiled",
        setup(build) {
          build.onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path }) => {
            assert.equal(path.endsWith("?module"), condition === "edge-light");
            return { path, namespace: "compiled" };
          });
          build.onLoad({ filter: /./, namespace: "compiled" }, () => ({ contents: "export default hedgerowModule;" }));
        },
      },
    ],
  });
  const touched: string[] = [];
  let count = 0;
  const touch =
    <A extends unknown[], R>(name: string, act: (...args: A) => R) =>
    (...args: A): R => {
      touched.push(name);
      return act(...args);
    };
  class Instance extends WebAssembly.Instance {
    constructor(...args: ConstructorParameters<typeof WebAssembly.Instance>) {
      super(...args);
      count++;
    }
  }
  const forbidden = () => Promise.reject(new WebAssembly.CompileError("Wasm code generation disallowed by embedder"));
  const context = vm.createContext({
    hedgerowModule: await WebAssembly.compile(await readFile(join(packageDir, "dist/hedgerow.wasm"))),
    WebAssembly: { Module: WebAssembly.Module, Instance, compile: forbidden, compileStreaming: forbidden },
    addEventListener: touch("addEventListener", () => {}),
    removeEventListener: touch("removeEventListener", () => {}),
    setTimeout: touch("setTimeout", setTimeout),
    crypto: { getRandomValues: touch("getRandomValues", (array: Uint32Array<ArrayBuffer>) => crypto.getRandomValues(array)) },
    ...{
      clearTimeout,
      queueMicrotask,
      performance,
      console,
      URL,
      TextEncoder,
      TextDecoder,
      AbortController,
      Headers,
      Request,
      Response,
    },
  });
  vm.runInContext(outputFiles[0]?.text ?? "", context);
  return { ...vm.runInContext("hedgerow", context), instances: () => count, touched };
}

for (const condition of ["workerd", "edge-light"]) {
  test(`${condition}: an import does nothing, and each channel has an instance of its own`, async () => {
    const { createChannel, preload, instances, touched } = await load(condition);
    assert.deepEqual([instances(), touched], [0, []]);
    await preload();
    assert.equal(instances(), 0);
    let attempts = 0;
    const options = {
      baseUrl: "https://api.test",
      serviceConfig: {
        methodConfig: [
          {
            name: [{}],
            retryPolicy: {
              maxAttempts: 2,
              initialBackoff: "0.001s",
              maxBackoff: "0.001s",
              backoffMultiplier: 1,
              retryableStatusCodes: ["UNAVAILABLE"],
            },
          },
        ],
      },
      fetch: async () =>
        ++attempts % 2 === 1
          ? new Response(null, { headers: { ...WEB, "grpc-status": "14" } })
          : new Response(concat(frame(MESSAGE), OK), { headers: WEB }),
    };
    const channels = await Promise.all([createChannel(options), createChannel(options)]);
    assert.equal(instances(), 2);
    for (const channel of channels) {
      const { message, attempts } = await channel.unary(METHOD, MESSAGE);
      assert.deepEqual([[...message], attempts.length], [[...MESSAGE], 2]);
      channel.close();
    }
    assert.deepEqual(
      touched.filter((name) => name.includes("Listener")),
      [],
      "nothing in the global scope keeps a channel that was forgotten",
    );
  });

  test(`${condition}: what cannot work is told`, async () => {
    const { createChannel } = await load(condition);
    const baseUrl = "https://api.test";
    await assert.rejects(createChannel({ baseUrl, worker: true }), /worker.*leave it out/s);
    await assert.rejects(createChannel({ baseUrl, wasmBinary: Uint8Array.of(0, 0x61, 0x73, 0x6d) }), {
      name: "LoadError",
      message: /disallowed by embedder/,
    });
    const wasmModule = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    await assert.rejects(createChannel({ baseUrl, wasmModule }), { name: "LoadError", message: /is not Hedgerow's WebAssembly/ });
  });
}
