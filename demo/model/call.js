// What is known of a call. Most of it is built from the package's events by the inspector (wasm/npm/src/inspector/call-record.ts), which
// also says how a call looks. Pure: instants are milliseconds on the clock of performance.now(). summary.js says how a call reads.

import { applyEvent, newRecord } from "../dist/waterfall.js";

/** A call before its first event: what the inspector knows of calls, and what only this page knows. */
export function newCall({ number, id, kind }) {
  return {
    ...newRecord(number),
    events: [], // in the order of arrival, for the export
    exchanges: [], // what run/traffic.js saw of each attempt, in the order in which they began
    id, // the Chaos service counts executions under this id
    kind, // "unary" | "stream" | "subscription" | "bidi"
    skipped: false, // the run was stopped before its turn came
    sent: [], // bidi: instants at which the application sent a message
    server: undefined, // the reply of Chaos.Report, once it has arrived
  };
}

/** Adds one event of the package to the call. */
export function addEvent(call, event) {
  call.events.push(event);
  applyEvent(call, event);
}

/** Notes that a response message reached the application. */
export function applyMessage(call, at) {
  call.version++;
  call.messages.push(at);
}

/** How many requests the server began to execute, or undefined while that is not known. */
export function executedBy(call) {
  return call.server?.started;
}

/**
 * What the server saw of an attempt. Attempts are told apart by the header grpc-previous-rpc-attempts, and those without it by their
 * order. If the browser sent a request twice by itself (a POST on a reused connection that broke), the server saw it twice; the last
 * one is the one that was answered.
 */
export function executionOf(call, attempt) {
  if (!call.server) return undefined;
  const header = attemptHeaderOf(call, attempt);
  const peers = call.attempts.filter((one) => attemptHeaderOf(call, one) === header);
  const found = call.server.executions.filter(({ previousAttempts }) => previousAttempts === header);
  return peers.length === 1 ? found.at(-1) : found[peers.indexOf(attempt)];
}

/** The header grpc-previous-rpc-attempts that an attempt was sent with, or should have been if nobody saw its request. */
function attemptHeaderOf(call, attempt) {
  const sent = call.exchanges[call.attempts.indexOf(attempt)]?.headers;
  if (sent) return sent.find(([name]) => name.toLowerCase() === "grpc-previous-rpc-attempts")?.[1] ?? "";
  return attempt.number === 1 ? "" : String(attempt.number - 1);
}
