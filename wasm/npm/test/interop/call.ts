// Describes a call, and its result, as data, so that the same tests can run in Node and in a page.
import type { AttemptRecord, Channel, CommitReason, FetchLike, Metadata, ServiceConfig } from "hedgerow";

export type Fields = readonly (readonly [name: string, value: string | readonly number[]])[];

export interface Call {
  readonly baseUrl: string;
  readonly kind: "unary" | "serverStreaming" | "clientStreaming" | "bidiStreaming";
  readonly method: string;
  readonly messages: readonly (readonly number[])[];
  readonly metadata?: Fields;
  readonly serviceConfig?: ServiceConfig;
  readonly timeoutMs?: number;
  /** Whether messages of the request are sent as soon as there are any. The default is the package's. */
  readonly requestStreaming?: boolean;
}

export interface Outcome {
  readonly messages: readonly (readonly number[])[];
  readonly header: Fields;
  readonly trailer: Fields;
  readonly attempts: readonly AttemptRecord[];
  readonly commitReason: CommitReason | undefined;
  readonly code: number;
  readonly message: string;
  readonly details: readonly number[];
}

declare global {
  /** The open channels, by their options. */
  var channels: Map<string, Promise<Channel>> | undefined;
  /** The fetch of the client whose turn it is; a page has its own. */
  var fetchOfClient: FetchLike | undefined;
  /** Is called for every message of a response. */
  var heard: ((id: number) => void) | undefined;
}

/** Makes the call with globalThis.hedgerow. Its text is sent to pages, so it uses nothing from outside. */
export async function perform({ call, id, client }: { call: Call; id: number; client: string }): Promise<Outcome> {
  const { baseUrl, serviceConfig, requestStreaming, timeoutMs } = call;
  const { createChannel, StatusError } = globalThis.hedgerow;
  const plain = (value: string | Uint8Array) => (typeof value === "string" ? value : Array.from(value));
  const fields = (metadata: Metadata): Fields => [...metadata].map(([name, value]) => [name, plain(value)]);
  const bytes = (value: string | readonly number[]) => (typeof value === "string" ? value : Uint8Array.from(value));
  const heard = (message: Uint8Array) => {
    globalThis.heard?.(id);
    return Array.from(message);
  };

  globalThis.channels ??= new Map();
  const key = JSON.stringify([client, baseUrl, serviceConfig, requestStreaming]);
  // With plusMinus20 the sum of the backoffs has a lower bound; with full jitter it has none.
  const settings = { baseUrl, serviceConfig, requestStreaming, fetch: globalThis.fetchOfClient, jitter: "plusMinus20" } as const;
  const opened = globalThis.channels.get(key) ?? createChannel(settings);
  globalThis.channels.set(key, opened);
  const channel = await opened;

  const metadata = (call.metadata ?? []).map(([name, value]) => [name, bytes(value)] as const);
  const messages = call.messages.map((message) => Uint8Array.from(message));
  const options = { metadata, timeoutMs };
  const got: number[][] = [];
  try {
    if (call.kind === "unary" || call.kind === "clientStreaming") {
      const answer = await (call.kind === "unary"
        ? channel.unary(call.method, messages[0] ?? new Uint8Array(), options)
        : channel.clientStreaming(call.method, messages, options));
      const { header, trailer, attempts, commitReason } = answer;
      const ok = { attempts, commitReason, code: 0, message: "", details: [] };
      return { ...ok, messages: [heard(answer.message)], header: fields(header), trailer: fields(trailer) };
    }
    const stream =
      call.kind === "serverStreaming"
        ? channel.serverStreaming(call.method, messages[0] ?? new Uint8Array(), options)
        : channel.bidiStreaming(call.method, messages, options);
    for await (const message of stream) got.push(heard(message));
    const { attempts, commitReason } = stream;
    const ok = { attempts, commitReason, code: 0, message: "", details: [] };
    return { ...ok, messages: got, header: fields(await stream.header), trailer: fields(await stream.trailer) };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { header, trailer, attempts, commitReason, code, message, details } = error;
    return {
      ...{ messages: got, header: fields(header), trailer: fields(trailer), attempts, commitReason },
      ...{ code, message, details: Array.from(details ?? []) },
    };
  }
}
