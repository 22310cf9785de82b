// Good answers that are cut after every byte. All rows share one rule, which says how a call ends.
import { Code } from "hedgerow";
import { concat, frame, trailers } from "../support/responses.js";
import {
  type Answer,
  answer,
  ascii,
  base64,
  chunk,
  fails,
  fine,
  MESSAGE,
  OK,
  ONE,
  type Outcome,
  type Row,
  TEXT,
  WEB,
} from "./row.js";

interface Good {
  readonly name: string;
  readonly messages: readonly Uint8Array[];
  readonly end: Uint8Array;
}

const one: Good = { name: "one message", messages: [ONE], end: OK };
const three: Good = {
  name: "three messages",
  messages: [ONE, frame(new Uint8Array()), frame(MESSAGE)],
  end: trailers("x-end: 1", "grpc-status: 0"),
};

type Rule = Pick<Row, "outcome" | "unary" | "engines">;

/** A browser may lose with a break what came just before it: so it is a matter of timing what had come, and whether that had committed. */
const unsure: Outcome = { ...fails(Code.UNAVAILABLE), retried: "perhaps" };
const inBrowsers: NonNullable<Rule["engines"]> = { chromium: unsure, firefox: unsure };

/**
 * How a call ends of whose body so many bytes came, before it ended as if it were whole, or broke. A body that ends between two frames tells
 * no status: UNKNOWN (SEMANTICS 5.2e). One that ends inside a frame, or breaks, was lost: UNAVAILABLE. It was committed by its head or, with
 * `firstFrame`, by the first message's prefix (5.1f, 5.1g); what came last may be lost with it. A status whose trailers frame came whole stands (2.12f). A unary call ends as
 * soon as the prefix of a second message has come (5.2g).
 */
function rule({ messages, end }: Good, came: number, way: "ends" | "breaks", inGroup = false): Rule {
  let at = 0;
  let whole = 0;
  while (whole < messages.length && at + (messages[whole] as Uint8Array).length <= came)
    at += (messages[whole++] as Uint8Array).length;
  const unary = messages.length > 1 && came >= ONE.length + 5 ? fails(Code.UNIMPLEMENTED, "second message") : {};
  const engines = way === "breaks" && { engines: inBrowsers };
  if (came === concat(...messages, end).length) return { outcome: { ...fine, messages: whole }, unary, ...engines };
  if (way === "ends" && at === came && !inGroup) {
    return { outcome: fails(Code.UNKNOWN, "no grpc-status|without a trailers frame", whole), unary };
  }
  const lost = fails(Code.UNAVAILABLE, "broke|ended in|lost", way === "ends" ? whole : undefined);
  return { outcome: { ...lost, retried: came < 5 ? "firstFrame" : "never" }, unary, ...engines };
}

/** Every beginning of the body: as all of it, and as what came of it before the connection broke. */
function binary(good: Good): Row[] {
  const body = concat(...good.messages, good.end);
  const long = `content-length: ${body.length}`;
  const chunked = "transfer-encoding: chunked";
  const kept = "connection: keep-alive"; // Else Node takes a body without its last chunk for whole.
  const rows: Row[] = [];
  for (let n = 0; n <= body.length; n++) {
    const part = body.subarray(0, n);
    const chunks = n === 0 ? [] : [chunk(part)];
    const row = (how: string, sent: Answer, way: "ends" | "breaks") =>
      rows.push({ name: `${good.name}, cut after ${n} bytes, ${how}`, answer: sent, ...rule(good, n, way) });
    row("at the connection's end", answer([WEB], part), "ends");
    row("in chunks", answer([WEB, chunked], ...chunks, chunk(new Uint8Array())), "ends");
    row("where a length promises more", answer([WEB, long], part), "breaks");
    row("without a last chunk", answer([WEB, chunked, kept], ...chunks), "breaks");
  }
  return rows;
}

/** The same as text, where four characters are three bytes. Padding tells nothing. */
function text(good: Good): Row[] {
  const body = base64(...good.messages, good.end);
  const digits = body.replace(/=+$/, "").length;
  const rows: Row[] = [];
  for (let n = 0; n <= body.length; n++) {
    const part = ascii(body.slice(0, n));
    const came = Math.floor((Math.min(n, digits) * 6) / 8);
    const row = (how: string, sent: Answer, way: "ends" | "breaks") =>
      rows.push({
        name: `${good.name} as text, cut after ${n} characters, ${how}`,
        answer: sent,
        ...rule(good, came, way, n % 4 === 1),
      });
    row("at the connection's end", answer([TEXT], part), "ends");
    row("where a length promises more", answer([TEXT, `content-length: ${body.length}`], part), "breaks");
  }
  return rows;
}

/** Bodies that come in two pieces, split after every byte, and in pieces of one byte: all are whole. */
function split(good: Good, head: string, body: Uint8Array): Row[] {
  const { outcome, unary } = rule(good, concat(...good.messages, good.end).length, "ends");
  const row = (how: string, ...steps: Answer["body"]): Row => {
    return { name: `${good.name}, ${how}, with ${head}`, answer: answer([head], ...steps), outcome, ...(unary && { unary }) };
  };
  const drip = [...body].flatMap((byte) => [Uint8Array.of(byte), "turn" as const]);
  return [
    row("byte by byte", ...drip),
    ...Array.from(body, (_, n) => row(`split after ${n} bytes`, body.subarray(0, n), "turn", body.subarray(n))),
  ];
}

/**
 * Bodies that stay open after every byte. Before the trailers are whole, the deadline ends the call; after them, the status that came stands
 * (SEMANTICS 5.2k). How much came before the deadline is the machine's affair.
 */
function held(good: Good): Row[] {
  const body = concat(...good.messages, good.end);
  return Array.from({ length: body.length + 1 }, (_, n): Row => {
    const sent: Answer = { ...answer([WEB], body.subarray(0, n)), end: "hold" };
    const name = `${good.name}, open after ${n} bytes`;
    if (n === body.length) return { name, answer: sent, outcome: fine };
    return { name, answer: sent, outcome: { code: Code.DEADLINE_EXCEEDED, retried: "never" }, timeoutMs: 1000 };
  });
}

export const cuts: readonly Row[] = [
  ...[one, three].flatMap((good) => [...binary(good), ...text(good)]),
  ...split(three, WEB, concat(...three.messages, three.end)),
  ...split(one, TEXT, ascii(base64(ONE, OK))),
];
export const holds: readonly Row[] = held(one);
