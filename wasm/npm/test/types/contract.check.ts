// The published types against the contract that programs elsewhere are written to: contract.d.ts is a copy of it. Nothing runs here;
// tsc checks it with the tests. Two enums are never the same type, nor are two classes with private members: of those, what can be
// seen is compared.
import type * as hedgerow from "hedgerow";
import type * as contract from "./contract.js";

/** The same to the letter: optional, readonly and undefined included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { ours: A; theirs: B };

/** A type with enums as numbers and classes by their names, whichever side they are of. */
type Plain<T> = T extends hedgerow.Code | contract.Code
  ? number
  : T extends hedgerow.Metadata | contract.Metadata
    ? "Metadata"
    : T extends Uint8Array | AbortSignal | string | number | boolean | null | undefined
      ? T
      : T extends Promise<infer V>
        ? Promise<Plain<V>>
        : T extends readonly (infer E)[]
          ? readonly Plain<E>[]
          : T extends (...args: never) => unknown
            ? "function"
            : { [K in keyof T]: Plain<T[K]> };

type Event<E, K> = Plain<Extract<E, { readonly type: K }>>;
type Kind = contract.CallEvent["type"];

export const data: [
  Same<hedgerow.LoadOptions, contract.LoadOptions>,
  Same<hedgerow.FetchLike, contract.FetchLike>,
  Same<hedgerow.AttemptContext, contract.AttemptContext>,
  Same<hedgerow.Messages, contract.Messages>,
  Same<hedgerow.AttemptKind, contract.AttemptKind>,
  Same<hedgerow.CommitReason, contract.CommitReason>,
  Same<hedgerow.WarningKind, contract.WarningKind>,
  Same<hedgerow.ServiceConfig, contract.ServiceConfig>,
  Same<hedgerow.MethodConfig, contract.MethodConfig>,
  Same<hedgerow.RetryPolicy, contract.RetryPolicy>,
  Same<hedgerow.HedgingPolicy, contract.HedgingPolicy>,
  Same<hedgerow.CallEvent["type"], Kind>,
  Same<Plain<hedgerow.AttemptRecord>, Plain<contract.AttemptRecord>>,
  Same<Plain<hedgerow.UnaryResponse>, Plain<contract.UnaryResponse>>,
  Same<Plain<Pick<hedgerow.ResponseStream, Visible>>, Plain<Pick<contract.ResponseStream, Visible>>>,
  Same<Plain<Omit<hedgerow.StatusError, "cause" | "toString" | "rawCode">>, Plain<Omit<contract.StatusError, "cause">>>,
  Same<hedgerow.ConfigError["problems"], contract.ConfigError["problems"]>,
  Same<keyof hedgerow.Channel, keyof contract.Channel>,
  Same<keyof hedgerow.ResponseStream, keyof contract.ResponseStream>,
] = [true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true];
type Visible = "header" | "trailer" | "attempts" | "commitReason";

/** Each event, with all its fields. */
export const events: { [K in Kind]: Same<Event<hedgerow.CallEvent, K>, Event<contract.CallEvent, K>> } = {
  callStarted: true,
  attemptStarted: true,
  attemptHead: true,
  attemptEnded: true,
  backoff: true,
  hedgeScheduled: true,
  throttle: true,
  budget: true,
  buffer: true,
  committed: true,
  callEnded: true,
  warning: true,
};

/** Options, but for those that mention classes or enums, which are compared below by use. */
type Named = "metadata" | "onEvent" | "credentialsRefresh";
/** What the package has beyond the contract. */
type Added = "clock" | "random" | "workerUrl";
export const options: [
  Same<Omit<hedgerow.ChannelOptions, Named | Added>, Omit<contract.ChannelOptions, Named>>,
  Same<Omit<hedgerow.CallOptions, "metadata" | "onEvent">, Omit<contract.CallOptions, "metadata" | "onEvent">>,
  Same<Exclude<keyof hedgerow.ChannelOptions, Added>, keyof contract.ChannelOptions>,
  Same<keyof hedgerow.CallOptions, keyof contract.CallOptions>,
  Same<Plain<Pick<hedgerow.ChannelOptions, "onEvent">>, Plain<Pick<contract.ChannelOptions, "onEvent">>>,
] = [true, true, true, true, true];

/** Codes: the same names with the same numbers. */
type Codes<E> = { [K in keyof E]: E[K] extends number ? `${E[K]}` : never };
export const codes: Same<Codes<typeof hedgerow.Code>, Codes<typeof contract.Code>> = true;

/** Metadata, method by method. */
type Method<K extends keyof contract.Metadata> = Same<hedgerow.Metadata[K], contract.Metadata[K]>;
export const metadata: [
  Method<"get">,
  Method<"getAll">,
  Method<"has">,
  Method<"delete">,
  Method<typeof Symbol.iterator>,
  Same<keyof hedgerow.Metadata, keyof contract.Metadata>,
  Same<Plain<Exclude<hedgerow.MetadataInit, hedgerow.Metadata>>, Plain<Exclude<contract.MetadataInit, contract.Metadata>>>,
] = [true, true, true, true, true, true, true];

/** A program that is written to the contract compiles against the package, and the package's values fit into such a program. */
export async function program(api: typeof hedgerow): Promise<void> {
  const create: (options: hedgerow.ChannelOptions) => Promise<hedgerow.Channel> = api.createChannel;
  const load: typeof contract.preload = api.preload;
  await load();
  const channel = await create({
    baseUrl: "",
    metadata: async ({ attempt, method, signal }) => [[method, signal.aborted ? "" : `${attempt}`]],
  });
  using disposable: { [Symbol.dispose](): void } = channel;
  void disposable;
  const unary: hedgerow.UnaryResponse = await channel.unary("", new Uint8Array(), { metadata: new api.Metadata([["a", "b"]]) });
  const record: Plain<contract.AttemptRecord> | undefined = unary.attempts[0];
  const reason: contract.CommitReason = unary.commitReason;
  const stream = channel.serverStreaming("", unary.message, {});
  for await (const message of stream) message satisfies Uint8Array;
  await channel.clientStreaming("", [new Uint8Array()]);
  channel.bidiStreaming("", (async function* () {})(), undefined).cancel();
  const bytes: Uint8Array | undefined = (await stream.header).get("x-bin");
  const text: string | undefined = (await stream.trailer).set("x", "y").append("x-bin", new Uint8Array()).get("x");
  const all: [string[], Uint8Array[]] = [unary.header.getAll("x"), unary.header.getAll("x-bin")];
  const error: unknown = undefined;
  if (error instanceof api.StatusError) {
    const { code, details, method, cause, header, trailer, attempts, commitReason } = error;
    if (code === api.Code.UNAVAILABLE) void [details?.length, method, cause, header, trailer, attempts, commitReason];
  }
  if (error instanceof api.ConfigError) error.problems.map(({ path, reason }) => path + reason);
  if (error instanceof api.LoadError) error satisfies Error;
  // @ts-expect-error: its constructor is private
  new api.StatusError();
  void [record, reason, bytes, text, all];
  channel.close();
}
