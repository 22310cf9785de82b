// Makes the calls of a run with the package, keeps their models up to date, and asks the server what it saw of them.

import { addEvent, applyMessage, newCall } from "../model/call.js";
import { conversationSteps, stepsOf } from "../model/server-script.js";
import { callCountOf, numberOf } from "../model/settings.js";
import { Subscription } from "../model/subscription.js";
import { encodeRequest, holdConnections, methods, reportOf } from "./chaos.js";
import { forEachLimited, schedules } from "./schedules.js";

/** How long the streams that hold connections stay open, counted from the first call. */
const holdMs = 1200;

/**
 * Starts a run: calls that are all the same, apart from their ids and what the seed draws. `channel` makes the calls, and `observer`,
 * a channel without a policy, asks for the server's reports; `counted` says whether the server counts these calls at all. `changed()`
 * is called after each change of a model.
 *
 * Answers with { calls, origin, done }: the models, which can be drawn at once, the instant that the run counts from, and a promise
 * that rejects only if something is wrong with this page or the package. A call that fails is a result, not an error.
 */
export function startRun({ settings, counted, channel, observer, messages, signal, changed }) {
  const { kind, order, rate, seed, size, hold } = settings.calls;
  const calls = Array.from({ length: callCountOf(settings) }, (_, i) =>
    newCall({ number: i + 1, id: crypto.randomUUID(), kind }),
  );
  const payload = new Uint8Array(numberOf(size, { most: 4 << 20 })).fill(0x68);
  const draws = { kind, seed: numberOf(seed, { most: 2 ** 32 }) };
  const sendOne = (call) => {
    const steps =
      kind === "bidi" ? conversationSteps(settings.server) : stepsOf(settings.server, { ...draws, number: call.number });
    return send(channel, call, encodeRequest(messages, { callId: call.id, steps, payload }), { signal, changed, messages });
  };
  const askFor = async (call) => {
    call.server = counted ? await reportOf(observer, messages, call) : { started: 0, ended: 0, executions: [] };
    call.version++;
    changed();
  };
  const run = { calls, origin: performance.now() };
  run.done = (async () => {
    const held = new AbortController();
    await holdConnections(observer, messages, numberOf(hold, { most: 20 }), AbortSignal.any([signal, held.signal]));
    run.origin = performance.now();
    const release = setTimeout(() => held.abort(), holdMs);
    try {
      await schedules[order](calls, sendOne, { signal, gapMs: 1000 / numberOf(rate, { least: 0.1, most: 1000 }) });
    } finally {
      clearTimeout(release);
      held.abort();
    }
    // Only now, because asking earlier would take connections from the calls.
    await forEachLimited(
      calls.filter(({ skipped }) => !skipped),
      askFor,
    );
  })();
  return run;
}

async function send(channel, call, request, { signal, changed, messages }) {
  const subscription = call.kind === "subscription" ? new Subscription(call) : undefined;
  const options = {
    signal,
    onEvent(event) {
      if (subscription) subscription.addEvent(event);
      else addEvent(call, event);
      changed();
    },
  };
  try {
    if (call.kind === "unary") {
      await channel.unary(methods.unary, request, options);
      return;
    }
    for await (const _ of opened(channel, call, request, options, { messages, changed })) {
      applyMessage(call, performance.now());
      call.heard?.();
      changed();
    }
    subscription?.end();
  } catch (error) {
    subscription?.end();
    // How a call ended is in its events. An error without them is a fault of this page or of the package, and must be seen.
    if (call.endedAt === undefined) throw error;
    call.explanation = error.explain();
    call.version++;
    changed();
  }
}

function opened(channel, call, request, options, { messages, changed }) {
  switch (call.kind) {
    case "stream":
      return channel.serverStreaming(methods.stream, request, options);
    case "subscription":
      return channel.resumableStreaming(methods.stream, sourceOf(request), options);
    default:
      return channel.bidiStreaming(methods.bidi, conversation(call, request, messages, changed), options);
  }
}

/**
 * A source whose cursor counts messages. A real request would say after which message to go on. This one need not: the n-th request with
 * a call's id plays step n of its script, and the script divides the messages among the streams.
 */
function sourceOf(request) {
  return { request: () => request, cursor: (_, before = 0) => before + 1 };
}

/**
 * Five messages, each sent once the one before has been answered, which only a full-duplex transport allows. The first one carries the
 * script.
 */
async function* conversation(call, request, messages, changed) {
  for (let n = 0; n < 5; n++) {
    const answered = new Promise((resolve) => {
      call.heard = resolve;
    });
    call.sent.push(performance.now());
    changed();
    yield n === 0 ? request : encodeRequest(messages, { callId: call.id, payload: new TextEncoder().encode(`message ${n + 1}`) });
    if (n < 4) await answered;
  }
}
