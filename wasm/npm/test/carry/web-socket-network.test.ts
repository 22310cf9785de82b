// WebSockets over connections that break and with servers of other dialects, and what calls over WebSockets leave behind.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { getEventListeners, setMaxListeners } from "node:events";
import { createServer as createHTTP, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, connect as connectTCP, createServer as createTCP, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Code } from "hedgerow";
import { Ending } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, refused, retrying } from "../support/calls.js";
import { COLLECT, CONVERSE, hang, Script, SERVER, status } from "../support/server.js";
import { connect } from "../support/sockets.js";
import { Source } from "../support/streaming.js";

const busy = status(Code.UNAVAILABLE, "busy");
const bytes = (...values: number[]) => Uint8Array.from(values);

/** Starts a proxy to the server whose connections the test can cut, and returns its address. */
async function wire(t: TestContext): Promise<{ baseUrl: string; cut: () => void; open: () => number }> {
  const { hostname, port } = new URL(SERVER);
  const ends = new Set<Socket>();
  const proxy = createTCP((client) => {
    const server = connectTCP(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      ends.add(from);
      from.on("error", () => {}).on("close", () => ends.delete(from) && to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((go) => proxy.listen(0, "127.0.0.1", go));
  const cut = () => {
    for (const end of ends) end.destroy();
  };
  t.after(() => {
    cut();
    proxy.close();
  });
  return { baseUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, cut, open: () => ends.size };
}

test("103 a connection that breaks in the midst of it is UNAVAILABLE, and before an answer retried", async (t) => {
  const { baseUrl, cut } = await wire(t);
  const channel = await connect(t, { baseUrl, serviceConfig: retrying() });
  const talk = new Script([], bytes(1));
  const stream = channel.bidiStreaming(CONVERSE, new Source(talk.bytes));
  const answers = stream[Symbol.asyncIterator]();
  await answers.next();
  cut();
  const error = await refused(answers.next());
  assert.equal(error.code, Code.UNAVAILABLE);
  assert.match(error.message, /the WebSocket was lost/);
  assert.equal((await talk.report(t, 1, 1)).executions[0]?.ending, Ending.CANCELLED);
  const script = new Script([{}], bytes(1));
  const source = new Source(script.bytes);
  const call = channel.clientStreaming(COLLECT, source);
  await script.report(t, 1, 0);
  cut();
  await script.report(t, 2, 1);
  source.end();
  assert.equal((await call).attempts.length, 2);
});

async function http(t: TestContext, answer: RequestListener, upgrade?: (request: IncomingMessage, socket: Socket) => void) {
  const server = createHTTP(answer);
  const sockets: Socket[] = [];
  if (upgrade)
    server.on("upgrade", (request, socket) => {
      sockets.push(socket as Socket);
      upgrade(
        request,
        (socket as Socket).on("error", () => {}),
      );
    });
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", go));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("98 what does not take WebSockets is UNAVAILABLE, with a hint, and is retried", async (t) => {
  let asked = 0;
  for (const code of [200, 403, 404, 503]) {
    asked = 0;
    const baseUrl = await http(t, (_, response) => {
      asked++;
      response.writeHead(code).end("hello");
    });
    const channel = await connect(t, { baseUrl, serviceConfig: retrying() });
    const error = await refused(channel.clientStreaming(COLLECT, new Source(bytes(1))));
    assert.deepEqual([error.code, error.attempts.length, asked], [Code.UNAVAILABLE, 4, 4]);
    assert.match(error.message, /no WebSocket could be opened .*WithWebsockets\(true\)/);
  }
  const nobody = await connect(t, { baseUrl: "http://127.0.0.1:2" });
  assert.equal((await refused(nobody.clientStreaming(COLLECT, [bytes(1)]))).code, Code.UNAVAILABLE);
});

/** Starts a server that accepts any WebSocket and sends a text message. */
function greet({ headers }: IncomingMessage, socket: Socket, protocol: string): void {
  const accept = createHash("sha1")
    .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: websocket",
    "connection: upgrade",
    `sec-websocket-accept: ${accept}`,
  ];
  socket.write(`${[...lines, ...(protocol ? [`sec-websocket-protocol: ${protocol}`] : [])].join("\r\n")}\r\n\r\n`);
  socket.write(Buffer.concat([bytes(0x81, 5), Buffer.from("hello")]));
}

test("a server of another dialect: UNAVAILABLE if it does not know the subprotocol, INTERNAL if it says it does", async (t) => {
  for (const [protocol, code, text] of [
    ["", Code.UNAVAILABLE, /no WebSocket could be opened/],
    ["grpc-websockets", Code.INTERNAL, /not binary/],
  ] as const) {
    const baseUrl = await http(
      t,
      () => {},
      (request, socket) => greet(request, socket, protocol),
    );
    const error = await refused((await connect(t, { baseUrl })).clientStreaming(COLLECT, new Source(bytes(1))));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
  }
});

test("a call leaves no socket and no listener behind, whatever its fate", async (t) => {
  const { baseUrl, open } = await wire(t);
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // or Node warns of twenty calls at once
  const channel = await connect(t, { baseUrl, serviceConfig: retrying() });
  const hedged = await connect(t, { baseUrl, serviceConfig: hedging({ maxAttempts: 2 }) });
  const one = async (i: number): Promise<void> => {
    const options = { signal, timeoutMs: 60_000 };
    if (i % 5 === 0) await channel.clientStreaming(COLLECT, [new Script([busy, {}]).bytes], options);
    if (i % 5 === 1) await hedged.clientStreaming(COLLECT, [new Script([]).bytes], options);
    if (i % 5 === 2) await channel.clientStreaming(COLLECT, new Source(new Script([{ messages: 1 }]).bytes), options);
    if (i % 5 === 3) for await (const _ of channel.bidiStreaming(CONVERSE, new Source(new Script([]).bytes), options)) break;
    if (i % 5 === 4)
      await refused(hedged.clientStreaming(COLLECT, new Source(new Script([hang]).bytes), { ...options, timeoutMs: 100 }));
  };
  for (let i = 0; i < 200; i += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => one(i + n)));
  assert.equal(getEventListeners(signal, "abort").length, 0);
  // A socket sends a close frame before it ends, which the test waits for.
  for (let turns = 0; open() > 0 && turns < 6000; turns++) await new Promise((go) => setTimeout(go, 10));
  assert.equal(open(), 0);
});
