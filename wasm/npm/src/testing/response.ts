import { Code, Metadata } from "../index.js";
import { frame } from "./frames.js";
import type { Exchange } from "./request.js";
import { type Answer, type Ending, type Failure, fail, type Part, type Reply, reply, shown } from "./steps.js";

const TRAILERS = 0x80;

/** Reports a mistake in the test's script to the server's verify, and returns a failure for the call that is not retried. */
export type Blame = (text: string) => Failure;

/** Answers a request. Rejects if fetch would. */
export async function play(exchange: Exchange, answer: Answer, blame: Blame): Promise<Response> {
  switch (answer.kind) {
    case "later":
      await exchange.wait(answer.ms);
      return play(exchange, answer.what, blame);
    case "hang":
      return exchange.hang();
    case "networkError":
      exchange.end();
      throw new TypeError(answer.message);
    case "httpError":
      exchange.end();
      return new Response(NO_BODY.includes(answer.status) ? null : answer.body, answer);
    case "fail":
      exchange.end();
      return new Response(null, { headers: headersOf(exchange, fieldsOf(answer)) });
    case "cut":
      return play(exchange, reply([answer]), blame);
    case "reply":
      return new Response(bodyOf(exchange, answer, blame), { headers: headersOf(exchange, textOf(answer.header)) });
  }
}

/** Statuses whose responses have no body. */
const NO_BODY: readonly number[] = [204, 205, 304];

type Fields = [name: string, value: string][];

function headersOf({ headers }: Exchange, fields: Fields): Headers {
  const sent = headers.get("content-type") ?? "";
  // The same type as the request's, which some clients insist on. But base64 is not written here, and every client reads bytes.
  const type = sent.startsWith("application/grpc-web") && !sent.includes("-text") ? sent : "application/grpc-web+proto";
  return new Headers([["content-type", type], ...fields]);
}

function base64(raw: Uint8Array): string {
  return btoa(Array.from(raw, (byte) => String.fromCharCode(byte)).join(""));
}

function textOf(metadata: Metadata): Fields {
  return Array.from(metadata, ([name, value]) => [name, typeof value === "string" ? value : base64(value)]);
}

function fieldsOf({ code, options: { message, pushbackMs, details, trailer } }: Failure): Fields {
  const fields: Fields = [["grpc-status", String(code)]];
  if (message) fields.push(["grpc-message", encodeURIComponent(message).replaceAll("%20", " ")]);
  if (pushbackMs !== undefined) fields.push(["grpc-retry-pushback-ms", pushbackMs === "stop" ? "-1" : String(pushbackMs)]);
  if (details) fields.push(["grpc-status-details-bin", base64(details)]);
  return [...fields, ...textOf(new Metadata(trailer))];
}

/** The body is sent whether it is read or not: its delays are the server's. */
function bodyOf(exchange: Exchange, answer: Reply, blame: Blame): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => void send(exchange, answer, controller, blame),
    cancel: (reason) => exchange.abort(reason),
  });
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

async function send(exchange: Exchange, answer: Reply, controller: Controller, blame: Blame): Promise<void> {
  try {
    const ending = await sendParts(exchange, answer, controller).catch((error): Ending => {
      if (exchange.aborted) throw error;
      return blame(`the parts of the reply to ${exchange.method} could not be had: ${String(error)}`);
    });
    if (ending?.kind === "hang") await exchange.hang();
    if (ending?.kind === "networkError") throw new TypeError(ending.message);
    if (ending?.kind !== "cut") {
      const fields = ending?.kind === "fail" ? fieldsOf(ending) : [["grpc-status", "0"], ...textOf(answer.trailer)];
      const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      controller.enqueue(frame(new TextEncoder().encode(lines), TRAILERS));
    }
    controller.close();
  } catch (error) {
    controller.error(error);
  }
  exchange.end();
}

/** Sends a reply's messages; answers with how it ends, if not well. */
async function sendParts(exchange: Exchange, { parts }: Reply, controller: Controller): Promise<Ending | undefined> {
  for await (const part of parts) {
    let what: Part = part;
    while (!ArrayBuffer.isView(what) && what?.kind === "later") {
      await exchange.wait(what.ms);
      what = what.what;
    }
    exchange.signal.throwIfAborted();
    if (ArrayBuffer.isView(what)) controller.enqueue(frame(what));
    else if (ENDINGS.includes(what?.kind)) return what;
    else throw new TypeError(`a part is a message, a Uint8Array, or an ending such as fail, not ${shown(what)}`);
  }
  exchange.signal.throwIfAborted();
  return undefined;
}

const ENDINGS: readonly Ending["kind"][] = ["fail", "networkError", "hang", "cut"];

/** The failure of a script that is wrong: whatever the policy, the call is not made again. */
export function failureOf(text: string): Failure {
  return fail(Code.INTERNAL, { message: `hedgerow/testing: ${text}`, pushbackMs: "stop" });
}
