// Makes the calls of a row and compares their ends with what the row says. Nothing here is of Node, so that a page can do the same.
import { type Channel, type ChannelOptions, Code, type Metadata, type ResponseStream, StatusError } from "hedgerow";
import type { Outcome } from "./row.js";

/** The method that is answered with the n-th row has the name n. */
export const SERVICE = "/broken.Answers/";

/** A channel by which rows are tried. */
interface Trial {
  readonly name: string;
  readonly channel: Channel;
  /** Whether a call that the row calls retried makes three attempts. */
  retries(retried: Outcome["retried"]): boolean;
}

/** The part of a row that a call needs. It can be written as JSON. */
export interface Expected {
  readonly name: string;
  readonly outcome: Outcome;
  readonly unary?: Partial<Outcome>;
  readonly timeoutMs?: number;
}

/** A deadline that no call needs that is not held: on a machine that is much too busy it is long enough. */
const AMPLE = 60_000;

interface Ended {
  readonly code: Code;
  readonly message: string;
  readonly messages: number;
  readonly attempts: number;
}

/** Tries so many rows at once, by a channel without a policy and by two with this one. Returns what was wrong. */
export async function judgeAll(
  open: (options: Partial<ChannelOptions>) => Promise<Channel>,
  policy: Partial<ChannelOptions>,
  rows: readonly Expected[],
  atOnce: number,
  bySocket = false,
): Promise<string[]> {
  const trials: Trial[] = [
    { name: "without a policy", channel: await open({}), retries: () => false },
    { name: "with a policy", channel: await open(policy), retries: (retried) => retried === "always" },
    {
      name: "with a policy and firstFrame",
      channel: await open({ ...policy, headerCommit: "firstFrame" }),
      retries: (retried) => retried !== "never",
    },
  ];
  const wrong: string[] = [];
  const todo = rows.entries();
  const work = async () => {
    for (const [n, row] of todo) {
      for (const trial of trials) wrong.push(...(await judge(trial, `${SERVICE}${n}`, row, bySocket)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  for (const { channel } of trials) channel.close();
  return wrong;
}

const request: readonly Uint8Array[] = [Uint8Array.of(1, 2, 3)];

/** Makes a call for one message and one for many, by HTTP or by WebSocket, and returns what was wrong. */
async function judge({ channel, ...trial }: Trial, method: string, row: Expected, bySocket = false): Promise<string[]> {
  const options = { timeoutMs: row.timeoutMs ?? AMPLE };
  const one = bySocket ? channel.clientStreaming(method, request, options) : channel.unary(method, new Uint8Array(), options);
  const many = bySocket
    ? channel.bidiStreaming(method, request, options)
    : channel.serverStreaming(method, new Uint8Array(), options);
  const single = { ...row.outcome, ...row.unary };
  const [ofOne, ofMany] = await Promise.all([
    one.then(
      ({ attempts, header, trailer }) => {
        readAll(header, trailer);
        return { code: Code.OK, message: "", messages: 1, attempts: attempts.length };
      },
      (error: unknown) => endedBy(error, 0),
    ),
    read(many),
  ]);
  return [
    ...compare(`${row.name}: one, ${trial.name}`, ofOne, { ...single, messages: single.code === Code.OK ? 1 : 0 }, trial),
    ...compare(`${row.name}: many, ${trial.name}`, ofMany, row.outcome, trial),
  ];
}

async function read(stream: ResponseStream): Promise<Ended> {
  let messages = 0;
  try {
    for await (const _ of stream) messages++;
    readAll(await stream.header, await stream.trailer);
    return { code: Code.OK, message: "", messages, attempts: stream.attempts.length };
  } catch (error) {
    return endedBy(error, messages);
  }
}

/** Reads all that metadata has: no answer may make a getter throw. */
function readAll(...all: readonly Metadata[]): void {
  for (const metadata of all) for (const [name] of metadata) metadata.getAll(name);
}

function endedBy(error: unknown, messages: number): Ended {
  if (!(error instanceof StatusError)) return { code: -1 as Code, message: String(error), messages, attempts: 0 };
  readAll(error.header, error.trailer);
  return { code: error.code, message: error.message, messages, attempts: error.attempts.length };
}

function compare(where: string, ended: Ended, wanted: Outcome, trial: Pick<Trial, "retries">): string[] {
  const tried = trial.retries(wanted.retried) && wanted.code === Code.UNAVAILABLE ? 3 : 1;
  const attempts = wanted.retried === "perhaps" ? ended.attempts : tried;
  const told = `${name(ended.code)} with ${ended.messages} messages after ${ended.attempts} attempts`;
  const due = `${name(wanted.code)} with ${wanted.messages ?? ended.messages} messages after ${attempts} attempts`;
  const wrong = told === due ? [] : [`${where}: ${told}, not ${due} (${ended.message})`];
  if (wanted.message === undefined || new RegExp(wanted.message, "s").test(ended.message)) return wrong;
  return [...wrong, `${where}: "${ended.message}" does not match ${wanted.message}`];
}

function name(code: Code): string {
  return Code[code] ?? String(code);
}
