// Plays one attempt of a call, as server/script and server/chaos.go do. What a service worker cannot do is left out: a connection that
// breaks in the middle of a frame breaks before it, and there is no WebSocket.

import { fail, networkError, reply } from "hedgerow/testing";
import {
  create,
  Ending,
  fromBinary,
  ReplySchema,
  ReportReplySchema,
  ReportRequestSchema,
  RequestSchema,
  toBinary,
} from "../dist/messages.js";

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;

/** A step for hedgerow/testing that answers a request to Do or Stream. `done` is called when its response has ended. */
export async function play(calls, request, done) {
  const { callId, steps, payload } = fromBinary(RequestSchema, request.message);
  const execution = calls.begin(callId || crypto.randomUUID(), {
    method: request.method,
    previousAttempts: request.headers.get("grpc-previous-rpc-attempts") ?? "",
    timeout: request.headers.get("grpc-timeout") ?? "",
  });
  const step = steps[Math.min(execution.attempt, steps.length) - 1] ?? {};
  const patience = new Patience(request);
  const end = (ending, code) => {
    patience.end();
    execution.end(ending, code);
    done();
  };
  const attempt = { step, patience, execution, request, payload, streams: request.method.endsWith("/Stream"), end };
  try {
    await patience.wait(step.delay);
    const early = step.earlyHeader || (attempt.streams && step.messages > 0);
    if (early) return reply(partsOf(attempt));
    const parts = [];
    for await (const part of partsOf(attempt)) parts.push(part);
    const [only] = parts;
    return parts.length === 1 && !ArrayBuffer.isView(only) ? only : reply(parts);
  } catch (error) {
    return ended(error, end);
  }
}

/** The messages of an attempt and how it ends, each when its time has come. */
async function* partsOf(attempt) {
  const { step, patience, streams, end } = attempt;
  try {
    for (let index = 1; streams && index <= (step.messages ?? 0); index++) {
      await patience.wait(step.messageDelay);
      yield messageOf(attempt, index);
    }
    await patience.wait(step.endDelay);
    if (step.end?.case === "hang") await patience.forever();
    const status = step.end?.case === "status" && step.end.value;
    const cut = step.end?.case === "cut" || step.end?.case === "raw";
    if (!status && !cut && !streams) yield messageOf(attempt, 1);
    end(Ending.PLAYED, status ? status.code : 0);
    if (cut) yield networkError();
    if (status) yield fail(status.code, { message: status.message, pushbackMs: pushbackOf(step) });
  } catch (error) {
    yield ended(error, end);
  }
}

/** How an attempt ends whose client left or whose time is up. */
function ended(error, end) {
  if (error instanceof TooLate) {
    end(Ending.DEADLINE, DEADLINE_EXCEEDED);
    return fail(DEADLINE_EXCEEDED, { message: "the time that the client gave is up" });
  }
  end(Ending.CANCELLED, CANCELLED);
  throw error;
}

function pushbackOf({ pushback }) {
  const [value] = pushback ?? [];
  if (value === undefined) return undefined;
  return Number(value) < 0 ? "stop" : Number(value);
}

function messageOf({ execution, request, payload }, index) {
  const requestHeader = index === 1 ? Array.from(request.headers, ([name, value]) => ({ name, value })) : [];
  return toBinary(ReplySchema, create(ReplySchema, { attempt: execution.attempt, index, payload, received: 1, requestHeader }));
}

/** A step that answers a request to Report. */
export async function report(calls, request, done) {
  const { callId, waitForStarted, waitForEnded } = fromBinary(ReportRequestSchema, request.message);
  const patience = new Patience(request);
  try {
    const found = await calls.report(callId, waitForStarted, waitForEnded, patience.signal);
    return reply(toBinary(ReportReplySchema, create(ReportReplySchema, found)));
  } catch {
    return fail(DEADLINE_EXCEEDED, { message: "not so many attempts have begun and ended" });
  } finally {
    patience.end();
    done();
  }
}

class TooLate extends Error {}

/** How long an attempt may go on: until the client leaves, or the time is up that its grpc-timeout gives. */
class Patience {
  signal;
  #late = new AbortController();
  #timer;

  constructor({ signal, timeoutMs }) {
    this.signal = AbortSignal.any([signal, this.#late.signal]);
    if (Number.isFinite(timeoutMs)) this.#timer = setTimeout(() => this.#late.abort(new TooLate()), timeoutMs);
  }

  end() {
    clearTimeout(this.#timer);
  }

  /** Waits as long as a chaos.v1.Delay says: the page draws all that is random, so delays are fixed. */
  wait(delay) {
    const ms = delay?.distribution.value ?? 0;
    return this.#until((resolve) => (ms > 0 ? setTimeout(resolve, ms) : resolve()));
  }

  forever() {
    return this.#until(() => {});
  }

  #until(begin) {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      begin(resolve);
    });
  }
}
