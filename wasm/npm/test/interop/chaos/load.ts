// The calls that meet the faults, and what came of each, as data: the same in Node and in a page.
import type { AttemptRecord, CommitReason, FetchLike, ServiceConfig } from "hedgerow";

export interface Load {
  readonly baseUrl: string;
  /** Call ids begin with this. */
  readonly name: string;
  readonly calls: number;
  /** How many calls are made at a time. */
  readonly workers: number;
  /** How long after the beginning of a call the next one is due, in milliseconds. It begins later if all workers are busy then. */
  readonly every: number;
  readonly serviceConfig: ServiceConfig;
  /** Everything in a request but its call id and its payload. */
  readonly unary: readonly number[];
  readonly stream: readonly number[];
}

/** One call. The request's payload is its id, `times` times; so is that of each reply. */
export interface Made {
  readonly id: string;
  readonly stream: boolean;
  readonly times: number;
  readonly code: number;
  /** The status message of a call that failed. */
  readonly message: string;
  readonly commitReason: CommitReason | undefined;
  readonly attempts: readonly AttemptRecord[];
  /** The replies as they came, in base64. */
  readonly replies: readonly string[];
  /** When it began, in milliseconds of the clock that pages and this process share, and how long it took. */
  readonly at: number;
  readonly ms: number;
}

/** Makes the calls with globalThis.hedgerow. Its text is sent to pages, so it uses nothing from outside. */
export async function drive(load: Load, fetch?: FetchLike): Promise<Made[]> {
  const { createChannel, StatusError } = globalThis.hedgerow;
  const channel = await createChannel({
    baseUrl: load.baseUrl,
    serviceConfig: load.serviceConfig,
    fetch,
    headerCommit: "firstFrame",
  });
  const made: Made[] = [];
  const field = (number: number, text: string) => {
    const length = text.length < 128 ? [text.length] : [(text.length & 127) | 128, text.length >> 7];
    return [(number << 3) | 2, ...length, ...new TextEncoder().encode(text)];
  };

  const call = async (n: number): Promise<Made> => {
    const id = `${load.name}-${n}`;
    const stream = n % 5 === 3;
    const times = n % 7 === 2 ? 400 : 1;
    const request = Uint8Array.from([...field(1, id), ...(stream ? load.stream : load.unary), ...field(3, id.repeat(times))]);
    const replies: string[] = [];
    const keep = (reply: Uint8Array) => replies.push(btoa(String.fromCharCode(...reply)));
    const at = Date.now();
    const begun = performance.now();
    const ended = (code: number, message: string, from: Pick<Made, "attempts" | "commitReason">): Made => ({
      ...{ id, stream, times, code, message, replies, at, ms: performance.now() - begun },
      ...{ commitReason: from.commitReason, attempts: from.attempts },
    });
    try {
      if (!stream) {
        const response = await channel.unary("/hedgerow.chaos.v1.Chaos/Do", request);
        keep(response.message);
        return ended(0, "", response);
      }
      const responses = channel.serverStreaming("/hedgerow.chaos.v1.Chaos/Stream", request);
      for await (const message of responses) keep(message);
      return ended(0, "", responses);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return ended(error.code, error.message, error);
    }
  };

  let next = 0;
  const begun = performance.now();
  const work = async () => {
    while (next < load.calls) {
      const n = next++;
      const early = begun + n * load.every - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      made.push(await call(n));
    }
  };
  await Promise.all(Array.from({ length: load.workers }, work));
  channel.close();
  return made;
}
