// The dialog with everything that is known of one attempt.

import { codeName, formatMs, html, pushbackText, waitText, winnerOf } from "../dist/waterfall.js";
import { endings } from "../model/attempt-table.js";
import { executionOf } from "../model/call.js";
import { fieldsOf } from "../model/frames.js";

export class AttemptDialog {
  #dialog;

  constructor(dialog) {
    this.#dialog = dialog;
  }

  show(call, lane) {
    const attempt = call.attempts[lane];
    const title = `Call ${call.number}, attempt ${attempt.number}`;
    this.#dialog.setAttribute("aria-label", title);
    this.#dialog.replaceChildren(
      html("form", { method: "dialog", class: "close" }, html("button", { class: "quiet", autofocus: true }, "Close")),
      html("h2", {}, title),
      html("p", { class: "lead" }, resultText(call, attempt)),
      ...[
        ["Times", timesOf(call, attempt, lane)],
        ["On the server", serverOf(call, attempt)],
        ["Request headers", requestOf(call, lane)],
        ["Response", responseOf(call, lane)],
        ["Response headers", call.exchanges[lane]?.responseHeaders],
        ["Trailers (in the body)", trailersOf(call, lane)],
      ].flatMap(([name, fields]) => (fields?.length ? section(name, fields) : [])),
    );
    this.#dialog.showModal();
  }
}

function section(name, fields) {
  return [
    html("h3", {}, name),
    html("dl", { class: "facts" }, ...fields.flatMap(([term, value]) => [html("dt", {}, term), html("dd", {}, value)])),
  ];
}

function resultText(call, attempt) {
  const { outcome, code, statusMessage } = attempt;
  const kinds = {
    first: "The first attempt",
    retry: "A retry",
    hedge: "A hedge",
    transparent: "A transparent restart",
    refresh: "A restart with fresh credentials",
  };
  const how =
    outcome === "pending"
      ? "still running"
      : outcome === "aborted"
        ? "aborted by the client"
        : `ended with ${codeName(code)}${statusMessage ? `: ${statusMessage}` : ""}`;
  return `${kinds[attempt.kind] ?? attempt.kind}, ${how}${attempt === winnerOf(call) ? ". Its result is the call’s result" : ""}.`;
}

function timesOf(call, attempt, lane) {
  const after = (instant) => `${formatMs(instant - attempt.startedAt)} after its start`;
  const { timing, endAt } = call.exchanges[lane] ?? {};
  const connected = timing?.connectEnd > timing?.connectStart ? timing.connectEnd - timing.connectStart : undefined;
  const rows = [
    ["Started", `${formatMs(attempt.startedAt - call.startedAt)} after the call started`],
    ["Waited before", waitText(call, lane)],
    ["Left the browser", attempt.sentAt ? after(attempt.sentAt) : timing?.requestStart ? "at once" : "unknown"],
    connected !== undefined && ["Connecting took", formatMs(connected)],
    ["Headers", attempt.headAt === undefined ? "none" : after(attempt.headAt)],
    endAt !== undefined && ["End of body", after(endAt)],
    ["Ended", attempt.endedAt === undefined ? "not yet" : after(attempt.endedAt)],
    ["Pushback", pushbackText(attempt.pushback)],
  ];
  return rows.filter(Boolean);
}

function serverOf(call, attempt) {
  if (!call.server) return [["", "The server has not been asked yet."]];
  const execution = executionOf(call, attempt);
  if (!execution) return [["", "This attempt never arrived."]];
  const { startedUs, endedUs, ending, code, previousAttempts, timeout } = execution;
  return [
    ["Started", `${formatMs(Number(startedUs) / 1000)} after the first attempt that it saw`],
    ["Ended", endedUs > 0n ? `after ${formatMs(Number(endedUs - startedUs) / 1000)}: ${endings[ending]}` : endings[ending]],
    ["Status", codeName(code)],
    ["grpc-previous-rpc-attempts", previousAttempts || "absent"],
    ["grpc-timeout", timeout || "absent"],
    ["Executions of this call", String(call.server.started)],
  ];
}

const requestOf = (call, lane) => call.exchanges[lane]?.headers;

function responseOf(call, lane) {
  const exchange = call.exchanges[lane];
  if (!exchange)
    return [["", call.kind === "bidi" ? "It came over a WebSocket, where the page sees no headers." : "No request was made."]];
  const rows = [
    ["HTTP status", exchange.status ? String(exchange.status) : (exchange.failure ?? "none")],
    ["Protocol", exchange.timing?.nextHopProtocol || "unknown"],
    exchange.frames && ["Body", `${exchange.frames.bytes} bytes, ${exchange.frames.messages} messages`],
  ];
  return rows.filter(Boolean);
}

function trailersOf(call, lane) {
  const text = call.exchanges[lane]?.frames?.trailers;
  return text === undefined ? undefined : fieldsOf(text);
}
