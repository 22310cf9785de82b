// A server of WebSockets that sends the bytes of the table, right or wrong, to whoever asks for a row.
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";
import { listen, rowOf, until } from "./raw-server.js";
import type { SocketAnswer } from "./socket-rows.js";

/** Starts the server, which is stopped when the test ends, and returns its address. */
export function serveSockets(t: TestContext, answers: readonly SocketAnswer[]): Promise<string> {
  return listen(t, async (socket) => {
    const head = await until(socket, (came) => {
      const end = came.indexOf("\r\n\r\n");
      return end < 0 ? undefined : end + 4;
    });
    const text = head.toString("latin1");
    const { handshake, pieces, end } = answers[rowOf(text)] as SocketAnswer;
    socket.write(handshake ?? agree(text), "latin1");
    if (handshake === undefined) await halfClose(socket);
    for (const piece of pieces) socket.write(piece);
    if (end === "reset") socket.resetAndDestroy();
    else if (end === "close") socket.end();
  });
}

function agree(head: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: websocket",
    "connection: upgrade",
    "sec-websocket-protocol: grpc-websockets",
    `sec-websocket-accept: ${accept}`,
    "",
    "",
  ].join("\r\n");
}

/** Reads the request up to the half-close, which is a message of the byte 1. No frame of it has 64 KiB. */
async function halfClose(socket: Socket): Promise<void> {
  const MASKED = 6; // the length of a short frame's prefix and its mask
  for (;;) {
    const frame = await until(socket, (came) => {
      if (came.length < 4) return undefined;
      const length = (came[1] as number) & 0x7f;
      return length < 126 ? MASKED + length : MASKED + 2 + came.readUInt16BE(2);
    });
    if (frame.length === MASKED + 1 && ((frame[2] as number) ^ (frame[MASKED] as number)) === 1) return;
  }
}
