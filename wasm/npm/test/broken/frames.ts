// Bodies whose frames, trailers, compression or base64 are wrong, behind a good head.
import { gzipSync } from "node:zlib";
import { Code } from "hedgerow";
import { concat, frame, trailers } from "../support/responses.js";
import {
  type Answer,
  answer,
  ascii,
  base64,
  fails,
  fine,
  lost,
  MESSAGE,
  OK,
  ONE,
  type Outcome,
  type Row,
  TEXT,
  WEB,
} from "./row.js";

const GZIP = "grpc-encoding: gzip";
const EMPTY = trailers();
const gzip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes, { level: 9 }));
const packed = gzip(MESSAGE);

function row(name: string, sent: Answer, outcome: Outcome, unary?: Partial<Outcome>): Row {
  return { name, answer: sent, outcome, ...(unary && { unary }) };
}

/** A frame whose prefix promises another length than the payload has. */
function lying(flags: number, length: number, payload: Uint8Array = MESSAGE): Uint8Array {
  const bytes = frame(payload, flags);
  new DataView(bytes.buffer).setUint32(1, length);
  return bytes;
}

/** The trailers frame of a block that is no list of lines. */
function block(text: string): Uint8Array {
  return frame(ascii(text), 0x80);
}

const large = fails(Code.RESOURCE_EXHAUSTED, "larger than the limit", 0);
const noMessage: Partial<Outcome> = { code: Code.UNIMPLEMENTED };
/** What it swallows of the trailers leaves what looks like the prefix of a second message. */
const second: Partial<Outcome> = fails(Code.UNIMPLEMENTED, "second message");

const lengths: Row[] = [
  row(
    "a message that is one byte shorter than its prefix",
    answer([WEB], lying(0, 4), OK),
    fails(Code.UNAVAILABLE, undefined, 1),
    second,
  ),
  row(
    "a message that is one byte longer than its prefix",
    answer([WEB], lying(0, 2), OK),
    fails(Code.INTERNAL, "unknown flag byte 3", 1),
  ),
  row("trailers that are shorter than their prefix", answer([WEB], ONE, lying(0x80, 99)), fails(Code.UNAVAILABLE, "ended in", 1)),
  row(
    "trailers that are longer than their prefix",
    answer([WEB], ONE, lying(0x80, 16, ascii("grpc-status: 0\r\nx"))),
    fails(Code.INTERNAL, "more data after", 1),
  ),
  ...[2 ** 22 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].flatMap((length) => [
    row(`a message of ${length} bytes`, answer([WEB], lying(0, length)), large),
    row(`a compressed message of ${length} bytes`, answer([WEB, GZIP], lying(1, length)), large),
    row(`trailers of ${length} bytes`, answer([WEB], lying(0x80, length)), large),
    row(`a second message of ${length} bytes`, answer([WEB], ONE, lying(0, length)), { ...large, messages: 1 }),
  ]),
  row("a message of 4 MiB", answer([WEB], frame(new Uint8Array(2 ** 22)), OK), fine),
  row("an empty message", answer([WEB], frame(new Uint8Array()), OK), fine),
];

/** Every flag byte with an unknown bit. */
const flags: Row[] = Array.from({ length: 256 }, (_, flag) => flag)
  .filter((flag) => (flag & 0x7e) !== 0)
  .flatMap((flag) => {
    const unknown = fails(Code.INTERNAL, `flag byte ${flag}`, 0);
    return [row(`a first frame with the flags ${flag}`, answer([WEB], frame(MESSAGE, flag)), unknown)];
  });

const order: Row[] = [
  row("no message and no trailers", answer([WEB]), fails(Code.UNKNOWN, "expose the status", 0)),
  row("no message", answer([WEB], OK), { ...fine, messages: 0 }, noMessage),
  row("two messages", answer([WEB], ONE, ONE, OK), { ...fine, messages: 2 }, noMessage),
  row("1,000 messages", answer([WEB], ...Array.from({ length: 1000 }, () => ONE), OK), { ...fine, messages: 1000 }, noMessage),
  row("two trailers frames", answer([WEB], ONE, OK, OK), fails(Code.INTERNAL, "more data after", 1)),
  row(
    "two trailers frames that differ",
    answer([WEB], ONE, OK, trailers("grpc-status: 14")),
    fails(Code.INTERNAL, "more data after", 1),
  ),
  row("a message behind the trailers", answer([WEB], OK, ONE), fails(Code.INTERNAL, "more data after", 0)),
  row("a byte behind the trailers", answer([WEB], ONE, OK, Uint8Array.of(0)), fails(Code.INTERNAL, "more data after", 1)),
  row("a page behind the trailers", answer([WEB], ONE, OK, ascii("<html>")), fails(Code.INTERNAL, "more data after", 1)),
  row("a page", answer([WEB], ascii("<html><body>Sorry</body></html>")), fails(Code.INTERNAL, "unknown flag byte 60", 0)),
  row("JSON", answer([WEB], ascii('{"code":14}')), fails(Code.INTERNAL, "unknown flag byte 123", 0)),
];

const lone = { retried: "firstFrame" } as const;

const statuses: Row[] = [
  row("trailers without a line", answer([WEB], ONE, EMPTY), fails(Code.UNKNOWN, "no grpc-status", 1)),
  row("trailers without a status", answer([WEB], ONE, trailers("x-a: 1")), fails(Code.UNKNOWN, "no grpc-status", 1)),
  row("trailers without a line, alone", answer([WEB], EMPTY), fails(Code.UNKNOWN, "no grpc-status", 0)),
  row("a lone failure", answer([WEB], trailers("grpc-status: 14", "grpc-message: busy")), {
    ...lost("^busy$"),
    messages: 0,
    ...lone,
  }),
  row(
    "a failure behind a message",
    answer([WEB], ONE, trailers("grpc-status: 14", "grpc-message: busy")),
    fails(Code.UNAVAILABLE, "^busy$", 1),
  ),
  ...Array.from({ length: 16 }, (_, n) => n + 1).map((code) =>
    row(`the status ${code}`, answer([WEB], ONE, trailers(`grpc-status: ${code}`)), fails(code as Code, undefined, 1)),
  ),
  ...["", "-1", "17", "99", "4294967296", "99999999999999999999", "0x0", "1e1", "0.0", "OK", "0 0", "\0", "０"].map((status) =>
    row(
      `the status ${JSON.stringify(status)}`,
      answer([WEB], ONE, trailers(`grpc-status: ${status}`)),
      fails(Code.UNKNOWN, "grpc-status", 1),
    ),
  ),
  ...[
    [0, 13],
    [13, 0],
    [14, 13],
    [0, 14],
  ].map(([a, b]) =>
    row(
      `the statuses ${a} and ${b}`,
      answer([WEB], ONE, trailers(`grpc-status: ${a}`, `grpc-status: ${b}`)),
      fails(Code.UNKNOWN, "several values", 1),
    ),
  ),
  row("the status 0 twice", answer([WEB], ONE, trailers("grpc-status: 0", "grpc-status: 0")), fine),
  row("two statuses in one line", answer([WEB], ONE, trailers("grpc-status: 0, 13")), fails(Code.UNKNOWN, "several values", 1)),
];

const status0 = "grpc-status: 0";

const fields: Row[] = [
  row("trailers that end without a line end", answer([WEB], ONE, block("grpc-status: 0")), fine),
  row("trailers with bare line feeds", answer([WEB], ONE, block("x: 1\ngrpc-status: 0\n")), fine),
  row("trailers in capitals, without spaces", answer([WEB], ONE, block("GRPC-STATUS:0\r\n")), fine),
  row("trailers with empty lines", answer([WEB], ONE, block("\r\n\r\ngrpc-status: 0\r\n\r\n")), fine),
  row(
    "trailers of bytes that are no text",
    answer(
      [WEB],
      ONE,
      frame(
        Uint8Array.from({ length: 256 }, (_, i) => i),
        0x80,
      ),
    ),
    fails(Code.UNKNOWN, "no grpc-status", 1),
  ),
  ...[
    "a\0b: evil-bin",
    "***: z",
    "bad name: 1",
    ": no name",
    "no colon",
    "\x07-bin: AA",
    "last: y\0z",
    "caf\u00e9: 1",
    "x: \xff\xfe",
    "__proto__: 1",
    "constructor: 1",
  ].map((line) =>
    row(`trailers with the line ${JSON.stringify(line)}`, answer([WEB], ONE, block(`${line}\r\n${status0}\r\n`)), fine),
  ),
  ...[
    "a-bin: ***",
    "a-bin: A",
    "a-bin: AAA=A",
    "a-bin: ,,,",
    "a-bin: AQI,AwQ",
    "a-bin: _-8",
    "-bin: AQ",
    "grpc-status-details-bin: ***",
  ].flatMap((line) => [
    row(`trailers with the bytes ${JSON.stringify(line)}`, answer([WEB], ONE, trailers(line, status0)), fine),
    row(
      `a failure with the bytes ${JSON.stringify(line)}`,
      answer([WEB], ONE, trailers(line, "grpc-status: 5")),
      fails(Code.NOT_FOUND, "", 1),
    ),
  ]),
  ...["%", "%4", "%zz", "%C3%28", "%00", "%F0%9F", "100%", "%E7%BC%BA"].map((message) =>
    row(
      `the message ${message}`,
      answer([WEB], ONE, trailers("grpc-status: 5", `grpc-message: ${message}`)),
      fails(Code.NOT_FOUND, undefined, 1),
    ),
  ),
  row("999 fields and a status", answer([WEB], ONE, trailers(...Array.from({ length: 999 }, () => "a: 1"), status0)), fine),
  row(
    "1,001 fields",
    answer([WEB], ONE, trailers(status0, ...Array.from({ length: 1000 }, () => "a: 1"))),
    fails(Code.RESOURCE_EXHAUSTED, "more than 1000 fields", 1),
  ),
  row(
    "300,000 fields",
    answer([WEB], ONE, block(`${status0}\n${"a:\n".repeat(300_000)}`)),
    fails(Code.RESOURCE_EXHAUSTED, "more than 1000 fields", 1),
  ),
  row(
    "a million commas of bytes",
    answer([WEB], ONE, trailers(status0, `a-bin: ${",".repeat(1_000_000)}`)),
    fails(Code.RESOURCE_EXHAUSTED, "more than 1000 fields", 1),
  ),
  row("a field of 1,000,000 bytes", answer([WEB], ONE, trailers(status0, `a: ${"b".repeat(1_000_000)}`)), fine),
  row("trailers of 1 MiB and one byte", answer([WEB], ONE, block("a".repeat(2 ** 20 + 1))), { ...large, messages: 1 }),
];

const compressed: Row[] = [
  row("a compressed message", answer([WEB, GZIP], frame(packed, 1), OK), fine),
  row("compressed trailers", answer([WEB, GZIP], frame(packed, 1), frame(gzip(ascii(status0)), 0x81)), fine),
  row("GZIP in capitals", answer([WEB, "grpc-encoding: GZIP"], frame(packed, 1), OK), fine),
  row("a message that is not compressed, in gzip", answer([WEB, GZIP], ONE, OK), fine),
  row("an empty message, marked as compressed", answer([WEB, GZIP], frame(new Uint8Array(), 1), OK), fine),
  row(
    "a compressed message without an encoding",
    answer([WEB], frame(packed, 1), OK),
    fails(Code.INTERNAL, "no grpc-encoding", 0),
  ),
  row(
    "a compressed message in identity",
    answer([WEB, "grpc-encoding: identity"], frame(packed, 1), OK),
    fails(Code.INTERNAL, "no grpc-encoding", 0),
  ),
  ...["br", "deflate", "snappy", "gzip, gzip", "\u00ff"].map((encoding) =>
    row(
      `a message compressed with ${encoding}`,
      answer([WEB, `grpc-encoding: ${encoding}`], frame(packed, 1), OK),
      fails(Code.INTERNAL, "compressed with", 0),
    ),
  ),
  row("an unknown encoding that nothing uses", answer([WEB, "grpc-encoding: br"], ONE, OK), fine),
  ...Array.from(packed, (_, n) => n)
    .slice(1)
    .map((n) =>
      row(
        `gzip that is cut after ${n} bytes`,
        answer([WEB, GZIP], frame(packed.subarray(0, n), 1), OK),
        fails(Code.INTERNAL, "inflated", 0),
      ),
    ),
  row(
    "gzip with bytes behind it",
    answer([WEB, GZIP], frame(concat(packed, ascii("more")), 1), OK),
    fails(Code.INTERNAL, "inflated", 0),
  ),
  row("bytes that are not gzip", answer([WEB, GZIP], frame(MESSAGE, 1), OK), fails(Code.INTERNAL, "inflated", 0)),
  ...[packed.length - 8, packed.length - 4].map((at) => {
    const wrong = Uint8Array.from(packed, (byte, n) => (n === at ? byte ^ 1 : byte));
    return row(
      `gzip with a wrong byte ${at} in its trailer`,
      answer([WEB, GZIP], frame(wrong, 1), OK),
      fails(Code.INTERNAL, "inflated", 0),
    );
  }),
  row(
    "a message that inflates to 100 MB",
    answer([WEB, GZIP], frame(gzip(new Uint8Array(100_000_000)), 1), OK),
    fails(Code.RESOURCE_EXHAUSTED, "when inflated", 0),
  ),
  row(
    "trailers that inflate to 100 MB",
    answer([WEB, GZIP], ONE, frame(gzip(new Uint8Array(100_000_000)), 0x81)),
    fails(Code.RESOURCE_EXHAUSTED, "when inflated", 1),
  ),
  row(
    "a kilobyte that inflates to a million commas",
    answer([WEB, GZIP], ONE, frame(gzip(ascii(`${status0}\r\na-bin: ${",".repeat(1e6)}`)), 0x81)),
    fails(Code.RESOURCE_EXHAUSTED, "1000 fields", 1),
  ),
  row(
    "compressed trailers that are damaged",
    answer([WEB, GZIP], ONE, frame(MESSAGE, 0x81)),
    fails(Code.INTERNAL, "inflated", 1),
  ),
];

const letters = base64(ONE, OK);
const notBase64 = fails(Code.INTERNAL, "where base64 is expected");
const texts: Row[] = [
  row("text", answer([TEXT], ascii(letters)), fine),
  row("text of two parts, each with padding", answer([TEXT], ascii(base64(ONE) + base64(OK))), fine),
  row("text without its padding", answer([TEXT], ascii(letters.replace(/=+$/, ""))), fine),
  row("a line end behind the text", answer([TEXT], ascii(`${letters}\r\n`)), fine),
  row("many line ends behind the text", answer([TEXT], ascii(letters + "\n".repeat(1000))), fine),
  row("a line end in the text", answer([TEXT], ascii(`${letters.slice(0, 8)}\r\n${letters.slice(8)}`)), notBase64),
  row("a space behind the text", answer([TEXT], ascii(`${letters} `)), fails(Code.INTERNAL)),
  row("a space before the text", answer([TEXT], ascii(` ${letters}`)), { ...notBase64, messages: 0 }),
  row("padding before the text", answer([TEXT], ascii(`====${letters}`)), { ...notBase64, messages: 0 }),
  row("too much padding", answer([TEXT], ascii(`${letters.replace(/=+$/, "")}====`)), notBase64),
  row("a NUL in the text", answer([TEXT], ascii(`AA\0A${letters}`)), { ...notBase64, messages: 0 }),
  row(
    "base64 of URLs",
    answer(
      [TEXT],
      ascii(
        base64(frame(Uint8Array.of(0xfb, 0xff, 0xfe)), OK)
          .replaceAll("+", "-")
          .replaceAll("/", "_"),
      ),
    ),
    fine,
  ),
  row("bytes that are said to be text", answer([TEXT], ONE, OK), { ...notBase64, messages: 0 }),
  row("text that is said to be bytes", answer([WEB], ascii(letters)), fails(Code.INTERNAL, "unknown flag byte 65", 0)),
  row("an empty text", answer([TEXT]), fails(Code.UNKNOWN, "expose the status", 0)),
  row("a text of nothing but padding", answer([TEXT], ascii("====")), { ...notBase64, messages: 0 }),
];

export const frames: readonly Row[] = [...lengths, ...flags, ...order];
export const blocks: readonly Row[] = [...statuses, ...fields];
export const encoded: readonly Row[] = [...compressed, ...texts];
