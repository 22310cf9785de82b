// Measures several base URLs (SEMANTICS 8.6) over real sockets: of three servers the one that most calls go to dies in mid-flight, and then
// the next one becomes twenty times slower. Beside it: the same servers in turn (round robin), and the first one alone.
//
//   node bench/endpoints.mjs [--seed 1] [--calls 600]

import { createServer } from "node:http";
import { createChannel } from "hedgerow";
import { callsOr, judge, lognormal, make, ms, percentile, randomOf, seed } from "./measured.mjs";

const CALLS = callsOr(600); // in each phase
const IN_FLIGHT = 8;
const LATENCY = 60; // the median: long enough that the machine has little to do, and does not measure itself
const UNTIL = 20; // calls after a fault, which are not judged
const PROMISED = 1.5;
const METHOD = "/pool.Test/Echo";
const random = randomOf(seed);

const message = Uint8Array.of(1, 2, 3);
const trailer = new TextEncoder().encode("grpc-status:0\r\n");
const answer = Buffer.concat([Buffer.from([0, 0, 0, 0, 3]), message, Buffer.from([0x80, 0, 0, 0, trailer.length]), trailer]);

/** A server that answers after a while, of a lognormal distribution. */
async function backend() {
  const state = { origin: "", slowness: 1, served: 0, die: () => {} };
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      state.served++;
      const reply = () => response.writeHead(200, { "content-type": "application/grpc-web+proto" }).end(answer);
      setTimeout(reply, lognormal(random, LATENCY, 0.3) * state.slowness);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.origin = `http://127.0.0.1:${server.address().port}`;
  state.die = () => {
    server.close();
    server.closeAllConnections();
  };
  return state;
}

const serviceConfig = {
  methodConfig: [
    {
      name: [{}],
      timeout: "30s",
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.02s",
        maxBackoff: "0.1s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
        perAttemptRecvTimeout: "3s",
      },
    },
  ],
};

/** What makes of three origins the options of a channel. */
const rules = {
  Hedgerow: (origins) => ({ baseUrl: origins }),
  "round robin": (origins) => {
    let turn = 0;
    const next = (url) => origins[turn++ % origins.length] + url.slice(origins[0].length);
    return { baseUrl: origins[0], fetch: (url, init) => fetch(next(url), init) };
  },
  "one server": (origins) => ({ baseUrl: origins[0] }),
};

async function run(name, options) {
  const backends = [await backend(), await backend(), await backend()];
  const channel = await createChannel({ serviceConfig, ...options(backends.map(({ origin }) => origin)) });
  const phases = [];
  /** The backend that most calls of the last phase went to. */
  const busiest = () => {
    const found = backends.filter(({ dead }) => !dead).reduce((most, one) => (one.served > most.served ? one : most));
    for (const one of backends) one.served = 0;
    return found;
  };
  const faults = [
    () => {},
    () => {
      const one = busiest();
      one.dead = true;
      one.die();
    },
    () => {
      busiest().slowness = 20;
    },
  ];
  let failed = 0;
  for (const fault of faults) {
    const begun = [];
    let made = 0;
    fault();
    const { errors } = await make(CALLS, IN_FLIGHT, async () => {
      const number = made++;
      const at = performance.now();
      try {
        await channel.unary(METHOD, message);
      } finally {
        begun[number] = performance.now() - at;
      }
    });
    failed += errors.length;
    phases.push(percentile(begun.slice(phases.length === 0 ? 0 : UNTIL), 0.99));
  }
  channel.close();
  for (const one of backends) one.die();
  const [healthy, dead, slow] = phases.map(ms).map((text) => text.padStart(9));
  console.log(
    `${name.padEnd(14)} healthy ${healthy}  one dead ${dead}  one slow ${slow}  ${String(failed).padStart(5)} of ${3 * CALLS} calls fail`,
  );
  return { phases, failed };
}

console.log(`seed ${seed}: ${CALLS} calls a phase, ${IN_FLIGHT} in flight; p99 of those after the first ${UNTIL}\n`);
const { phases, failed } = await run("Hedgerow", rules.Hedgerow);
for (const name of ["round robin", "one server"]) await run(name, rules[name]);
console.log();
judge("no call fails", failed === 0);
for (const [i, what] of ["one has died", "another one is twenty times slower"].entries())
  judge(
    `when ${what}, p99 ${ms(phases[i + 1])} is at most ${PROMISED} times the healthy one's ${ms(phases[0])}`,
    phases[i + 1] <= PROMISED * phases[0],
  );
process.exit();
