// hedgerow/fetch in Chromium, used by other clients, against a server of another origin.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import * as esbuild from "esbuild";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { retrying } from "../support/calls.js";
import { Calls } from "../support/fetch-client-scripts.js";
import { type clients, names } from "../support/fetch-clients.js";
import { hang, Script, SERVER, STREAM } from "../support/server.js";
import { openPage } from "./pages.js";

declare global {
  /** In the page: what ../support/fetch-clients.ts exports. */
  var fetching: { readonly clients: typeof clients };
}

let bundle: string;

before(async () => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(process.env["HEDGEROW_PACKAGE"] ?? ".", "test/support/fetch-clients.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "fetching",
    platform: "browser",
  });
  bundle = outputFiles[0]?.text ?? "";
});

for (const name of names) {
  test(`${name}: retries, a stream, a failure and a deadline`, async (t) => {
    const page = await openPage(t);
    await page.addScriptTag({ content: bundle });
    const calls = new Calls();
    const outcome = await page.evaluate(
      async ({ name, baseUrl, serviceConfig, requests, entry }) => {
        const { createFetch } = (await import(entry)) as typeof import("hedgerow/fetch");
        const channel = await hedgerow.createChannel({ baseUrl, serviceConfig });
        const outcome = await fetching.clients[name](baseUrl, createFetch(channel), requests);
        channel.close();
        return outcome;
      },
      { name, baseUrl: SERVER, serviceConfig: retrying(), requests: calls.requests, entry: "/package/fetch.js" },
    );
    await calls.check(t, outcome);
  });
}

test("a body that is canceled, and one that is not read, in a page: the server sees the one, and waits for the other", async (t) => {
  const page = await openPage(t);
  const left = new Script([{ messages: 1, ...hang }]);
  const long = new Script([{ messages: 40, messageSize: 1 << 20 }]);
  await page.evaluate(
    async ({ baseUrl, method, left, long, entry }) => {
      const { createFetch } = (await import(entry)) as typeof import("hedgerow/fetch");
      const through = createFetch(hedgerow.createChannel({ baseUrl }));
      const post = (bytes: number[]) => {
        const body = new Uint8Array(5 + bytes.length);
        new DataView(body.buffer).setUint32(1, bytes.length);
        body.set(bytes, 5);
        return through(baseUrl + method, { method: "POST", headers: { "content-type": "application/grpc-web+proto" }, body });
      };
      const reader = (await post(left)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
      Object.assign(globalThis, { unread: await post(long) });
    },
    { baseUrl: SERVER, method: STREAM, left: Array.from(left.bytes), long: Array.from(long.bytes), entry: "/package/fetch.js" },
  );
  assert.equal((await left.report(t, 1, 1)).executions[0]?.ending, Ending.CANCELLED);
  assert.equal((await long.report(t, 1, 0)).ended, 0);
  const length = await page.evaluate(async () => {
    const { unread } = globalThis as unknown as { unread: Response };
    return (await unread.arrayBuffer()).byteLength;
  });
  assert.ok(length > 40 << 20);
  assert.equal((await long.report(t, 1, 1)).executions[0]?.ending, Ending.PLAYED);
});
