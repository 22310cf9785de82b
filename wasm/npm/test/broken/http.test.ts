// Every broken answer that a server can send by HTTP, over a real connection. The tables say how a call that gets it must end. test.mjs runs
// this with both compilers' builds.
import { type TestContext, test } from "node:test";
import { cuts, holds } from "./cuts.js";
import { blocks, encoded, frames } from "./frames.js";
import { connections, heads, redirects } from "./heads.js";
import { serve } from "./raw-server.js";
import type { Row } from "./row.js";
import { tryAll } from "./trials.js";

async function overHTTP(t: TestContext, rows: readonly Row[]): Promise<void> {
  await tryAll(
    t,
    rows,
    await serve(
      t,
      rows.map(({ answer }) => answer),
    ),
    {},
  );
}

test("good answers that are cut after every byte", (t) => overHTTP(t, cuts));
test("a good answer that stays open after every byte", (t) => overHTTP(t, holds));
test("frames and their lengths", (t) => overHTTP(t, frames));
test("trailers and their fields", (t) => overHTTP(t, blocks));
test("compression and base64", (t) => overHTTP(t, encoded));
test("heads", (t) => overHTTP(t, heads));
test("HTTP itself", (t) => overHTTP(t, connections));
test("redirects", (t) => overHTTP(t, redirects));
