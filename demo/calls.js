// Sends the calls of a run with the package, keeps their models up to date, and asks the server what it saw.

import { applyEvent, applyMessage, newCall } from "./model.js";

const service = "/hedgerow.chaos.v1.Chaos";
// The server needs a moment to notice an abort; what it has not noticed by then is reported as still running. An attempt that was
// aborted before it left the browser is waited for in vain.
const reportTimeoutMs = 600;

/**
 * A run of calls, all the same but for their ids. `channel` makes the calls and `observer`, a channel without a policy, asks for
 * the reports; `changed()` is called after each change of any model. `calls` can be drawn from the
 * start; `done` rejects only where something is wrong with this page or the package: a call that fails is a result.
 */
export function startRun({ channel, observer, messages, fault, kind, count, order, seed, random, signal, changed }) {
  const origin = performance.now();
  const calls = Array.from({ length: count }, (_, i) => newCall({ number: i + 1, id: crypto.randomUUID(), kind }));
  // All scripts are drawn before the first call, so that their order does not depend on which call ends when.
  const requests = calls.map((call) =>
    encodeRequest(messages, { callId: call.id, steps: fault.steps(kind, random), seed: BigInt(seed) }),
  );
  const reachable = fault.baseUrl === undefined;
  const sendOne = async (call, i) => {
    await send(channel, call, requests[i], { signal, changed, messages });
    call.server = reachable ? await report(observer, messages, call) : { started: 0, ended: 0, executions: [] };
    changed();
  };
  return { origin, calls, done: order === "sequence" ? inSequence(calls, sendOne, signal) : Promise.all(calls.map(sendOne)) };
}

async function inSequence(calls, sendOne, signal) {
  for (const [i, call] of calls.entries()) {
    if (signal.aborted) call.skipped = true;
    else await sendOne(call, i);
  }
}

function encodeRequest({ create, toBinary, RequestSchema }, request) {
  return toBinary(RequestSchema, create(RequestSchema, { ...request, payload: new TextEncoder().encode("Hello") }));
}

async function send(channel, call, request, { signal, changed }) {
  const options = {
    signal,
    onEvent(event) {
      applyEvent(call, event);
      changed();
    },
  };
  try {
    if (call.kind === "unary") {
      await channel.unary(`${service}/Do`, request, options);
      return;
    }
    for await (const _ of channel.serverStreaming(`${service}/Stream`, request, options)) {
      applyMessage(call, performance.now());
      changed();
    }
  } catch (error) {
    // How a call ended is in its events. What comes without them is a fault of this page or of the package, and must be seen.
    if (call.endedAt === undefined) throw error;
  }
}

/** Waits until the server has seen the end of every attempt, so that an abort is not reported as still running. */
async function report(observer, { create, fromBinary, toBinary, ReportRequestSchema, ReportReplySchema }, call) {
  const n = call.attempts.length;
  const ask = async (wait, timeoutMs) => {
    const request = create(ReportRequestSchema, { callId: call.id, waitForStarted: wait, waitForEnded: wait });
    const { message } = await observer.unary(`${service}/Report`, toBinary(ReportRequestSchema, request), { timeoutMs });
    return fromBinary(ReportReplySchema, message);
  };
  try {
    return await ask(n, reportTimeoutMs);
  } catch {
    return await ask(0, reportTimeoutMs).catch(() => undefined);
  }
}
