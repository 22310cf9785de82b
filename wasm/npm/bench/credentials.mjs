// Measures credentialsRefresh (SEMANTICS 8.3): 1,000 calls at once, of kinds and in an order that are drawn, on a token that has expired, over
// real HTTP/1.1. Beside it: a wrapper that refreshes whenever a call of its own is refused, as interceptors usually do.
//
//   node bench/credentials.mjs [--seed 1] [--calls 1000]

import { createServer } from "node:http";
import { Code, createChannel } from "hedgerow";
import { callsOr, judge, lognormal, ms, randomOf, seed } from "./measured.mjs";

const CALLS = callsOr(1000);
const random = randomOf(seed);
const METHOD = "/tokens.Test/Echo";
const REFRESH = "/tokens.Sessions/Refresh";
const message = new Uint8Array(100);
const trailer = new TextEncoder().encode("grpc-status:0\r\n");
const answer = Buffer.concat([Buffer.from([0, 0, 0, 0, 100]), message, Buffer.from([0x80, 0, 0, 0, trailer.length]), trailer]);
const type = { "content-type": "application/grpc-web+proto" };

/** A server whose tokens are numbers. Only the current one is good, and a refresh makes the next. */
let current = 1;
let refreshes = 0;
const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  request.resume();
  request.on("end", () => {
    setTimeout(
      () => {
        if (request.url === REFRESH) {
          refreshes++;
          current++;
          response.writeHead(200, { ...type, token: String(current) }).end(answer);
        } else if (request.headers.authorization === String(current)) response.writeHead(200, type).end(answer);
        else response.writeHead(200, { ...type, "grpc-status": "16" }).end();
      },
      lognormal(random, 20, 0.5),
    );
  });
});
server.listen(4096, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const baseUrl = `http://127.0.0.1:${server.address().port}`;

/** Makes all calls at once: most unary, some streams. */
async function run(name, channel, session, call) {
  current++; // the token that the session has is expired now
  refreshes = 0;
  const begun = performance.now();
  const results = await Promise.allSettled(Array.from({ length: CALLS }, () => call(channel, session, random() < 0.2)));
  const failed = results.filter(({ status }) => status === "rejected");
  console.log(
    `${name.padEnd(44)} ${String(failed.length).padStart(5)} fail  ${String(refreshes).padStart(5)} refreshes  ${ms(performance.now() - begun)}`,
  );
  if (failed.length > 0) console.log(`  the first failure: ${failed[0].reason}`);
  return { failed: failed.length, refreshes };
}

async function plain(channel, stream) {
  if (!stream) return channel.unary(METHOD, message);
  for await (const _ of channel.serverStreaming(METHOD, message));
}

const renew = async (channel, session, options) => {
  const { header } = await channel.unary(REFRESH, new Uint8Array(), options);
  session.token = header.get("token");
};

const wrapped = { token: "1" };
const alone = await createChannel({ baseUrl, metadata: () => ({ authorization: wrapped.token }) });
const session = { token: "1" };
const channel = await createChannel({
  baseUrl,
  metadata: () => ({ authorization: session.token }),
  credentialsRefresh: { refresh: ({ signal }) => renew(channel, session, { signal, credentialsRefresh: false }) },
});

console.log(`seed ${seed}: ${CALLS} calls at once on an expired token\n`);
await run("each call refreshes when it is refused", alone, wrapped, async (channel, session, stream) => {
  try {
    await plain(channel, stream);
  } catch (error) {
    if (error.code !== Code.UNAUTHENTICATED) throw error;
    await renew(channel, session);
    await plain(channel, stream);
  }
});
const results = [];
for (const round of [1, 2, 3]) {
  session.token = String(current);
  results.push(await run(`credentialsRefresh, round ${round}`, channel, session, (channel, _, stream) => plain(channel, stream)));
}
console.log();
judge(
  "exactly 1 refresh for each round",
  results.every(({ refreshes }) => refreshes === 1),
);
judge(
  "no call fails",
  results.every(({ failed }) => failed === 0),
);
process.exit();
