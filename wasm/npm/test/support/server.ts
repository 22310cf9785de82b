// The real server, as tests see it: the Chaos and Greeter services, and what the server itself saw of a call.
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Channel, type ChannelOptions, createChannel } from "hedgerow";
import {
  type Reply,
  ReplySchema,
  type ReportReply,
  ReportReplySchema,
  ReportRequestSchema,
  RequestSchema,
  type StepSchema,
} from "../gen/chaos/v1/chaos_pb.js";

export const SERVER: string = process.env["HEDGEROW_SERVER"] ?? "";
export const DO = "/hedgerow.chaos.v1.Chaos/Do";
export const STREAM = "/hedgerow.chaos.v1.Chaos/Stream";
export const COLLECT = "/hedgerow.chaos.v1.Chaos/Collect";
export const CONVERSE = "/hedgerow.chaos.v1.Chaos/Converse";
const REPORT = "/hedgerow.chaos.v1.Chaos/Report";

export type StepInit = MessageInitShape<typeof StepSchema>;

export async function connect(t: TestContext, options: Partial<ChannelOptions> = {}): Promise<Channel> {
  const channel = await createChannel({ baseUrl: SERVER, ...options });
  t.after(() => channel.close());
  return channel;
}

/** A request that tells the server what to do, with a call id of its own. */
export class Script {
  readonly id: string = randomUUID();
  readonly bytes: Uint8Array;

  constructor(steps: StepInit[], payload: Uint8Array = new Uint8Array()) {
    this.bytes = toBinary(RequestSchema, create(RequestSchema, { callId: this.id, steps, payload }));
  }

  /** Begins one more attempt, which a step with waitForStarted waits for. */
  async release(t: TestContext, baseUrl: string = SERVER): Promise<void> {
    await (await connect(t, { baseUrl })).unary(DO, this.bytes);
  }

  /** Returns what the server saw when so many attempts have begun and so many have ended. The call for it has no policy. */
  async report(t: TestContext, waitForStarted: number, waitForEnded: number, baseUrl: string = SERVER): Promise<ReportReply> {
    const channel = await connect(t, { baseUrl });
    const request = create(ReportRequestSchema, { callId: this.id, waitForStarted, waitForEnded });
    const { message } = await channel.unary(REPORT, toBinary(ReportRequestSchema, request), { timeoutMs: 120_000 });
    return fromBinary(ReportReplySchema, message);
  }
}

export function reply(message: Uint8Array | undefined): Reply {
  return fromBinary(ReplySchema, message ?? new Uint8Array());
}

export function status(code: number, message = ""): Pick<StepInit & object, "end"> {
  return { end: { case: "status", value: { code, message } } };
}

export const hang: StepInit = { end: { case: "hang", value: {} } };
export const cut = (partialBytes = 0): Pick<StepInit & object, "end"> => ({ end: { case: "cut", value: { partialBytes } } });
