// Measures resumableStreaming (SEMANTICS 8.4). First, a subscription to a million numbers over real HTTP, while its server, a proxy, its network
// and its page are each broken 100 times, at random: none may be lost or come twice. Then 10,000 clients, in virtual time, whose server
// restarts: no 100 ms may hold more than 4 % of those that come back.
//
//   node bench/streams.mjs [--seed 1] [--messages 1000000]

import { setMaxListeners } from "node:events";
import { createServer } from "node:http";
import { judge, ms, numberOr, percentile, randomOf, seed } from "./measured.mjs";

// Node's global scope is no EventTarget. The package listens there, as in a page.
const page = new EventTarget();
setMaxListeners(0, page);
for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) globalThis[name] = page[name].bind(page);
const tell = (type) => page.dispatchEvent(new Event(type));
const { createChannel } = await import("hedgerow");
const { TestClock } = await import("hedgerow/testing");

const MESSAGES = numberOr("messages", 1_000_000);
const BREAKS = 100;
const METHOD = "/numbers.Test/Count";
const type = { "content-type": "application/grpc-web+proto" };
const trailer = new TextEncoder().encode("grpc-status:0\r\n");
const random = randomOf(seed);
const sleep = (after) => new Promise((resolve) => setTimeout(resolve, after));
const between = (least, most) => least + random() * (most - least);

const policy = (initialBackoff, maxBackoff) => ({
  methodConfig: [
    {
      name: [{}],
      retryPolicy: { maxAttempts: 2, initialBackoff, maxBackoff, backoffMultiplier: 2, retryableStatusCodes: ["UNAVAILABLE"] },
    },
  ],
});

/** Frames of these numbers, of four bytes each. */
function frames(from, to) {
  const bytes = Buffer.alloc((to - from) * 9);
  for (let n = from, at = 0; n < to; n++, at += 9) {
    bytes.writeUInt32BE(4, at + 1);
    bytes.writeUInt32BE(n, at + 5);
  }
  return bytes;
}

/** Where the next break is, and of what kind. All are drawn beforehand. */
const breaks = Array.from({ length: 4 * BREAKS }, (_, i) => ({
  at: 1 + Math.floor(random() * MESSAGES),
  kind: ["server", "proxy", "network", "page"][i % 4],
})).sort((a, b) => a.at - b.at);

let accepting = performance.now(); // since when the server can be reached
let down = false;
const resumed = []; // after how many milliseconds the stream was there again
let served = 0;

async function serve(request, response) {
  if (served++ > 0) resumed.push(performance.now() - accepting);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  let next = Buffer.concat(chunks).readUInt32BE(5) + 1;
  response.writeHead(200, type);
  while (next <= MESSAGES && !response.destroyed) {
    const end = Math.min(next + 1000, MESSAGES + 1, breaks[0]?.at ?? Number.POSITIVE_INFINITY);
    if (end > next && !response.write(frames(next, end))) await new Promise((go) => response.once("drain", go).once("close", go));
    next = Math.max(next, end);
    if (breaks[0] && breaks[0].at <= next && !response.destroyed) {
      const { kind } = breaks.shift();
      response.write(frames(next, next + 1).subarray(0, Math.floor(random() * 9))); // a part of a frame, or nothing
      await fail(kind, response);
      return;
    }
  }
  response.end(Buffer.concat([Buffer.from([0x80, 0, 0, 0, trailer.length]), trailer]));
}

/** Breaks something for a while. */
async function fail(kind, response) {
  if (kind === "proxy") {
    response.end(); // the answer looks whole
    accepting = performance.now();
    return;
  }
  down = true;
  if (kind === "page") tell("pagehide");
  if (kind === "network") tell("offline");
  response.destroy();
  await sleep(between(5, 150));
  down = false;
  accepting = performance.now();
  if (kind === "network") tell("online");
  if (kind === "page") tell("pageshow");
}

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  response.on("error", () => {});
  if (down) response.destroy();
  else serve(request, response).catch(() => response.destroy());
});
server.listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));

async function count() {
  const channel = await createChannel({
    baseUrl: `http://127.0.0.1:${server.address().port}`,
    serviceConfig: policy("0.5s", "1s"),
  });
  const numberOf = (message) => new DataView(message.buffer, message.byteOffset).getUint32(0);
  const source = {
    request: (cursor = 0) => {
      const request = new Uint8Array(4);
      new DataView(request.buffer).setUint32(0, cursor);
      return request;
    },
    cursor: numberOf,
  };
  let [got, lost, twice, renewals] = [0, 0, 0, 0];
  const onState = (state) => {
    if (state === "waiting") renewals++;
  };
  const begun = performance.now();
  for await (const message of channel.resumableStreaming(METHOD, source, { onState })) {
    const number = numberOf(message);
    if (number > got + 1) lost += number - got - 1;
    if (number <= got) twice++;
    got = Math.max(got, number);
  }
  channel.close();
  const took = performance.now() - begun;
  const [p50, p95, most] = [0.5, 0.95, 1].map((share) => percentile(resumed, share));
  console.log(
    `${got} messages in ${(took / 1000).toFixed(0)} s, over ${4 * BREAKS - breaks.length} breaks and ${renewals} renewals: ${lost} lost, ${twice} twice`,
  );
  console.log(`resumed after the server accepts: p50 ${ms(p50)}  p95 ${ms(p95)}  max ${ms(most)}\n`);
  judge("all messages come", got === MESSAGES && breaks.length === 0);
  judge("0 lost, 0 twice, and in order", lost === 0 && twice === 0);
  judge("resumed p95 at most 1 s after the server accepts", p95 <= 1000);
}

/** When each of so many clients comes back to a server that has dropped them all. */
async function crowd(clients) {
  const clock = new TestClock();
  const back = [];
  const made = [];
  const endings = [];
  for (let i = 0; i < clients; i++) {
    let calls = 0;
    const fetch = async () => {
      if (++calls > 1) {
        back.push(clock.now());
        return new Response(Buffer.concat([Buffer.from([0x80, 0, 0, 0, trailer.length]), trailer]), { headers: type });
      }
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(frames(1, 2)));
          endings.push(() => controller.error(new TypeError("the server restarts")));
        },
      });
      return new Response(body, { headers: type });
    };
    made.push(createChannel({ baseUrl: "https://numbers.test", fetch, clock, serviceConfig: policy("5s", "60s") }));
  }
  const channels = await Promise.all(made);
  const source = { request: () => new Uint8Array(4), cursor: () => 1 };
  const all = Promise.all(
    channels.map(async (channel) => {
      for await (const _ of channel.resumableStreaming(METHOD, source));
    }),
  );
  while (endings.length < clients) await clock.advance(0);
  const restart = clock.now();
  for (const end of endings) end();
  await clock.advance(10_000);
  await all;
  for (const channel of channels) channel.close();
  const bins = new Map();
  for (const at of back) bins.set(Math.floor((at - restart) / 100), (bins.get(Math.floor((at - restart) / 100)) ?? 0) + 1);
  const fullest = (100 * Math.max(...bins.values())) / clients;
  console.log(
    `${clients} clients, initialBackoff 5 s: back over ${ms(Math.max(...back) - restart)}; the fullest 100 ms hold ${fullest.toFixed(1)} %`,
  );
  console.log(`  beside it: a fixed wait of 5 s puts 100 % into 100 ms, ±20 % jitter 5 %\n`);
  judge("no 100 ms hold more than 4 % of the clients", back.length === clients && fullest <= 4);
}

console.log(
  `seed ${seed}: ${MESSAGES} messages; server, proxy, network and page broken ${BREAKS} times each; initialBackoff 0.5 s\n`,
);
await count();
console.log();
await crowd(10_000);
process.exit();
