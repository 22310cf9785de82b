// What was promised of the calls, compared with what came of them and with what the servers did.
import { fromBinary } from "@bufbuild/protobuf";
import { Code } from "hedgerow";
import { ReplySchema } from "../../gen/chaos/v1/chaos_pb.js";
import type { Made } from "./load.js";

/** How many replies a stream has. */
export const REPLIES = 3;

/** A time, in milliseconds. */
export type Span = Pick<Made, "at" | "ms">;

/** What the calls of one client through one proxy came to. */
export interface Result {
  readonly calls: number;
  readonly attempts: number;
  /** Calls that took more than one attempt, and succeeded. */
  readonly healed: number;
  /** Calls that failed before their first message had come. */
  readonly failed: readonly Made[];
  /** Calls that failed before their first message too, but while even calls without faults were too slow on this machine. */
  readonly unjudged: readonly Made[];
  /** How many calls failed after their first message, by the name of the status that they got. */
  readonly cut: Readonly<Record<string, number>>;
  /** How many of these were unary calls. */
  readonly unaryCut: number;
  /** What is wrong: an answer to another call, an id twice or never, an answer that no server gave, an execution that nobody asked for. */
  readonly wrong: readonly string[];
  /** How many attempts have begun at the servers. */
  readonly executions: number;
  /** How many different attempts of the client these are. */
  readonly reached: number;
  /** How long calls took, in milliseconds, in ascending order. */
  readonly times: readonly number[];
}

/**
 * Checks the calls `name-0` to `name-(calls - 1)` against the lines of the servers ("id previous-attempts"), which may be about other
 * clients' calls too. `slow` lists the times in which even calls without faults took too long.
 */
export function check(
  name: string,
  calls: number,
  made: readonly Made[],
  lines: readonly string[],
  slow: readonly Span[] = [],
): Result {
  const wrong: string[] = [];
  const byId = new Map<string, Made>();
  for (const call of made) {
    if (byId.has(call.id)) wrong.push(`${call.id} has ended twice`);
    byId.set(call.id, call);
  }
  for (let n = 0; n < calls; n++) if (!byId.has(`${name}-${n}`)) wrong.push(`${name}-${n} was lost: it has not ended`);

  const executed = executionsOf(name, lines);
  let executions = 0;
  let reached = 0;
  for (const [attempt, times] of executed) {
    const [id = "", previous] = attempt.split(" ");
    // A transparent restart has the number of the attempt that it replaces.
    const asked = byId.get(id)?.attempts.filter(({ number }) => number - 1 === Number(previous)).length ?? 0;
    if (asked === 0) wrong.push(`${attempt}: a server executed an attempt that its client did not make`);
    executions += times;
    reached += Math.min(times, asked);
  }
  for (const call of made) wrong.push(...answers(call, executed));

  const broken = made.filter(({ code }) => code !== Code.OK);
  // With headerCommit "firstFrame" only a message commits a call, and after the commit there is no other attempt (SEMANTICS 2.2f).
  const late = broken.filter(({ stream, replies, commitReason }) =>
    stream ? replies.length > 0 : commitReason === "responseHeaders",
  );
  const early = broken.filter((call) => !late.includes(call));
  const during = ({ at, ms }: Span) => slow.some((span) => span.at < at + ms && at < span.at + span.ms);
  const cut: Record<string, number> = {};
  for (const { code } of late) cut[nameOf(code)] = (cut[nameOf(code)] ?? 0) + 1;
  return {
    ...{ calls: made.length, cut, wrong, executions, reached },
    attempts: made.reduce((sum, { attempts }) => sum + attempts.length, 0),
    healed: made.filter(({ code, attempts }) => code === Code.OK && attempts.length > 1).length,
    failed: early.filter((call) => !during(call)),
    unjudged: early.filter(during),
    unaryCut: late.filter(({ stream }) => !stream).length,
    times: made.map(({ ms }) => ms).sort((a, b) => a - b),
  };
}

function nameOf(code: number): string {
  return Code[code] ?? String(code);
}

/** How often each attempt of these calls was executed. */
function executionsOf(name: string, lines: readonly string[]): Map<string, number> {
  const executed = new Map<string, number>();
  for (const line of lines) if (line.startsWith(`${name}-`)) executed.set(line, (executed.get(line) ?? 0) + 1);
  return executed;
}

/** What is wrong with the answer to a call, or with its part that has come. */
function answers(call: Made, executed: ReadonlyMap<string, number>): string[] {
  const { id, stream, times, code, replies } = call;
  const wrong: string[] = [];
  const committed = call.attempts.find(({ outcome }) => outcome === "committed");
  const expected = stream ? REPLIES : 1;
  if (code === Code.OK && replies.length !== expected) wrong.push(`${id} has ${replies.length} replies instead of ${expected}`);
  for (const [i, bytes] of replies.entries()) {
    const { index, payload, requestHeader } = fromBinary(ReplySchema, Buffer.from(bytes, "base64"));
    if (Buffer.from(payload).toString() !== id.repeat(times)) wrong.push(`${id} got an answer to another call`);
    if (index !== i + 1) wrong.push(`${id} got reply ${index} in place of ${i + 1}`);
    if (i > 0) continue;
    const previous = requestHeader.find(({ name }) => name === "grpc-previous-rpc-attempts")?.value ?? "0";
    if (!executed.has(`${id} ${previous}`)) wrong.push(`${id} got an answer that no server gave`);
    // The attempt that a page makes without the header, to see whether CORS refuses it, keeps its number.
    if (committed?.kind !== "transparent" && Number(previous) !== (committed?.number ?? 0) - 1)
      wrong.push(`${id} got the answer to attempt ${Number(previous) + 1} as that of attempt ${committed?.number}`);
  }
  return wrong;
}
