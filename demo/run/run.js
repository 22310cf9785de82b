// Sends the calls of a run with the package, keeps their models up to date, and asks the server what it saw.

import { applyEvent, applyMessage, newCall } from "../model/call.js";
import { conversing, holding, stepsOf } from "../model/server-script.js";
import { numberOf } from "../model/settings.js";

const service = "/hedgerow.chaos.v1.Chaos";
// The server needs a moment to notice an abort; what it has not noticed by then is reported as still running. An attempt that was
// aborted before it left the browser is waited for in vain.
const reportTimeoutMs = 600;
// How long the streams last that occupy connections.
const holdMs = 1200;

/** At most so many; more are slow to look at, not to send. */
export const mostCalls = 2000;

/**
 * A run of calls, all the same but for their ids and what the seed draws. `channel` makes the calls and `observer`, a channel without
 * a policy, asks for the reports; `changed()` is called after each change of any model. `calls` can be drawn from the start; `done`
 * rejects only where something is wrong with this page or the package: a call that fails is a result.
 */
export function startRun({ settings, counted, channel, observer, messages, signal, changed }) {
  const { kind, order, count, rate, seed, size, hold } = settings.calls;
  const total = Math.floor(numberOf(count, { least: 1, most: mostCalls }));
  const calls = Array.from({ length: total }, (_, i) => newCall({ number: i + 1, id: crypto.randomUUID(), kind }));
  const payload = new Uint8Array(numberOf(size, { most: 4 << 20 })).fill(0x68);
  const draws = { kind, seed: numberOf(seed, { most: 2 ** 32 }) };
  const requestOf = (call) => {
    const steps = kind === "bidi" ? conversing(settings.server) : stepsOf(settings.server, { ...draws, number: call.number });
    return encode(messages, { callId: call.id, steps, payload });
  };
  const run = { calls, origin: performance.now() };
  const sendOne = async (call) => {
    await send(channel, call, requestOf(call), { signal, changed, messages });
  };
  const askFor = async (call) => {
    call.server = counted ? await report(observer, messages, call) : { started: 0, ended: 0, executions: [] };
    call.version++;
    changed();
  };
  const schedules = { sequence: inSequence, paced, together: (list) => Promise.all(list.map(sendOne)) };
  run.done = (async () => {
    const streams = await occupy(observer, messages, numberOf(hold, { most: 20 }));
    run.origin = performance.now();
    await schedules[order](calls, sendOne, { signal, gapMs: 1000 / numberOf(rate, { least: 0.1, most: 1000 }) });
    await Promise.allSettled(streams);
    // Only now: what asks the server meanwhile would take connections from the calls.
    await pooled(
      calls.filter(({ skipped }) => !skipped),
      askFor,
    );
  })();
  return run;
}

async function inSequence(calls, sendOne, { signal }) {
  for (const call of calls) {
    if (signal.aborted) skip(call);
    else await sendOne(call);
  }
}

/** Each at its own instant, whatever became of the ones before: callers do not wait for each other. */
function paced(calls, sendOne, { signal, gapMs }) {
  const begin = performance.now();
  const sent = [];
  return new Promise((resolve, reject) => {
    const next = () => {
      // A few at a time: what is late must not make everything else late.
      const most = sent.length + 4;
      while (sent.length < Math.min(calls.length, most) && (signal.aborted || performance.now() >= begin + sent.length * gapMs)) {
        const call = calls[sent.length];
        sent.push(signal.aborted ? skip(call) : sendOne(call));
      }
      if (sent.length < calls.length) setTimeout(next, Math.max(0, begin + sent.length * gapMs - performance.now()));
      else Promise.all(sent).then(resolve, reject);
    };
    next();
  });
}

/** Does so for each of a list, some at a time. */
async function pooled(list, act) {
  const left = list.values();
  const work = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: 12 }, work));
}

function skip(call) {
  call.skipped = true;
  call.version++;
}

/** Opens streams that stay open for a while; answers when all have begun, with what waits for their ends. */
async function occupy(observer, messages, n) {
  const streams = Array.from({ length: n }, () => {
    const stream = observer.serverStreaming(`${service}/Stream`, encode(messages, { callId: "", steps: holding(holdMs) }));
    const ended = (async () => {
      for await (const _ of stream);
    })();
    ended.catch(() => {}); // a page that is left ends them early
    return { ended, begun: stream.header };
  });
  await Promise.allSettled(streams.map(({ begun }) => begun));
  return streams.map(({ ended }) => ended);
}

function encode({ create, toBinary, RequestSchema }, request) {
  return toBinary(RequestSchema, create(RequestSchema, request));
}

async function send(channel, call, request, { signal, changed, messages }) {
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
    const stream =
      call.kind === "stream"
        ? channel.serverStreaming(`${service}/Stream`, request, options)
        : channel.bidiStreaming(`${service}/Converse`, conversation(call, request, messages, changed), options);
    for await (const _ of stream) {
      applyMessage(call, performance.now());
      call.heard?.();
      changed();
    }
  } catch (error) {
    // How a call ended is in its events. What comes without them is a fault of this page or of the package, and must be seen.
    if (call.endedAt === undefined) throw error;
  }
}

/** Five messages, each sent when the one before was answered: what only full duplex allows. The first one carries the script. */
async function* conversation(call, request, messages, changed) {
  for (let n = 0; n < 5; n++) {
    const answered = new Promise((resolve) => {
      call.heard = resolve;
    });
    call.sent.push(performance.now());
    changed();
    yield n === 0 ? request : encode(messages, { callId: call.id, payload: new TextEncoder().encode(`message ${n + 1}`) });
    if (n < 4) await answered;
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
    return await ask(0, 5 * reportTimeoutMs).catch(() => undefined);
  }
}
