// The broken answers of ../broken, in a page of another origin: what they come to in Node must hold in a browser too. Of the rows that are
// cut after every byte, which are thousands of calls, every eleventh is tried here: all kinds of cuts are among them.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import * as esbuild from "esbuild";
import { Code } from "hedgerow";
import { cuts } from "../broken/cuts.js";
import { blocks, encoded, frames } from "../broken/frames.js";
import { connections, heads, redirects } from "../broken/heads.js";
import type * as judge from "../broken/judge.js";
import { serve } from "../broken/raw-server.js";
import { serveSockets } from "../broken/raw-sockets.js";
import type { Outcome, Row } from "../broken/row.js";
import { socketCuts, socketRows } from "../broken/socket-rows.js";
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

/** What a row says, without what its server does. */
type Rows = readonly (Omit<Row, "answer" | "unary"> & { unary?: Partial<Outcome> })[];

function some<T>(rows: readonly T[], stride: number): T[] {
  return rows.filter((_, n) => n % stride === 0);
}

const tables: Record<string, readonly Row[]> = {
  "frames and their lengths": frames,
  "trailers and their fields": blocks,
  "compression and base64": encoded,
  heads,
  "HTTP itself": connections,
  redirects,
  "cut after a byte": some(
    cuts.filter(({ engines, outcome, unary }) => !engines || (outcome.code !== Code.OK && unary?.code === undefined)),
    11,
  ),
};

for (const [name, rows] of Object.entries(tables)) {
  test(`broken answers in a page: ${name}`, async (t) => {
    const answers = rows.map(({ answer }) => answer);
    await tryAll(t, await serve(t, answers), rows, false);
  });
}

const socketTables = {
  "cut after a byte": some(socketCuts, 3),
  "wrong answers, wrong handshakes, and closes": socketRows,
};

for (const [name, rows] of Object.entries(socketTables)) {
  test(`broken answers in a page, by WebSocket: ${name}`, async (t) => {
    const answers = rows.map(({ answer }) => answer);
    await tryAll(t, await serveSockets(t, answers), rows, true);
  });
}

/** Tries all rows in a page, and fails with everything that was wrong. */
async function tryAll(t: TestContext, baseUrl: string, rows: Rows, webSocket: boolean): Promise<void> {
  const page = await openPage(t);
  await page.addScriptTag({ content: bundle });
  const expected = rows.map(({ name, outcome, unary, timeoutMs, engines }) => ({
    name,
    outcome: engines?.[engine] ?? outcome,
    ...(unary && { unary }),
    ...(timeoutMs && { timeoutMs }),
  }));
  const wrong = await page.evaluate(
    async ({ baseUrl, rows, serviceConfig, atOnce, webSocket }) => {
      const rejected: string[] = [];
      addEventListener("unhandledrejection", ({ reason }) => rejected.push(`nobody handles ${reason}`));
      // Without this, a retry that gets no response is sent once more without the attempts header, whatever the reason (SEMANTICS 5.5d).
      const attemptHeader = "always";
      const open: Parameters<typeof judge.judgeAll>[0] = (more) =>
        hedgerow.createChannel({ baseUrl, attemptHeader, webSocket, ...more });
      return [...(await judging.judgeAll(open, { serviceConfig }, rows, atOnce, webSocket)), ...rejected];
    },
    { baseUrl, rows: expected, serviceConfig: retrying({ maxAttempts: 3 }), atOnce: AT_ONCE, webSocket },
  );
  assert.equal(wrong.length, 0, [`${wrong.length} calls ended otherwise:`, ...wrong.slice(0, 40)].join("\n"));
}
