// The broken answers of ../broken, in a page of another origin: what they come to in Node must hold in a browser too. The rows that are cut
// after every byte run in Node only: there are thousands of calls of them, and they differ in nothing that a browser could see.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import * as esbuild from "esbuild";
import { blocks, encoded, frames } from "../broken/frames.js";
import { connections, heads, redirects } from "../broken/heads.js";
import type * as judge from "../broken/judge.js";
import { serve } from "../broken/raw-server.js";
import type { Row } from "../broken/row.js";
import { retrying } from "../support/calls.js";
import { engine } from "./launch.js";
import { openPage } from "./pages.js";

declare global {
  /** In the page: what ../broken/judge.ts exports. */
  var judging: typeof judge;
}

let bundle: string;

before(async () => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(process.env["HEDGEROW_PACKAGE"] ?? ".", "test/broken/judge.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "judging",
    platform: "browser",
    plugins: [
      {
        name: "the page's own package",
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^hedgerow$/ }, () => ({ path: "hedgerow", namespace: "page" }));
          onLoad({ filter: /./, namespace: "page" }, () => ({ contents: "module.exports = globalThis.hedgerow", loader: "js" }));
        },
      },
    ],
  });
  bundle = outputFiles[0]?.text ?? "";
});

/** So many rows at once: of each, two calls are open, and a browser opens six connections to a server. */
const AT_ONCE = 3;

const tables: Record<string, readonly Row[]> = {
  "frames and their lengths": frames,
  "trailers and their fields": blocks,
  "compression and base64": encoded,
  heads,
  "HTTP itself": connections,
  redirects,
};

for (const [name, rows] of Object.entries(tables)) {
  test(`broken answers in a page: ${name}`, async (t) => {
    const baseUrl = await serve(
      t,
      rows.map(({ answer }) => answer),
    );
    const page = await openPage(t);
    await page.addScriptTag({ content: bundle });
    const expected = rows.map(({ answer: _, engines, ...row }) => ({
      ...row,
      ...(engines?.[engine] && { outcome: engines[engine] }),
    }));
    const wrong = await page.evaluate(
      async ({ baseUrl, rows, serviceConfig, atOnce }) => {
        const rejected: string[] = [];
        addEventListener("unhandledrejection", ({ reason }) => rejected.push(`nobody handles ${reason}`));
        // Without this, a retry that gets no response is sent once more without the attempts header, whatever the reason (SEMANTICS 5.5d).
        const attemptHeader = "always";
        const open: Parameters<typeof judge.judgeAll>[0] = (more) => hedgerow.createChannel({ baseUrl, attemptHeader, ...more });
        return [...(await judging.judgeAll(open, { serviceConfig }, rows, atOnce)), ...rejected];
      },
      { baseUrl, rows: expected, serviceConfig: retrying({ maxAttempts: 3 }), atOnce: AT_ONCE },
    );
    assert.equal(wrong.length, 0, [`${wrong.length} calls ended otherwise:`, ...wrong.slice(0, 40)].join("\n"));
  });
}
