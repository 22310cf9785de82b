// The package in Node and in Chromium against two servers whose gRPC-Web has no code in common: grpc-go behind the improbable
// wrapper, and connect-go. What the client reports and what the server counted must agree.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "hedgerow";
import { Ending, type Execution, RequestSchema } from "../gen/chaos/v1/chaos_pb.js";
import { hedging, retrying } from "../support/calls.js";
import { COLLECT, CONVERSE, cut, DO, hang, reply, Script, STREAM, type StepInit, status } from "../support/server.js";
import type { Call, Fields, Outcome } from "./call.js";
import { type Client, chromiumClients, nodeClients } from "./clients.js";
import { Backend } from "./processes.js";

const busy = status(Code.UNAVAILABLE, "busy");
const binary = [0, 255, 128, 97];
const large = "x".repeat(6000);

/** One client and one server. */
interface Pair {
  readonly client: Client;
  readonly backend: Backend;
  /** Plays the steps, with retries unless options say otherwise. */
  play(
    steps: StepInit[],
    options?: Partial<Call>,
    heard?: (script: Script) => void,
  ): Promise<{ outcome: Outcome; script: Script }>;
  /** Returns what the server saw when so many attempts have ended, and checks that there are no more. */
  report(script: Script, attempts: number): Promise<Execution[]>;
}

const parts: { readonly name: string; readonly run: (pair: Pair) => Promise<void> }[] = [
  { name: "metadata goes both ways, binary and large", run: metadata },
  { name: "an error has its details and any text", run: details },
  { name: "a transient fault is healed", run: healed },
  { name: "a failure behind headers commits where the server sends a head", run: behindHeaders },
  { name: "pushback is heard", run: pushback },
  { name: "hedges have one winner", run: hedges },
  { name: "a deadline reaches the server", run: deadline },
  { name: "a server stream", run: serverStream },
  { name: "a server stream that breaks", run: brokenStream },
  { name: "a client stream", run: clientStream },
  { name: "a bidirectional stream", run: bidiStream },
  { name: "an unknown method", run: unknownMethod },
];

for (const kind of ["wrapper", "connect-go"] as const) {
  test(kind, async (t) => {
    const backend = await Backend.start(kind);
    t.after(() => backend.kill());
    const trust = { pem: [backend.pem], spki: [backend.spki] };
    for (const client of [...nodeClients(t, trust), ...(await chromiumClients(t, trust))]) {
      await t.test(client.name, async (t) => {
        for (const { name, run } of parts) await t.test(name, () => run(pairOf(client, backend)));
      });
    }
  });
}

function pairOf(client: Client, backend: Backend): Pair {
  return {
    client,
    backend,
    async play(steps, options = {}, heard = () => {}) {
      const script = new Script(steps);
      const call = { baseUrl: client.baseUrl(backend), kind: "unary", method: DO, serviceConfig: retrying() } as const;
      return {
        script,
        outcome: await client.call({ ...call, messages: [Array.from(script.bytes)], ...options }, () => heard(script)),
      };
    },
    async report(script, attempts) {
      const report = await backend.report(script.id, attempts);
      assert.equal(report.started, attempts, "attempts at the server");
      return report.executions;
    },
  };
}

const field = (fields: Fields, name: string) => fields.find(([n]) => n === name)?.[1];
const previous = (executions: Execution[]) => executions.map(({ previousAttempts }) => previousAttempts).sort();
const more = (text: string) =>
  Array.from(toBinary(RequestSchema, create(RequestSchema, { payload: new TextEncoder().encode(text) })));
const textOf = (message: readonly number[] | undefined) =>
  new TextDecoder().decode(reply(Uint8Array.from(message ?? [])).payload);

async function metadata({ play, report }: Pair): Promise<void> {
  const step = {
    header: [
      { name: "x-head", value: "h" },
      { name: "x-head-bin", binary: Uint8Array.from(binary) },
    ],
    trailer: [
      { name: "x-tail", value: large },
      { name: "x-tail-bin", binary: Uint8Array.from(binary) },
    ],
  };
  const { outcome, script } = await play([step], {
    metadata: [
      ["x-up", large],
      ["x-up-bin", binary],
    ],
  });
  assert.equal(outcome.code, 0, outcome.message);
  assert.equal(field(outcome.header, "x-head"), "h");
  assert.deepEqual(field(outcome.header, "x-head-bin"), binary);
  assert.equal(field(outcome.trailer, "x-tail"), large);
  assert.deepEqual(field(outcome.trailer, "x-tail-bin"), binary);
  const { requestHeader } = reply(Uint8Array.from(outcome.messages[0] ?? []));
  const seen = new Map(requestHeader.map(({ name, value }) => [name, value]));
  assert.equal(seen.get("x-up"), large);
  assert.equal(seen.get("x-up-bin"), "AP+AYQ");
  assert.deepEqual(previous(await report(script, 1)), [""]);
}

async function details({ play, report }: Pair): Promise<void> {
  const value = Buffer.alloc(4000, 7);
  const detail = { typeUrl: "type.googleapis.com/google.rpc.Any", value };
  const text = "größer\n100% 世界";
  const step = {
    trailer: [{ name: "x-tail", value: "t" }],
    end: { case: "status" as const, value: { code: Code.ABORTED, message: text, details: [detail] } },
  };
  const { outcome, script } = await play([step]);
  assert.deepEqual([outcome.code, outcome.message, outcome.commitReason], [Code.ABORTED, text, "fatalStatus"]);
  assert.equal(field(outcome.trailer, "x-tail"), "t");
  assert.ok(Buffer.from(outcome.details).includes(value), "the detail arrived");
  assert.equal((await report(script, 1))[0]?.code, Code.ABORTED);
}

async function healed({ client, play, report }: Pair): Promise<void> {
  const { outcome, script } = await play([busy, busy, {}]);
  assert.equal(outcome.code, 0, outcome.message);
  assert.deepEqual(
    outcome.attempts.map(({ code }) => code),
    [Code.UNAVAILABLE, Code.UNAVAILABLE, Code.OK],
  );
  assert.equal(field(outcome.header, "grpc-previous-rpc-attempts"), "2");
  assert.deepEqual(previous(await report(script, 3)), ["", "1", "2"]);
  const lost = await play([cut(), {}]);
  assert.equal(lost.outcome.code, 0, lost.outcome.message);
  const seen = previous(await report(lost.script, 2));
  // Over HTTP/1.1 Chromium retries a request by itself when a connection is lost that it has used before.
  if (!client.browser || client.http2) assert.deepEqual(seen, ["", "1"]);
}

/**
 * If a handler sets headers and then fails, connect-go sends a head and then a trailers frame. The head commits (SEMANTICS 5.1f,
 * strict).
 */
async function behindHeaders({ backend, play, report }: Pair): Promise<void> {
  const failing = { header: [{ name: "x-head", value: "h" }], ...busy };
  for (const options of [{}, { kind: "serverStreaming", method: STREAM }] as const) {
    const { outcome, script } = await play([failing, { messages: 1 }], options);
    if (backend.kind === "wrapper") {
      assert.equal(outcome.code, 0, outcome.message);
      await report(script, 2);
    } else {
      assert.deepEqual([outcome.code, outcome.message, outcome.commitReason], [Code.UNAVAILABLE, "busy", "responseHeaders"]);
      assert.equal(field(outcome.header, "x-head"), "h");
      await report(script, 1);
    }
  }
}

async function pushback({ play, report }: Pair): Promise<void> {
  const later = await play([{ ...busy, pushback: ["120"] }, {}]);
  assert.deepEqual(later.outcome.attempts[0]?.pushback, { delayMs: 120 });
  assert.ok(Number((await report(later.script, 2))[1]?.startedUs) >= 120_000);
  const never = await play([{ ...busy, pushback: ["-1"] }, {}]);
  assert.deepEqual([never.outcome.message, never.outcome.commitReason], ["busy", "pushback"]);
  await report(never.script, 1);
}

async function hedges({ play, report }: Pair): Promise<void> {
  const { outcome, script } = await play([hang, hang, {}], { serviceConfig: hedging() });
  assert.equal(outcome.code, 0, outcome.message);
  assert.equal(reply(Uint8Array.from(outcome.messages[0] ?? [])).attempt, 3, "the winner");
  assert.deepEqual(outcome.attempts.map((attempt) => attempt.outcome).sort(), ["aborted", "aborted", "committed"]);
  const executions = await report(script, 3);
  assert.deepEqual(
    executions.map(({ ending }) => ending),
    [Ending.CANCELLED, Ending.CANCELLED, Ending.PLAYED],
  );
}

async function deadline({ play, report }: Pair): Promise<void> {
  const { outcome, script } = await play([hang], { timeoutMs: 1000 });
  assert.equal(outcome.code, Code.DEADLINE_EXCEEDED);
  const [execution] = await report(script, 1);
  assert.match(execution?.timeout ?? "", /^\d+m$/);
  assert.ok([Ending.CANCELLED, Ending.DEADLINE].includes(execution?.ending as Ending));
}

async function serverStream({ play, report }: Pair): Promise<void> {
  const options = { kind: "serverStreaming", method: STREAM } as const;
  const { outcome, script } = await play([busy, { messages: 5, trailer: [{ name: "x-tail", value: "t" }] }], options);
  assert.equal(outcome.code, 0, outcome.message);
  assert.deepEqual(
    outcome.messages.map((message) => reply(Uint8Array.from(message)).index),
    [1, 2, 3, 4, 5],
  );
  assert.equal(field(outcome.trailer, "x-tail"), "t");
  assert.deepEqual(previous(await report(script, 2)), ["", "1"]);
}

/** The stream ends only when its messages have been read, because at a cut Chromium drops what the page has not read. */
async function brokenStream({ client, backend, play, report }: Pair): Promise<void> {
  const options = { kind: "serverStreaming", method: STREAM } as const;
  for (const [end, text] of [
    [status(Code.UNAVAILABLE, "late"), /^late$/],
    [cut(), /connection was lost/],
  ] as const) {
    let heard = 0;
    let released: Promise<void> | undefined;
    const { outcome, script } = await play([{ messages: 3, waitForStarted: 2, ...end }, {}], options, ({ bytes }) => {
      if (++heard === 3) released = backend.release(bytes);
    });
    await released;
    assert.deepEqual([outcome.code, outcome.commitReason], [Code.UNAVAILABLE, "responseHeaders"], client.name);
    assert.match(outcome.message, text);
    assert.equal(outcome.messages.length, 3);
    await report(script, 2);
  }
}

async function clientStream({ play, report }: Pair): Promise<void> {
  const script = new Script([busy, {}]);
  const messages = [Array.from(script.bytes), more("ping"), more("-pong")];
  const { outcome } = await play([], { kind: "clientStreaming", method: COLLECT, messages });
  assert.equal(outcome.code, 0, outcome.message);
  assert.equal(textOf(outcome.messages[0]), "ping-pong");
  assert.deepEqual(
    (await report(script, 2)).map(({ received }) => received),
    [3, 3],
  );
}

async function bidiStream({ client, backend, play, report }: Pair): Promise<void> {
  const script = new Script([]);
  const messages = [Array.from(script.bytes), more("ping"), more("pong")];
  const { outcome } = await play([], { kind: "bidiStreaming", method: CONVERSE, messages });
  if (backend.kind === "connect-go" && !client.http2) {
    // connect-go serves such calls over HTTP/2 only. Over HTTP/1.1 it answers without a gRPC status.
    assert.deepEqual([outcome.code, outcome.attempts[0]?.httpStatus], [Code.UNKNOWN, 505]);
    return;
  }
  assert.equal(outcome.code, 0, outcome.message);
  assert.deepEqual(outcome.messages.map(textOf), ["", "ping", "pong"]);
  assert.equal((await report(script, 1))[0]?.received, 3);
}

async function unknownMethod({ play, report }: Pair): Promise<void> {
  const { outcome, script } = await play([{}], { method: "/hedgerow.chaos.v1.Chaos/Nothing" });
  assert.equal(outcome.code, Code.UNIMPLEMENTED);
  await report(script, 0);
}
