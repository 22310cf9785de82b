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
  // This is several times what the two sockets and the browser buffer: Linux lets a socket have 32 MiB.
  const long = new Script([{ messages: 256, messageSize: 1 << 20 }]);
  await page.evaluate(
    async ({ baseUrl, method, left, long, entry }) => {
      const { createFetch } = (await import(entry)) as typeof import("hedgerow/fetch");
      let reads = 0;
      const counting = async (url: string, init: RequestInit) => {
        const response = await fetch(url, init);
        const body = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
        const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
          reads++;
          const { done, value } = await body.read();
          if (done) controller.close();
          else controller.enqueue(value);
        };
        const cancel = (reason: unknown) => body.cancel(reason);
        return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), response);
      };
      const through = createFetch(hedgerow.createChannel({ baseUrl, fetch: counting }));
      const post = (bytes: number[]) => {
        const body = new Uint8Array(5 + bytes.length);
        new DataView(body.buffer).setUint32(1, bytes.length);
        body.set(bytes, 5);
        return through(baseUrl + method, { method: "POST", headers: { "content-type": "application/grpc-web+proto" }, body });
      };
      const reader = (await post(left)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
      const before = reads;
      const unread = await post(long);
      Object.assign(globalThis, { unread, reads: () => reads - before });
    },
    { baseUrl: SERVER, method: STREAM, left: Array.from(left.bytes), long: Array.from(long.bytes), entry: "/package/fetch.js" },
  );
  assert.equal((await left.report(t, 1, 1)).executions[0]?.ending, Ending.CANCELLED);
  assert.equal((await long.report(t, 1, 0)).ended, 0);
  const { reads, length } = await page.evaluate(async () => {
    const page = globalThis as unknown as { unread: Response; reads: () => number };
    const reads = page.reads();
    let length = 0;
    const reader = page.unread.body?.getReader();
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) length += part.value.length;
    return { reads, length };
  });
  assert.ok(reads <= 1, `${reads} chunks were read of a body that nobody wanted`);
  assert.ok(length > 256 << 20);
  assert.equal((await long.report(t, 1, 1)).executions[0]?.ending, Ending.PLAYED);
});
