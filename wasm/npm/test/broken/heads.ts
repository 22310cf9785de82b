// Answers whose head is wrong or unusual, or whose HTTP is broken before or behind it.
import { Code } from "hedgerow";
import { concat, trailers } from "../support/responses.js";
import {
  type Answer,
  answer,
  ascii,
  chunk,
  fails,
  fine,
  lost,
  OK,
  ONE,
  type Outcome,
  type Row,
  type Step,
  TEXT,
  WEB,
} from "./row.js";

const EMPTY = trailers();
const DOWN = ["grpc-status: 14", "grpc-message: down"];
const down: Outcome = { ...lost("^down$"), messages: 0 };

function row(name: string, sent: Answer, outcome: Outcome, unary?: Partial<Outcome>): Row {
  return { name, answer: sent, outcome, ...(unary && { unary }) };
}

/** An answer with this status line. */
function http(line: string, fields: readonly string[], ...body: Step[]): Answer {
  return { head: [`HTTP/1.1 ${line}`, ...fields], body, end: "close" };
}

/** Bytes without a head that is made for them. */
function raw(text: string, ...body: Step[]): Answer {
  return { body: [ascii(text), ...body], end: "close" };
}

const mistyped = (type: string) => fails(Code.UNKNOWN, `content-type is .*${type}`, 0);

const types: Row[] = [
  ...[
    "application/grpc-web",
    "application/grpc-web+proto",
    "Application/gRPC-Web+Proto",
    "application/grpc-web+proto; charset=utf-8",
    'application/grpc-web;a="b,c"',
    "application/grpc-web+proto, application/grpc-web+proto",
    "application/grpc-web, application/grpc-web+proto",
  ].map((type) => row(`the type ${type}`, answer([`content-type: ${type}`], ONE, OK), fine)),
  ...[
    "text/html",
    "application/grpc",
    "application/grpc+proto",
    "application/json",
    "application/grpc-webx",
    "application",
    "application/connect+proto",
    "\u00ff",
  ].map((type) => row(`the type ${type}`, answer([`content-type: ${type}`], ONE, OK), mistyped(""))),
  ...["application/grpc-web+json", "application/grpc-web+thrift", "application/grpc-web-text+json"].map((type) =>
    row(`the type ${type}`, answer([`content-type: ${type}`], ONE, OK), fails(Code.INTERNAL, "\\+proto was requested", 0)),
  ),
  row("no type", answer([], ONE, OK), mistyped("")),
  row("an empty type", answer(["content-type:"], ONE, OK), mistyped("")),
  row("the type twice", answer([WEB, WEB], ONE, OK), fine),
  row("two types that differ", answer([WEB, TEXT], ONE, OK), mistyped("")),
  row("the right type and another", answer([WEB, "content-type: text/html"], ONE, OK), mistyped("")),
  row("a failure of another type", answer(["content-type: text/html", ...DOWN], ascii("<html>")), down),
  row("a failure without a type", answer(DOWN), down),
];

const told: Row[] = [
  row("a failure in the head", answer([WEB, ...DOWN]), down),
  row("a failure in the head, with a length of 0", answer([WEB, ...DOWN, "content-length: 0"]), down),
  row("a failure in the head, beside an empty trailers frame", answer([WEB, ...DOWN], EMPTY), down),
  row("a failure in the head, beside trailers without a status", answer([WEB, ...DOWN], trailers("x-a: 1")), down),
  row("a failure in the head, beside trailers that agree", answer([WEB, ...DOWN], trailers(...DOWN)), {
    ...down,
    retried: "firstFrame",
  }),
  row(
    "a failure in the head, and another in the trailers",
    answer([WEB, ...DOWN], trailers("grpc-status: 5")),
    fails(Code.NOT_FOUND, undefined, 0),
  ),
  row("a failure in the head, and a success behind a message", answer([WEB, ...DOWN], ONE, OK), fine),
  row("a failure in the head, and a message", answer([WEB, ...DOWN], ONE, EMPTY), fails(Code.UNAVAILABLE, "^down$", 1)),
  row("a failure in the head, and a page", answer([WEB, ...DOWN], ascii("<html>")), down),
  row("a failure in the head, and half a frame", answer([WEB, ...DOWN], Uint8Array.of(0, 0)), down),
  {
    ...row("a failure in the head, of a body that is cut", answer([WEB, ...DOWN, "content-length: 9"]), down),
    engines: { firefox: { ...lost("no response"), messages: 0 } }, // Firefox does not hand such a response out
  },
  row("a failure in the head, as text", answer([TEXT, ...DOWN], ascii("gAAAAAA=")), down),
  row("a success in the head alone", answer([WEB, "grpc-status: 0"]), { ...fine, messages: 0 }, { code: Code.UNIMPLEMENTED }),
  row("a success in the head, and a message", answer([WEB, "grpc-status: 0"], ONE, EMPTY), fine),
  row(
    "a success in the head, and a failure in the trailers",
    answer([WEB, "grpc-status: 0"], ONE, trailers("grpc-status: 5")),
    fails(Code.NOT_FOUND, undefined, 1),
  ),
  row("two statuses in the head", answer([WEB, "grpc-status: 0", "grpc-status: 13"]), fails(Code.UNKNOWN, "several values", 0)),
  row("the same status twice in the head", answer([WEB, ...DOWN, "grpc-status: 14"]), down),
  row("a status in the head that is no number", answer([WEB, "grpc-status: busy"]), fails(Code.UNKNOWN, "not a status code", 0)),
  row("a status of an application in the head", answer([WEB, "grpc-status: 99"]), fails(Code.UNKNOWN, "not a status code", 0)),
  row("bytes in the head that are not base64", answer([WEB, ...DOWN, "a-bin: ***"]), down),
  row(
    "a thousand commas of bytes in the head",
    answer([WEB, ...DOWN, `a-bin: ${",".repeat(1001)}`]),
    fails(Code.RESOURCE_EXHAUSTED, "more than 1000 fields", 0),
  ),
  row(
    "a message of bytes that are UTF-8",
    answer([WEB, "grpc-status: 5", `grpc-message: ${Buffer.from("缺少").toString("latin1")}`]),
    fails(Code.NOT_FOUND, "^缺少$", 0),
  ),
];

const of5_4: Record<number, Code> = {
  400: Code.INTERNAL,
  401: Code.UNAUTHENTICATED,
  403: Code.PERMISSION_DENIED,
  404: Code.UNIMPLEMENTED,
  429: Code.UNAVAILABLE,
  502: Code.UNAVAILABLE,
  503: Code.UNAVAILABLE,
  504: Code.UNAVAILABLE,
};
const statuses: Row[] = [
  201, 204, 205, 206, 300, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 411, 413, 415, 418, 425, 426, 429, 431, 451, 499,
  500, 501, 502, 503, 504, 505, 511, 520, 599, 600, 999,
].flatMap((status) => {
  const code = of5_4[status] ?? Code.UNKNOWN;
  const outcome: Outcome = {
    ...fails(code, `HTTP status ${status}`, 0),
    retried: code === Code.UNAVAILABLE ? "always" : "never",
  };
  const bare = row(`the HTTP status ${status} without a body`, http(`${status} Why`, ["content-length: 0"]), outcome);
  if ([204, 205, 304].includes(status)) return [bare]; // These have no body.
  return [
    bare,
    row(
      `the HTTP status ${status} with a page`,
      http(`${status} Why`, ["content-type: text/html"], ascii("<html>Why</html>")),
      outcome,
    ),
    row(`the HTTP status ${status} with a body of frames`, http(`${status} Why`, [WEB], ONE, OK), outcome),
    row(
      `the HTTP status ${status} with a status of gRPC`,
      http(`${status} Why`, [WEB, "grpc-status: 5", "grpc-message: no"]),
      fails(Code.NOT_FOUND, "^no$", 0),
    ),
  ];
});

const head = `HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\naccess-control-expose-headers: *\r\n${WEB}\r\nconnection: close\r\n`;

const noResponse: Outcome = { ...lost(), messages: 0 };

const hidden = fails(Code.UNKNOWN, "empty and showed no grpc-status", 0);
const http1: Row[] = [
  // A fetch rejects where a proxy wants a password, since no page may ask for one; but for Firefox's.
  {
    ...row("the HTTP status 407", http("407 Why", ["content-type: text/html"], ascii("<html>")), noResponse),
    engines: { firefox: fails(Code.UNKNOWN, "HTTP status 407", 0) },
  },
  row("103 before the head", raw(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${head}\r\n`, ONE, OK), fine),
  row("ten times 103 before the head", raw(`${"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n".repeat(10)}${head}\r\n`, ONE, OK), fine),
  row("nothing", raw(""), noResponse),
  row("a status line without an end", raw("HTTP/1.1 200"), noResponse),
  {
    ...row("a head without an end", raw(head), noResponse),
    engines: { chromium: hidden, firefox: hidden }, // They take it for a whole one.
  },
  row("bytes that are not HTTP", raw("SSH-2.0-OpenSSH_9.6\r\n"), noResponse),
  row("101, unasked", raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), noResponse),
  row("a head of 1 MB", raw(`${head}x: ${"y".repeat(1_000_000)}\r\n\r\n`, ONE, OK), noResponse),
];

const CHUNKED = "transfer-encoding: chunked";
const broken: Outcome = { ...lost(undefined, "firstFrame"), messages: 0 };
/** Firefox does not hand out a response whose first bytes of a body it cannot read, if they came with the head. */
const early: Outcome = { ...lost(), messages: 0, retried: "perhaps" };
const framing: Row[] = [
  row(
    "a chunk for every byte",
    answer([WEB, CHUNKED], ...[...concat(ONE, OK)].map((byte) => chunk(Uint8Array.of(byte))), chunk(new Uint8Array())),
    fine,
  ),
  row(
    "chunks with an extension, and trailers of HTTP",
    answer([WEB, CHUNKED], ascii("8;a=b\r\n"), ONE, ascii("\r\n"), chunk(OK), ascii("0\r\nx: 1\r\n\r\n")),
    fine,
  ),
  row(
    "a status in the trailers of HTTP",
    answer([WEB, CHUNKED], chunk(ONE), ascii("0\r\ngrpc-status: 0\r\n\r\n")),
    fails(Code.UNKNOWN, "without a trailers frame", 1),
  ),
  { ...row("a chunk whose size is no number", answer([WEB, CHUNKED], ascii("zz\r\n")), broken), engines: { firefox: early } },
  {
    ...row("a chunk whose size is too large", answer([WEB, CHUNKED], ascii("fffffffffffffffff\r\n")), broken),
    engines: { firefox: early },
  },
  {
    ...row("a chunk that is longer than its size", answer([WEB, CHUNKED], ascii("2\r\n"), ONE, OK), broken),
    engines: { firefox: early },
  },
  row("a length that is shorter than the body", answer([WEB, "content-length: 3"], ONE, OK), {
    ...broken,
    retried: "firstFrame",
  }),
];

const resets: Row[] = [
  row("a reset instead of a head", { body: [], end: "reset" }, noResponse),
  // What was sent before a reset may be lost, the head too.
  row(
    "a reset within the body",
    { head: ["HTTP/1.1 200 OK", WEB, "content-length: 99"], body: ["turn", ONE, "turn"], end: "reset" },
    { ...lost(), retried: "perhaps" },
  ),
  row("a reset within the head", { body: [ascii("HTTP/1.1 200 OK\r\nconten")], end: "reset" }, noResponse),
];

const REDIRECTS = [301, 302, 303, 307, 308];
export const redirects: readonly Row[] = REDIRECTS.flatMap((status) => {
  const outcome = fails(Code.UNKNOWN, "redirect", 0);
  return [
    row(`a redirect ${status}`, http(`${status} Moved`, ["location: /login", "content-length: 0"]), outcome),
    row(
      `a redirect ${status} to another origin`,
      http(`${status} Moved`, ["location: http://127.0.0.1:1/login"], ascii("<html>")),
      outcome,
    ),
    row(`a redirect ${status} to itself`, http(`${status} Moved`, ["location: "]), outcome),
  ];
});

export const heads: readonly Row[] = [...types, ...told, ...statuses];
export const connections: readonly Row[] = [...http1, ...framing, ...resets];
