// The page's requests to the Chaos service of the server (server/proto/chaos/v1/chaos.proto). `messages` is dist/messages.js.

import { holdingSteps } from "../model/server-script.js";

const service = "/hedgerow.chaos.v1.Chaos";
export const methods = Object.freeze({
  unary: `${service}/Do`,
  stream: `${service}/Stream`,
  bidi: `${service}/Converse`,
  report: `${service}/Report`,
});

/**
 * How long the server is asked to wait until it has seen the end of every attempt. An abort reaches it a moment later; an attempt that
 * was aborted before it left the browser never does.
 */
const reportWaitMs = 600;

export function encodeRequest({ create, toBinary, RequestSchema }, request) {
  return toBinary(RequestSchema, create(RequestSchema, request));
}

/** What the server saw of a call, or undefined if it cannot be asked. */
export async function reportOf(channel, messages, call) {
  const n = call.attempts.length;
  try {
    return await ask(channel, messages, call, { wait: n, timeoutMs: reportWaitMs });
  } catch {
    // What the server has not noticed by now is reported as still running.
    return await ask(channel, messages, call, { wait: 0 }).catch(() => undefined);
  }
}

async function ask(channel, { create, fromBinary, toBinary, ReportRequestSchema, ReportReplySchema }, call, { wait, timeoutMs }) {
  const request = create(ReportRequestSchema, { callId: call.id, waitForStarted: wait, waitForEnded: wait });
  const { message } = await channel.unary(methods.report, toBinary(ReportRequestSchema, request), { timeoutMs });
  return fromBinary(ReportReplySchema, message);
}

/**
 * Opens `n` streams that stay open until the signal is aborted; answers when all of them have begun. Their first message tells that,
 * because Firefox tells no header before the body.
 */
export async function holdConnections(channel, messages, n, signal) {
  const begun = Array.from({ length: n }, () => {
    const request = encodeRequest(messages, { callId: "", steps: holdingSteps });
    const answers = channel.serverStreaming(methods.stream, request, { signal })[Symbol.asyncIterator]();
    return answers.next();
  });
  await Promise.allSettled(begun);
}
