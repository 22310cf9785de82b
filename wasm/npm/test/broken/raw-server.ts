// A server that sends the bytes of the tables, right or wrong, to whoever asks for a row.
import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Answer } from "./row.js";

/** The number of the row for which a request with this head asks. */
export function rowOf(head: string): number {
  const [, path = ""] = head.split(" ");
  return Number(path.slice(path.lastIndexOf("/") + 1));
}

/** What pages of other origins need before they may read an answer. */
const CORS = ["access-control-allow-origin: *", "access-control-allow-headers: *", "access-control-expose-headers: *"];

/** Starts the server, which is stopped when the test ends, and returns its address. The request's path says which of the answers it sends. */
export function serve(t: TestContext, answers: readonly Answer[]): Promise<string> {
  return listen(t, async (socket) => {
    const request = await until(socket, lengthOf);
    const head = request.toString("latin1");
    if (head.startsWith("OPTIONS")) socket.end(headOf(["HTTP/1.1 204 No Content"]));
    else await send(socket, answers[rowOf(head)] as Answer);
  });
}

/** Listens for connections until the test ends. The client breaks many of them off, so what goes wrong with one is no failure. */
export async function listen(t: TestContext, talk: (socket: Socket) => Promise<void>): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.setNoDelay().on("close", () => open.delete(socket));
    socket.on("error", () => {});
    talk(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", go));
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address() as { port: number };
  return `http://127.0.0.1:${address.port}`;
}

/** Reads as many bytes as the function says, once enough have come for it to say so. */
export async function until(socket: Socket, enough: (came: Buffer) => number | undefined): Promise<Buffer> {
  let came = Buffer.alloc(0);
  for (;;) {
    const length = enough(came);
    if (length !== undefined && came.length >= length) {
      if (came.length > length) socket.unshift(came.subarray(length));
      return came.subarray(0, length);
    }
    const bytes = socket.read() as Buffer | null;
    if (bytes) came = Buffer.concat([came, bytes]);
    else {
      await new Promise<void>((go, fail) => {
        socket.once("readable", go).once("close", () => fail(new Error("the client has gone")));
      });
    }
  }
}

/** The length of a request whose head says that of its body. */
function lengthOf(came: Buffer): number | undefined {
  const end = came.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const length = /^content-length: *(\d+)/im.exec(came.toString("latin1", 0, end))?.[1];
  return end + 4 + Number(length ?? 0);
}

/** A head says that no second request may follow, unless it says something else. */
function headOf(lines: readonly string[]): Buffer {
  const told = lines.some((line) => line.startsWith("connection:"));
  return Buffer.from([...lines, ...CORS, ...(told ? [] : ["connection: close"]), "", ""].join("\r\n"), "latin1");
}

async function send(socket: Socket, { head, body, end }: Answer): Promise<void> {
  socket.cork(); // what is not parted by a turn goes out in one piece: bytes behind the trailers must come with them
  if (head) socket.write(headOf(head));
  for (const step of body) {
    if (step === "turn") {
      socket.uncork();
      await new Promise((go) => setImmediate(go));
      socket.cork();
    } else socket.write(step);
  }
  socket.uncork();
  if (end === "reset") socket.resetAndDestroy();
  else if (end === "close") socket.end();
}
