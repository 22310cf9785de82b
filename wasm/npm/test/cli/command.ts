// Runs the command `hedgerow` as npx would, and servers of any behaviour for it to examine.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command. In what it prints, the server's address is replaced by SERVER, because its port is another one in each run. */
export function hedgerow(args: readonly string[], server = "http://none.test"): Promise<Ended> {
  const program = join(process.env["HEDGEROW_PACKAGE"] ?? ".", "dist/cli.js");
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      const code = error ? Number(error.code) : 0;
      resolve({ code, stdout: stdout.replaceAll(server, "SERVER"), stderr });
    });
  });
}

/** The findings that the command printed, each in one line; without the lines of configuration. */
export function findings({ stdout }: Ended): string[] {
  const [, text = ""] = stdout.split("\n\n");
  return text.split(/\n(?! )/).map((finding) => finding.replace(/\s+/g, " ").trim());
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server that answers as the listener says, until the test ends. Returns its address. */
export async function serve(t: TestContext, listener: Listener): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    listener(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that is none for the web: it does this with each connection. */
export async function serveTcp(t: TestContext, act: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    act(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Headers = Readonly<Record<string, string>>;

export interface Behaviour {
  /** The HTTP status and the headers of the answer to a preflight, which may depend on what it asks for. */
  readonly preflight?: (asked: readonly string[]) => readonly [status: number, headers: Headers];
  /** More headers of the answer to a call. */
  readonly call?: Headers;
  /** The status is in the body, as connect-node sends it, not in the head. */
  readonly inBody?: boolean;
}

/** A gRPC-Web server without methods: each call is UNIMPLEMENTED. It takes the text format for the binary one, and speaks no WebSocket. */
export function serveGrpcWeb(t: TestContext, { preflight, call = {}, inBody = false }: Behaviour): Promise<string> {
  return serve(t, ({ method, headers }, response) => {
    if (method === "OPTIONS") {
      const [status, more] = preflight?.(String(headers["access-control-request-headers"]).split(",")) ?? [405, {}];
      response.writeHead(status, more).end();
    } else if (method !== "POST") response.writeHead(405).end();
    else {
      const head = { "content-type": "application/grpc-web+proto", ...call };
      if (!inBody) response.writeHead(200, { ...head, "grpc-status": "12" }).end();
      else {
        const trailers = Buffer.from("grpc-status: 12\r\n");
        response.writeHead(200, head).end(Buffer.concat([Buffer.from([0x80, 0, 0, 0, trailers.length]), trailers]));
      }
    }
  });
}
