// Every broken answer that a server can send by WebSocket, over a real connection. The table says how a call that gets it must end. test.mjs
// runs this with both compilers' builds.
import { type TestContext, test } from "node:test";
import { WebSocket } from "undici";
import { serveSockets } from "./raw-sockets.js";
import { type SocketRow, socketCuts, socketRows } from "./socket-rows.js";
import { tryAll } from "./trials.js";

async function overSockets(t: TestContext, rows: readonly SocketRow[]): Promise<void> {
  const baseUrl = await serveSockets(
    t,
    rows.map(({ answer }) => answer),
  );
  await tryAll(t, rows, baseUrl, { webSocket: WebSocket as unknown as typeof globalThis.WebSocket });
}

test("answers that are cut after every byte", (t) => overSockets(t, socketCuts));
test("wrong answers, wrong handshakes, and closes with every code", (t) => overSockets(t, socketRows));
