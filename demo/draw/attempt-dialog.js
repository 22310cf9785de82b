// Everything that is known of one attempt, in a dialog.

import { executionOf, sentAt, winnerOf } from "../model/call.js";
import { nameOf } from "../model/codes.js";
import { fieldsOf } from "../model/frames.js";
import { endings, formatMs, pushbackText, waitText } from "../model/words.js";
import { html } from "./dom.js";

export class Facts {
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
        ["The server saw", serverOf(call, attempt)],
        ["Request headers", requestOf(call, lane)],
        ["Response", responseOf(call, lane)],
        ["Response headers", call.exchanges[lane]?.responseHeaders],
        ["Trailers, in the body", trailersOf(call, lane)],
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
  const kinds = { first: "The first one", retry: "A retry", hedge: "A hedge", transparent: "A transparent restart" };
  const how =
    outcome === "pending"
      ? "still running"
      : outcome === "aborted"
        ? "aborted by the client"
        : `ended with ${nameOf(code)}${statusMessage ? `: ${statusMessage}` : ""}`;
  return `${kinds[attempt.kind] ?? attempt.kind}, ${how}${attempt === winnerOf(call) ? "; its result is the call’s" : ""}.`;
}

function timesOf(call, attempt, lane) {
  const after = (instant) => `${formatMs(instant - attempt.startedAt)} after its start`;
  const { timing, endAt } = call.exchanges[lane] ?? {};
  const connected = timing?.connectEnd > timing?.connectStart ? timing.connectEnd - timing.connectStart : undefined;
  const rows = [
    ["started", `${formatMs(attempt.startedAt - call.startedAt)} after the call`],
    ["waited before", waitText(call, lane)],
    ["left the browser", sentAt(call, lane) ? after(sentAt(call, lane)) : timing?.requestStart ? "at once" : "not told"],
    connected !== undefined && ["of that, connecting", formatMs(connected)],
    ["head", attempt.headAt === undefined ? "none" : after(attempt.headAt)],
    endAt !== undefined && ["body’s end", after(endAt)],
    ["ended", attempt.endedAt === undefined ? "not yet" : after(attempt.endedAt)],
    ["pushback", pushbackText(attempt.pushback)],
  ];
  return rows.filter(Boolean);
}

function serverOf(call, attempt) {
  if (!call.server) return [["", "not asked yet"]];
  const execution = executionOf(call, attempt);
  if (!execution) return [["", "nothing of this attempt"]];
  const { startedUs, endedUs, ending, code, previousAttempts, timeout } = execution;
  return [
    ["began", `${formatMs(Number(startedUs) / 1000)} after the first attempt it saw`],
    ["ended", endedUs > 0n ? `after ${formatMs(Number(endedUs - startedUs) / 1000)}: ${endings[ending]}` : endings[ending]],
    ["its status", nameOf(code)],
    ["grpc-previous-rpc-attempts", previousAttempts || "absent"],
    ["grpc-timeout", timeout || "absent"],
    ["executions of this call", String(call.server.started)],
  ];
}

const requestOf = (call, lane) => call.exchanges[lane]?.headers;

function responseOf(call, lane) {
  const exchange = call.exchanges[lane];
  if (!exchange) return [["", call.kind === "bidi" ? "over a WebSocket, where the page sees no headers" : "none was asked for"]];
  const rows = [
    ["HTTP status", exchange.status ? String(exchange.status) : (exchange.failure ?? "none")],
    ["protocol", exchange.timing?.nextHopProtocol || "not told"],
    exchange.frames && ["body", `${exchange.frames.bytes} bytes, ${exchange.frames.messages} messages`],
  ];
  return rows.filter(Boolean);
}

function trailersOf(call, lane) {
  const text = call.exchanges[lane]?.frames?.trailers;
  return text === undefined ? undefined : fieldsOf(text);
}
