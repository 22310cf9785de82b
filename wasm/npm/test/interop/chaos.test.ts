// make chaos: the package in Node and in Chromium, through nginx and HAProxy, before three servers that are killed, stopped, restarted
// and slow in turn, over wires that are as bad. CHAOS_CALLS says how many calls are made: 5,000 as a part of make test-interop.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { ServiceConfig } from "hedgerow";
import { RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { retrying } from "../support/calls.js";
import { check, REPLIES, type Result, type Span } from "./chaos/checks.js";
import type { Load } from "./chaos/load.js";
import { Relay, RelayWires } from "./chaos/relay.js";
import { play, ROUND, SERVERS } from "./chaos/schedule.js";
import { faults, line, promises, title } from "./chaos/table.js";
import { type Client, chromiumClients, nodeClients, type Target } from "./clients.js";
import { Backend, ReverseProxy } from "./processes.js";

const CALLS = Number(process.env["CHAOS_CALLS"] || 5000);
/** All clients together begin so many calls in a second at most. The machine is to be idle most of the time. */
const RATE = 400;
/** How long a fault lasts, in milliseconds. */
const SPAN = 2000;
/** Calls at a time of each client. Over HTTP/1.1 Chromium has six connections to an origin, and more calls would wait for one. */
const WORKERS = 6;
/** The answers of servers that have no fault take so long. */
const DELAY = { distribution: { case: "uniform", value: { minMs: 2, maxMs: 30 } } } as const;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A client, and where it makes its calls. */
interface Place {
  readonly client: Client;
  readonly proxy: string;
  readonly baseUrl: string;
}

test("chaos", async (t) => {
  const { backends, places, wires, control } = await begin(t);
  const share = Math.ceil(CALLS / places.length);
  const slowness = await measure(places);
  const seconds = slowness * Math.max(CALLS / RATE, (ROUND * SPAN) / 1000);
  console.log(
    `${CALLS} calls, ${WORKERS} at a time of each of ${places.length} clients: this takes ${Math.ceil(seconds)} s and some.`,
  );
  if (slowness > 1) console.log(`This machine is slow now: all times of this run are ${slowness} times as long.`);

  let ended = 0;
  const every = (seconds * 1000) / share;
  const load = async ({ client, baseUrl }: Place, i: number) => {
    const made = await client.drive(loadOf(`chaos${i}`, baseUrl, share, every, slowness));
    ended++;
    return made;
  };
  const watching = watch(control, slowness, () => ended === places.length);
  const chaos = { servers: backends, wires, span: SPAN * slowness, wait, over: () => ended === places.length };
  const [slots, ...made] = await Promise.all([play(chaos), ...places.map(load)]);

  await Promise.all(backends.map((backend) => backend.terminate()));
  const lines = (await Promise.all(backends.map((backend) => backend.executions()))).flat();
  const slow = await watching;
  const results = places.map((place, i) => ({ ...place, result: check(`chaos${i}`, share, made[i] ?? [], lines, slow) }));
  console.log(`\n${slots} faults of a server and as many of the wires\n${title}`);
  for (const { proxy, client, result } of results) console.log(line(proxy, client.name, result));
  console.log(`failed attempts: ${faults(made.flat())}`);
  const unjudged = results.flatMap(({ result }) => result.unjudged);
  if (unjudged.length > 0)
    console.log(`not judged: ${unjudged.length} that failed while this machine was too slow for calls without faults, too`);
  const unaryCut = results.reduce((sum, { result }) => sum + result.unaryCut, 0);
  console.log(`unary calls whose message had come, and whose connection was lost before their status: ${unaryCut}`);
  const verdicts = promises(results);
  for (const { holds, what } of verdicts) console.log(`${holds ? "holds" : "FAILS"}: ${what}`);
  for (const { result } of results) tell(result);
  for (const { holds, what } of verdicts) assert.ok(holds, what);
});

/** The first of what went wrong. */
function tell({ failed, wrong }: Result): void {
  for (const { replies, ...call } of failed.slice(0, 10)) console.log(JSON.stringify(call));
  for (const what of wrong.slice(0, 10)) console.log(what);
}

/** Starts all processes, and the relays before the proxies. */
async function begin(t: TestContext): Promise<{ backends: Backend[]; places: Place[]; wires: RelayWires; control: Place }> {
  const backends = await Promise.all(Array.from({ length: SERVERS }, () => Backend.start("connect-go")));
  t.after(() => Promise.all(backends.map((backend) => backend.kill())));
  const [first] = backends;
  assert.ok(first);
  const trust = { pem: [first.pem], spki: [first.spki] };
  const clients = [...nodeClients(t, trust), ...(await chromiumClients(t, trust))];
  const places: Place[] = [];
  const relays: Relay[] = [];
  for (const kind of ["nginx", "haproxy"] as const) {
    const proxy = await ReverseProxy.start(kind, backends, first.key);
    const http = await Relay.start(Number(new URL(proxy.http).port), Math.random);
    const https = await Relay.start(Number(new URL(proxy.https).port), Math.random);
    relays.push(http, https);
    t.after(() => proxy.kill());
    const target: Target = { http: `http://127.0.0.1:${http.port}`, https: `https://127.0.0.1:${https.port}` };
    for (const client of clients) places.push({ client, proxy: kind, baseUrl: client.baseUrl(target) });
  }
  const healthy = await Backend.start("connect-go");
  t.after(() => healthy.kill());
  const fair = await Relay.start(Number(new URL(healthy.http).port), Math.random);
  t.after(() => Promise.all([...relays, fair].map((relay) => relay.close())));
  const client = clients.find(({ browser, http2 }) => browser && !http2);
  assert.ok(client);
  const control: Place = { client, proxy: "", baseUrl: `http://127.0.0.1:${fair.port}` };
  return { backends, places, wires: new RelayWires(relays), control };
}

/**
 * Goes on making calls that no fault can meet, from Chromium through a relay of this process to a server of its own. Returns when these
 * took half as long as an attempt may: then the machine had no time for anything, and failures tell nothing of the client.
 */
async function watch({ client, baseUrl }: Place, slowness: number, over: () => boolean): Promise<Span[]> {
  const slow: Span[] = [];
  for (let n = 0; !over(); n++) {
    const load = loadOf(`control${n}`, baseUrl, 1, 0, slowness);
    const [call] = await client.drive({ ...load, workers: 1, serviceConfig: {} });
    if (call && call.ms > 500 * slowness) slow.push(call);
    await wait(100);
  }
  return slow;
}

/**
 * How many times too slow this machine is now: a busy one may need a second for what takes some milliseconds, and that is no fault of the
 * client's. Without faults, nine of ten calls should take 200 ms at most. It is 4 at most, so that a moment's load makes no run endless; what
 * fails on a slower machine is not judged (watch).
 */
async function measure(places: readonly Place[]): Promise<number> {
  const calls = 5 * WORKERS;
  const made = await Promise.all(
    places.map(({ client, baseUrl }, i) => client.drive(loadOf(`before${i}`, baseUrl, calls, 200, 1))),
  );
  const times = made.flatMap((some) => some.slice(calls / 2).map(({ ms }) => ms)).sort((a, b) => a - b);
  return Math.min(4, Math.max(1, Math.ceil((times[Math.floor(times.length * 0.9)] ?? 0) / 200)));
}

function loadOf(name: string, baseUrl: string, calls: number, every: number, slowness: number): Load {
  const unary = requestOf({ steps: [{ delay: DELAY }] });
  const stream = requestOf({ steps: [{ delay: DELAY, messages: REPLIES, messageDelay: DELAY, endDelay: DELAY }] });
  return { name, baseUrl, calls, every, workers: WORKERS, serviceConfig: policy(slowness), unary, stream };
}

function requestOf(request: MessageInitShape<typeof RequestSchema>): number[] {
  return Array.from(toBinary(RequestSchema, create(RequestSchema, request)));
}

/** The timeout of a call is long enough for all its attempts, so that it ends only calls that would hang. */
function policy(slowness: number): ServiceConfig {
  const { methodConfig } = retrying({
    maxAttempts: 5,
    initialBackoff: `${slowness / 10}s`,
    maxBackoff: `${slowness}s`,
    backoffMultiplier: 2,
    perAttemptRecvTimeout: `${slowness}s`,
  });
  return { methodConfig: (methodConfig ?? []).map((entry) => ({ ...entry, timeout: `${30 * slowness}s` })) };
}
