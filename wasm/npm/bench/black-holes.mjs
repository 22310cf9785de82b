// Measures perAttemptRecvTimeout (SEMANTICS 8.2): a relay hands new HTTP/1.1 connections to three backends strictly in turn, and the second
// accepts and never answers. 10,000 calls, 100 in flight. Beside it: all three healthy, and the same without the timeout. Then a page sleeps
// for a minute with 100 calls in flight, whose connections are all dead when it wakes up.
//
//   node bench/black-holes.mjs [--seed 1] [--calls 10000]

import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { createChannel } from "hedgerow";
import { callsOr, judge, lognormal, make, ms, percentile, randomOf, seed } from "./measured.mjs";

const CALLS = callsOr(10_000);
const IN_FLIGHT = 100;
const TIMEOUT = 3000;
const LATENCY = 250; // the median: long enough that the machine has little to do, and does not measure itself
const METHOD = "/relay.Test/Echo";
const random = randomOf(seed);

const message = Uint8Array.of(1, 2, 3);
const trailer = new TextEncoder().encode("grpc-status:0\r\n");
const answer = Buffer.concat([Buffer.from([0, 0, 0, 0, 3]), message, Buffer.from([0x80, 0, 0, 0, trailer.length]), trailer]);

/** A backend that answers after a while, of a lognormal distribution. */
async function healthy() {
  const server = createHttpServer({ keepAliveTimeout: 0 }, (request, response) => {
    request.resume();
    request.on("end", () => {
      setTimeout(
        () => response.writeHead(200, { "content-type": "application/grpc-web+proto" }).end(answer),
        lognormal(random, LATENCY, 0.4),
      );
    });
  });
  return listening(server);
}

/** A backend that accepts, and never answers. */
function hole() {
  const server = createServer((socket) => socket.resume().on("error", () => {}));
  return listening(server);
}

async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Hands connections to the backends in turn. */
async function relayTo(backends) {
  let turn = 0;
  const pairs = new Set();
  const server = createServer((near) => {
    const far = connect(backends[turn++ % backends.length].address().port, "127.0.0.1");
    const pair = [near, far];
    pairs.add(pair);
    for (const [one, other] of [pair, [far, near]]) {
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  });
  await listening(server);
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    /** Waits until so many connections have been made. */
    async connected(connections) {
      while (turn < connections) await new Promise((resolve) => server.once("connection", resolve));
    },
    /** Nothing goes through any more on the connections that there are. Neither end is told. */
    wedge() {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.resume();
      }
    },
    close() {
      server.close();
      for (const [near] of pairs) near.destroy();
    },
  };
}

const policy = (more, timeout = "30s") => ({
  methodConfig: [
    {
      name: [{}],
      timeout,
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: "0.02s",
        maxBackoff: "0.1s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
        ...more,
      },
    },
  ],
});

/** Makes the calls through a relay to these backends, and reports. */
async function run(name, backends, calls, more) {
  const relay = await relayTo(backends);
  const channel = await createChannel({ baseUrl: relay.origin, serviceConfig: policy(more) });
  let attempts = 0;
  const { times, errors } = await make(calls, IN_FLIGHT, async () => {
    const response = await channel.unary(METHOD, message);
    attempts += response.attempts.length;
  });
  channel.close();
  relay.close();
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(times, share));
  console.log(
    `${name.padEnd(46)} ${String(errors.length).padStart(6)} fail  p50 ${ms(p50).padStart(8)}  p99 ${ms(p99).padStart(8)}  max ${ms(most).padStart(8)}  ${calls} calls, ${attempts} attempts of those that succeeded`,
  );
  if (errors.length > 0) console.log(`  the first failure: ${errors[0]}`);
  return { p99, failed: errors.length };
}

/** A clock whose timers do not fire while the page sleeps. Asleep, an hour may pass in no time. */
function sleepyClock() {
  let asleep = false;
  let slept = 0;
  const due = [];
  return {
    now: () => performance.now() + slept,
    setTimeout: (act, after) => setTimeout(() => (asleep ? due.push(act) : act()), after),
    clearTimeout: (timer) => clearTimeout(timer),
    sleep() {
      asleep = true;
    },
    wake(after) {
      asleep = false;
      slept += after;
      for (const act of due.splice(0)) act();
    },
    get waiting() {
      return due.length;
    },
  };
}

/** All connections of a page die while it sleeps. Returns how long its calls took after it woke up. */
async function sleep(backends) {
  const relay = await relayTo(backends);
  const clock = sleepyClock();
  const channel = await createChannel({
    baseUrl: relay.origin,
    serviceConfig: policy({ perAttemptRecvTimeout: `${TIMEOUT / 1000}s` }, "300s"),
    clock,
  });
  const calls = Array.from({ length: IN_FLIGHT }, () => channel.unary(METHOD, message));
  const failures = Promise.allSettled(calls);
  await relay.connected(IN_FLIGHT);
  relay.wedge();
  clock.sleep();
  while (clock.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 50)); // only a clock can say that a timer was due
  const woke = performance.now();
  clock.wake(60_000);
  const failed = (await failures).filter(({ status }) => status === "rejected").length;
  const took = performance.now() - woke;
  channel.close();
  relay.close();
  return { took, failed };
}

console.log(`seed ${seed}: ${CALLS} calls, ${IN_FLIGHT} in flight, perAttemptRecvTimeout ${TIMEOUT} ms, deadline 30 s\n`);
const backends = [await healthy(), await healthy(), await healthy()];
const withHole = [backends[0], await hole(), backends[2]];
const normal = await run("three healthy backends", backends, CALLS, {});
await run("the second never answers, retries alone", withHole, CALLS / 10, {});
const healed = await run("the second never answers, with the timeout", withHole, CALLS, {
  perAttemptRecvTimeout: `${TIMEOUT / 1000}s`,
});
const awake = await sleep(backends);
console.log(
  `after a minute's sleep, all connections dead     ${awake.failed} fail  all ${IN_FLIGHT} calls done ${ms(awake.took)} after waking up\n`,
);
judge("no call fails", healed.failed === 0 && awake.failed === 0);
judge(
  `p99 ${ms(healed.p99)} is at most the timeout and twice the normal p99, ${ms(TIMEOUT + 2 * normal.p99)}`,
  healed.p99 <= TIMEOUT + 2 * normal.p99,
);
judge(`a page that slept heals within the timeout and twice the normal p99`, awake.took <= TIMEOUT + 2 * normal.p99);
process.exit();
