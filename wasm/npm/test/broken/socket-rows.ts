// Answers over WebSockets, in the dialect of the improbable wrapper: first the head in a trailers frame, then the messages and the trailers.
import { Code } from "hedgerow";
import { concat, frame, trailers } from "../support/responses.js";
import type { Expected } from "./judge.js";
import { ascii, fails, fine, lost, MESSAGE, OK, ONE, type Outcome, WEB } from "./row.js";

/** What the server sends after it has read the request: frames of the WebSocket protocol. Without a handshake of its own it agrees. */
export interface SocketAnswer {
  readonly handshake?: string;
  readonly pieces: readonly Uint8Array[];
  readonly end: "close" | "reset" | "hold";
}

export interface SocketRow extends Expected {
  readonly answer: SocketAnswer;
  /** What is different in a browser. */
  readonly engines?: { readonly firefox?: Outcome };
}

const CONTINUATION = 0;
const BYTES = 2;
const HEAD = trailers(WEB);
const whole = concat(HEAD, ONE, OK);

/** A frame of the WebSocket protocol, as a server sends it: whole, and without a mask. */
function piece(payload: Uint8Array, opcode = BYTES, final = true): Uint8Array {
  const size = payload.length;
  let length = [127, ...new Uint8Array(4), ...new Uint8Array(Uint32Array.of(size).buffer).reverse()];
  if (size < 126) length = [size];
  else if (size < 1 << 16) length = [126, size >> 8, size & 0xff];
  return concat(Uint8Array.of((final ? 0x80 : 0) | opcode, ...length), payload);
}

function closing(code: number, reason = ""): Uint8Array {
  return piece(concat(Uint8Array.of(code >> 8, code & 0xff), ascii(reason)), 8);
}

function row(name: string, outcome: Outcome, ...pieces: Uint8Array[]): SocketRow {
  return { name, outcome, answer: { pieces, end: "close" } };
}

const later = { retried: "firstFrame" } as const;

/**
 * How a call ends of whose answer so many bytes came before the socket closed. The head frame commits or, with `firstFrame`, the first message's prefix
 * (SEMANTICS 5.8c).
 */
function ruleOfCut(came: number, way: "ends" | "breaks"): Outcome {
  if (came === whole.length) return fine;
  const messages = came >= HEAD.length + ONE.length ? 1 : 0;
  const between = came === 0 || came === HEAD.length || came === HEAD.length + ONE.length;
  if (way === "ends" && between) return fails(Code.UNKNOWN, undefined, messages);
  const retried = came < HEAD.length ? "always" : came < HEAD.length + 5 ? "firstFrame" : "never";
  return { ...lost(undefined, retried), messages };
}

const cuts: SocketRow[] = Array.from({ length: whole.length + 1 }, (_, n) => n).flatMap((n) => {
  const part = n === 0 ? [] : [piece(whole.subarray(0, n))];
  return [
    row(`cut after ${n} bytes, closed with 1000`, ruleOfCut(n, "ends"), ...part, closing(1000)),
    row(`cut after ${n} bytes, closed without a code`, ruleOfCut(n, "ends"), ...part, piece(new Uint8Array(), 8)),
    row(`cut after ${n} bytes, not closed`, ruleOfCut(n, "breaks"), ...part),
    row(`split after ${n} bytes`, fine, piece(whole.subarray(0, n)), piece(whole.subarray(n)), closing(1000)),
  ];
});

const codes: Record<number, Code> = {
  1001: Code.UNAVAILABLE,
  1002: Code.INTERNAL,
  1003: Code.INTERNAL,
  1007: Code.INTERNAL,
  1008: Code.PERMISSION_DENIED,
  1009: Code.RESOURCE_EXHAUSTED,
  1011: Code.INTERNAL,
  1012: Code.UNAVAILABLE,
  1013: Code.UNAVAILABLE,
  3000: Code.UNKNOWN,
  4999: Code.UNKNOWN,
};
const closes: SocketRow[] = Object.entries(codes).flatMap(([number, code]) => {
  const close = closing(Number(number), "why");
  const outcome = (messages: number, retried: Outcome["retried"]): Outcome => {
    return { ...fails(code, "why", messages), retried: code === Code.UNAVAILABLE ? retried : "never" };
  };
  return [
    row(`closed with ${number} before the head`, outcome(0, "always"), close),
    row(`closed with ${number} behind the head`, outcome(0, "firstFrame"), piece(HEAD), close),
    row(`closed with ${number} behind a message`, outcome(1, "never"), piece(HEAD), piece(ONE), close),
    row(`closed with ${number} behind the trailers`, fine, piece(whole), close),
  ];
});

const DOWN = trailers("grpc-status: 14", "grpc-message: down");
const down: Outcome = { ...lost("^down$"), messages: 0 };
const answers: SocketRow[] = [
  row("byte by byte", fine, ...[...whole].map((byte) => piece(Uint8Array.of(byte))), closing(1000)),
  row(
    "in fragments of one byte",
    fine,
    piece(whole.subarray(0, 1), BYTES, false),
    ...[...whole.subarray(1, -1)].map((byte) => piece(Uint8Array.of(byte), CONTINUATION, false)),
    piece(whole.subarray(-1), CONTINUATION),
    closing(1000),
  ),
  row(
    "with pings and empty messages between",
    fine,
    piece(ascii("?"), 9),
    piece(HEAD),
    piece(new Uint8Array()),
    piece(ascii("!"), 10),
    piece(ONE),
    piece(ascii("?"), 9),
    piece(OK),
    closing(1000),
  ),
  row("a failure in the head", down, piece(DOWN), closing(1000)),
  row("a failure in the head, not closed", down, piece(DOWN)),
  row("a failure in trailers alone", { ...down, ...later }, piece(HEAD), piece(DOWN), closing(1000)),
  row("a message without a head", fails(Code.INTERNAL, "first frame is not", 0), piece(ONE), piece(OK), closing(1000)),
  // The wrapper hands on the type of its gRPC server, so the subprotocol alone says what follows.
  row("a head of gRPC", fine, piece(trailers("content-type: application/grpc")), piece(ONE), piece(OK), closing(1000)),
  row("an empty head", fine, piece(trailers()), piece(ONE), piece(OK), closing(1000)),
  row(
    "a head of 2^32-1 bytes",
    fails(Code.RESOURCE_EXHAUSTED, "larger than the limit", 0),
    piece(Uint8Array.of(0x80, 255, 255, 255, 255)),
    closing(1000),
  ),
  row(
    "a message of 2^31 bytes",
    fails(Code.RESOURCE_EXHAUSTED, "larger than the limit", 0),
    piece(HEAD),
    piece(Uint8Array.of(0, 128, 0, 0, 0)),
    closing(1000),
  ),
  row(
    "1,001 fields in the head",
    fails(Code.RESOURCE_EXHAUSTED, "1000 fields", 0),
    piece(trailers(WEB, ...Array.from({ length: 1000 }, () => "a: 1"))),
    closing(1000),
  ),
  row(
    "a million commas in the trailers",
    fails(Code.RESOURCE_EXHAUSTED, "1000 fields", 1),
    piece(HEAD),
    piece(ONE),
    piece(trailers("grpc-status: 0", `a-bin: ${",".repeat(1e6)}`)),
    closing(1000),
  ),
  row(
    "a status in the trailers that is no number",
    fails(Code.UNKNOWN, "grpc-status", 1),
    piece(HEAD),
    piece(ONE),
    piece(trailers("grpc-status: x")),
    closing(1000),
  ),
  row(
    "names that are no token",
    fine,
    piece(trailers(WEB, "a\0b: c", "***: 1")),
    piece(ONE),
    piece(trailers("grpc-status: 0", "x\0y-bin: AA", "\x07: 1")),
    closing(1000),
  ),
  row("data behind the trailers", fails(Code.INTERNAL, "more data after", 1), piece(concat(whole, ONE)), closing(1000)),
  row("an unknown flag", fails(Code.INTERNAL, "unknown flag byte 4", 0), piece(HEAD), piece(frame(MESSAGE, 4)), closing(1000)),
  row(
    "a compressed message without an encoding",
    fails(Code.INTERNAL, "no grpc-encoding", 0),
    piece(HEAD),
    piece(frame(MESSAGE, 1)),
    closing(1000),
  ),
  row("a message of text", fails(Code.INTERNAL, "not binary", 0), piece(ascii("hello"), 1), closing(1000)),
  row(
    "a message of text behind the head",
    fails(Code.INTERNAL, "not binary", 0),
    piece(HEAD),
    piece(ascii("hello"), 1),
    closing(1000),
  ),
];

/** Here the WebSocket protocol itself is broken, which the platform sees, and closes the socket as it thinks right. */
const violations: SocketRow[] = [
  ["an unknown opcode", Uint8Array.of(0x83, 0)],
  ["a reserved bit", Uint8Array.of(0xc2, 1, 0)],
  ["a frame with a mask", Uint8Array.of(0x82, 0x81, 0, 0, 0, 0, 1)],
  ["a continuation of nothing", Uint8Array.of(0x80, 1, 0)],
  ["half a frame", Uint8Array.of(0x82, 100, 0)],
  ["a frame of 2^63 bytes", Uint8Array.of(0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255)],
  ["text that is not UTF-8", Uint8Array.of(0x81, 1, 0xff)],
].map(([name, bytes]) => row(name as string, { ...lost(), messages: 0 }, bytes as Uint8Array));

/** Firefox takes the end of a close frame that is cut for one without a code. */
const cutClose: SocketRow = {
  ...row("a close frame of one byte", { ...lost(), messages: 0 }, Uint8Array.of(0x88, 1, 3)),
  engines: { firefox: fails(Code.UNKNOWN, undefined, 0) },
};

const opening: Outcome = { ...lost("no WebSocket could be opened"), messages: 0 };
const handshakes: SocketRow[] = [
  "",
  "HTTP/1.1 101",
  "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: wrong\r\n\r\n",
  "SSH-2.0-OpenSSH_9.6\r\n",
].map((handshake) => ({
  name: `the handshake ${JSON.stringify(handshake)}`,
  outcome: opening,
  answer: { handshake, pieces: [], end: "close" as const },
}));

export const socketRows: readonly SocketRow[] = [
  ...closes,
  ...answers,
  ...violations,
  cutClose,
  ...handshakes,
  { name: "a reset before the head", outcome: { ...lost(), messages: 0 }, answer: { pieces: [], end: "reset" } },
  {
    name: "nothing, for ever",
    outcome: { code: Code.DEADLINE_EXCEEDED, retried: "never" },
    timeoutMs: 1000,
    answer: { pieces: [], end: "hold" },
  },
  {
    name: "a message, and then nothing for ever",
    outcome: { code: Code.DEADLINE_EXCEEDED, retried: "never" },
    timeoutMs: 1000,
    answer: { pieces: [piece(HEAD), piece(ONE)], end: "hold" },
  },
  { name: "an answer that stays open", outcome: fine, answer: { pieces: [piece(whole)], end: "hold" } },
];
export const socketCuts: readonly SocketRow[] = cuts;
