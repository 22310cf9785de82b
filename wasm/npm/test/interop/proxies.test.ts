// The package through nginx and HAProxy, set up by the files that docs/proxies.md shows, while the servers behind them die and come
// back. The proxies' own retries are off, so every failure that callers do not see was retried by the package.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "hedgerow";
import { Ending, type Execution, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { COLLECT, CONVERSE, DO, hang, reply, Script, STREAM, type StepInit, status } from "../support/server.js";
import type { Call, Outcome } from "./call.js";
import { type Client, chromiumClients, nodeClients } from "./clients.js";
import { Backend, ReverseProxy } from "./processes.js";

/**
 * The waits between five attempts sum up to 4.4 s at least. That is more than the two seconds in which nginx may know of no server,
 * because one has just died and it has not yet tried the other again, which has died a while ago.
 */
const patient = retrying({ maxAttempts: 5, initialBackoff: "0.2s", maxBackoff: "3s", backoffMultiplier: 3 });

/** A client, a proxy, and the two servers behind it. */
interface Place {
  readonly client: Client;
  readonly proxy: ReverseProxy;
  readonly backends: readonly [Backend, Backend];
  /** The status of a call whose response the server did not end. */
  readonly lost: readonly Code[];
}

for (const kind of ["nginx", "haproxy"] as const) {
  test(kind, async (t) => {
    const backends = [await Backend.start("wrapper"), await Backend.start("wrapper")] as const;
    const certified = await Backend.start("connect-go"); // Its certificate is also the proxies'.
    const proxy = await ReverseProxy.start(kind, backends, certified.key);
    t.after(() => Promise.all([...backends, certified, proxy].map((process) => process.kill())));
    const trust = { pem: [certified.pem], spki: [certified.spki] };
    for (const client of [...nodeClients(t, trust), ...(await chromiumClients(t, trust))]) {
      // Over HTTP/2, HAProxy 2.6 ends a response that broke off as if it were complete, so only its trailers frame is missing.
      const lost = kind === "haproxy" && client.http2 ? [Code.UNAVAILABLE, Code.UNKNOWN] : [Code.UNAVAILABLE];
      const place = { client, proxy, backends, lost };
      await t.test(client.name, async (t) => {
        await t.test("messages of all kinds of call pass, as they come", () => messages(place));
        await t.test("large heads pass", () => largeHeads(place));
        await t.test("pushback is heard", () => pushback(place));
        await t.test("what a hedge loses is canceled at the servers", () => hedges(place));
        await t.test("no call fails but for those whose answer has begun, while servers die", (t) => restarts(t, place));
        await t.test("a stream ends with its server, after the messages so far", () => cutStream(place));
      });
    }
  });
}

const bytesOf = (message: readonly number[] | undefined) => reply(Uint8Array.from(message ?? []));
const more = (payload: string) => Array.from(toBinary(RequestSchema, create(RequestSchema, { payload: Buffer.from(payload) })));

/** Plays the steps: each server counts the attempts that it sees. */
function play({ client, proxy }: Place, script: Script, options: Partial<Call> = {}, heard?: () => void): Promise<Outcome> {
  const call = { baseUrl: client.baseUrl(proxy), kind: "unary", method: DO, serviceConfig: patient } as const;
  return client.call({ ...call, messages: [Array.from(script.bytes)], ...options }, heard);
}

/** What both servers together saw of a script, once all its attempts that have arrived are over. */
async function seen({ backends }: Place, { id }: Script): Promise<Execution[]> {
  const reports = await Promise.all(backends.map(async (backend) => backend.report(id, (await backend.report(id, 0)).started)));
  return reports.flatMap(({ executions }) => executions);
}

/** Server and client take turns if the client can stream its request. Otherwise all messages are sent together. */
async function messages(place: Place): Promise<void> {
  for (const [kind, method, answers] of [
    ["clientStreaming", COLLECT, ["ping-pong"]],
    ["bidiStreaming", CONVERSE, ["", "ping", "-pong"]],
  ] as const) {
    const script = new Script([]);
    const outcome = await play(place, script, {
      kind,
      method,
      messages: [Array.from(script.bytes), more("ping"), more("-pong")],
    });
    assert.equal(outcome.code, 0, outcome.message);
    assert.deepEqual(
      outcome.messages.map((message) => Buffer.from(bytesOf(message).payload).toString()),
      answers,
    );
    assert.deepEqual(
      (await seen(place, script)).map(({ received }) => received),
      [3],
    );
  }
  const script = new Script([{ messages: 5, trailer: [{ name: "x-tail", value: "t" }] }]);
  const outcome = await play(place, script, { kind: "serverStreaming", method: STREAM });
  assert.deepEqual([outcome.code, outcome.messages.length], [0, 5]);
  assert.deepEqual(
    outcome.trailer.filter(([name]) => name === "x-tail"),
    [["x-tail", "t"]],
  );
}

/** Responses without a body have all their metadata in the head. */
async function largeHeads(place: Place): Promise<void> {
  const large = "x".repeat(6000);
  const detail = { typeUrl: "type.googleapis.com/google.rpc.Any", value: Buffer.alloc(4000, 7) };
  const end = { case: "status" as const, value: { code: Code.ABORTED, message: "größer", details: [detail] } };
  const script = new Script([{ trailer: [{ name: "x-tail", value: large }], end }]);
  const outcome = await play(place, script, { metadata: [["x-up", large]] });
  assert.deepEqual([outcome.code, outcome.message], [Code.ABORTED, "größer"]);
  assert.ok(Buffer.from(outcome.details).includes(detail.value));
  assert.deepEqual(
    outcome.trailer.filter(([name]) => name === "x-tail"),
    [["x-tail", large]],
  );
  assert.deepEqual(
    (await seen(place, script)).map(({ code }) => code),
    [Code.ABORTED],
  );
}

async function pushback(place: Place): Promise<void> {
  const script = new Script([{ ...status(Code.UNAVAILABLE, "never"), pushback: ["-1"] }]);
  const outcome = await play(place, script);
  assert.deepEqual([outcome.message, outcome.commitReason], ["never", "pushback"]);
  assert.equal((await seen(place, script)).length, 1);
}

/** Of three hedges at least two reach the same server, which answers the second. */
async function hedges(place: Place): Promise<void> {
  const script = new Script([hang, {}]);
  const outcome = await play(place, script, { serviceConfig: hedging() });
  assert.equal(outcome.code, 0, outcome.message);
  assert.equal(outcome.attempts.filter((attempt) => attempt.outcome === "committed").length, 1);
  const endings = (await seen(place, script)).map(({ ending }) => ending);
  assert.ok(endings.includes(Ending.CANCELLED) && endings.includes(Ending.PLAYED), `${endings}`);
}

/** A counter, which can be waited for. */
class Counter {
  #count = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  add(): void {
    this.#count++;
    for (const { count, resolve } of this.#waiting) if (count <= this.#count) resolve();
  }

  reach(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (count <= this.#count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }
}

/** Runs a steady load in rounds. In each, one server is killed after some answers, and started again after some more. */
async function restarts(t: TestContext, place: Place): Promise<void> {
  const [rounds, calls, workers] = place.client.browser ? [2, 45, 6] : [3, 120, 12];
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round++) {
    const victim = place.backends[round % 2] as Backend;
    const answered = new Counter();
    let begun = 0;
    const work = async () => {
      while (begun < calls) {
        outcomes.push(await one(place, begun++));
        answered.add();
      }
    };
    const trouble = async () => {
      await answered.reach(calls / 3);
      await victim.kill();
      await answered.reach((calls * 2) / 3);
      await victim.restart();
    };
    await Promise.all([trouble(), ...Array.from({ length: workers }, work)]);
  }
  tell(t, place, outcomes);
}

/**
 * Makes a call. Of eight calls, one sends its head early, so that it is committed some time before its end, one is a stream, and
 * six are plain unary calls.
 */
async function one(place: Place, n: number): Promise<Outcome> {
  const pause: StepInit["delay"] = { distribution: { case: "fixedMs", value: 5 } };
  if (n % 8 === 7) {
    const script = new Script([{ messages: 3, messageDelay: pause, endDelay: pause }]);
    return play(place, script, { kind: "serverStreaming", method: STREAM });
  }
  return play(place, new Script([n % 8 === 3 ? { earlyHeader: true, endDelay: pause } : { delay: pause }]));
}

function tell(t: TestContext, { client, lost }: Place, outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter(({ code }) => code !== 0);
  const attempts = outcomes.flatMap(({ attempts }) => attempts);
  const faults: Record<string, number> = {};
  for (const { outcome, httpStatus } of attempts) {
    const name = outcome === "failed" ? `HTTP ${httpStatus ?? "never answered"}` : outcome;
    faults[name] = (faults[name] ?? 0) + 1;
  }
  const retries = attempts.length - outcomes.length;
  t.diagnostic(
    `${outcomes.length} calls, ${retries} retries, ${failed.length} failed after their head; attempts: ${JSON.stringify(faults)}`,
  );
  assert.deepEqual(
    failed.filter(({ commitReason, code }) => commitReason !== "responseHeaders" || !lost.includes(code)),
    [],
  );
  // Chromium may retry a request by itself when a connection breaks.
  assert.ok(retries > 0 || client.browser, "no call met a dead server");
  for (const { code, messages, attempts } of outcomes) {
    const answered = attempts.find(({ outcome }) => outcome === "committed");
    // If an attempt with the header gets no response, a page makes one without it, to see whether CORS refused the header. That
    // attempt is not counted here.
    if (code !== 0 || answered?.kind === "transparent") continue;
    const told = bytesOf(messages[0]).requestHeader.find(({ name }) => name === "grpc-previous-rpc-attempts");
    assert.equal(told?.value ?? "0", String((answered?.number ?? 0) - 1), "attempts at the server");
  }
}

async function cutStream(place: Place): Promise<void> {
  const script = new Script([{ messages: 3, ...hang }]);
  const heard = new Counter();
  const call = play(place, script, { kind: "serverStreaming", method: STREAM }, () => heard.add());
  await heard.reach(3);
  const started = await Promise.all(place.backends.map(async (backend) => (await backend.report(script.id, 0)).started));
  assert.deepEqual([...started].sort(), [0, 1]);
  const [victim, other] = started[0] === 1 ? place.backends : [...place.backends].reverse();
  await victim?.kill();
  const outcome = await call;
  await victim?.restart();
  assert.ok(place.lost.includes(outcome.code), outcome.message);
  assert.equal(outcome.commitReason, "responseHeaders");
  assert.deepEqual(
    outcome.messages.map((message) => bytesOf(message).index),
    [1, 2, 3],
  );
  assert.equal(outcome.attempts.at(-1)?.outcome, "committed");
  assert.equal((await other?.report(script.id, 0))?.started, 0);
}
