// The messages between a page and the worker that runs its WebAssembly. Metadata is sent as a text block, in the form that Go reads.
import type { History } from "../abi/actions.js";
import type { Code } from "../api/code.js";
import { type Ending, isStatusError, type Problem, statusError } from "../api/errors.js";
import type { CallEvent } from "../api/events.js";
import { show } from "../api/foreign.js";
import { blockOfMetadata, metadataOfBlock } from "../api/metadata.js";
import type { ChannelOptions } from "../api/options.js";

/** A call, as it is sent to the worker. Instants are on the page's clock. */
export interface Start {
  readonly call: number;
  readonly channel: number;
  readonly method: string;
  readonly metadata: string;
  /** The only message of the call. undefined if messages follow. */
  readonly message: Uint8Array | undefined;
  readonly streaming: boolean;
  readonly timeoutMs: number;
  readonly begun: number;
  readonly maxReceiveMessageBytes: number;
  readonly waitForReady: boolean | undefined;
  readonly noRefresh: boolean;
  readonly observe: boolean;
}

/** What the metadata function returned, or what it failed with. unusable: it returned something that is not metadata. */
export type Prepared = { readonly metadata: string } | { readonly failure: Failure; readonly unusable: boolean };

/** An error in a message: that of a call, or any other. */
export type Failure =
  | { readonly method: string; readonly ending: PackedEnding; readonly cause: Failure | undefined }
  | { readonly error: unknown };

export type PackedEnding = Omit<Ending, "header" | "trailer"> & { readonly header: string; readonly trailer: string };

export type ToWorker =
  | {
      readonly kind: "open";
      readonly channel: number;
      readonly options: ChannelOptions;
      readonly asks: Asks;
      readonly timeOrigin: number;
      /** The number of a wasmModule or a wasmBinary: each message has a copy of it, and copies of the same one have the same number. */
      readonly source: number | undefined;
    }
  /** Something happened to the page. */
  | { readonly kind: "page"; readonly type: PageEvent }
  | { readonly kind: "close"; readonly channel: number }
  | ({ readonly kind: "start" } & Start)
  | { readonly kind: "message"; readonly call: number; readonly message: Uint8Array }
  | { readonly kind: "halfClose" | "want"; readonly call: number }
  | { readonly kind: "cancel"; readonly call: number; readonly why: string; readonly code: Code }
  | { readonly kind: "prepared"; readonly id: number; readonly prepared: Prepared }
  /** Is a subscription renewed? */
  | ({ readonly kind: "renew"; readonly channel: number; readonly id: number } & Renewal)
  /** What a function of the page's returned, if that is a text, or what it failed with. */
  | { readonly kind: "answer"; readonly id: number; readonly text: string | undefined; readonly failure?: Failure };

export type PageEvent = "online" | "offline" | "pageshow" | "pagehide" | "beforeunload";

/** Which functions the page has. */
export interface Asks {
  readonly metadata: boolean;
  readonly onEvent: boolean;
  readonly state: boolean;
  /** The codes for which it refreshes credentials. */
  readonly refresh: { readonly codes: readonly (Code | string)[] | undefined } | undefined;
}

/** A stream of a subscription that has ended. */
export interface Renewal {
  readonly method: string;
  readonly code: Code;
  readonly lost: boolean;
  readonly failures: number;
}

/** Functions of the page's, besides those of events and metadata, that the worker has called. */
export type Asked = "getState" | "setState" | "refresh";

export type FromWorker =
  | { readonly kind: "opened"; readonly channel: number; readonly problems?: readonly Problem[]; readonly failure?: string }
  | { readonly kind: "fatal"; readonly channel: number; readonly error: unknown }
  | { readonly kind: "warning"; readonly channel: number; readonly event: CallEvent }
  | { readonly kind: "prepare"; readonly channel: number; readonly id: number; readonly method: string; readonly attempt: number }
  | { readonly kind: "renewed"; readonly id: number; readonly after: number }
  | { readonly kind: "unprepare"; readonly id: number }
  /** The worker no longer wants the answer. */
  | { readonly kind: "unask"; readonly id: number }
  /** The worker has a function of the page's called, with this text. */
  | { readonly kind: "ask"; readonly channel: number; readonly id: number; readonly what: Asked; readonly text: string }
  | { readonly kind: "header"; readonly call: number; readonly header: string; readonly attempt: number }
  | { readonly kind: "message"; readonly call: number; readonly message: Uint8Array }
  | { readonly kind: "written"; readonly call: number }
  | { readonly kind: "history"; readonly call: number; readonly history: History }
  | { readonly kind: "event"; readonly call: number; readonly event: CallEvent }
  | {
      readonly kind: "end";
      readonly call: number;
      readonly ending: PackedEnding;
      readonly failed: boolean;
      readonly cause: Failure | undefined;
    };

/** A call that runs in the worker. The page's connection passes on what the worker reports about it. */
export interface RemoteCallHandler {
  readonly id: number;
  readonly channel: number;
  read(data: Extract<FromWorker, { call: number }>): void;
  /** The worker is gone. */
  died(error: Error): void;
}

/** The page's connection to the worker, as calls see it. */
export interface WorkerPort {
  /** A call starts: what the worker says of it is for it. */
  add(call: RemoteCallHandler): void;
  send(channel: number, message: ToWorker, ...transfer: Transferable[]): void;
}

export function packEnding(ending: Ending): PackedEnding {
  const { code, rawCode, message, details, attempts, commitReason, drop = false, lost = false } = ending;
  const [header, trailer] = [blockOfMetadata(ending.header).text, blockOfMetadata(ending.trailer).text];
  return { code, rawCode, message, details, attempts, commitReason, drop, lost, header, trailer };
}

export function unpackEnding(ending: PackedEnding): Ending {
  return { ...ending, header: metadataOfBlock(ending.header), trailer: metadataOfBlock(ending.trailer) };
}

/** Errors of this package arrive as what they are. Of others only what can be cloned arrives. */
export function packError(error: unknown): Failure {
  if (isStatusError(error)) {
    try {
      const cause = error.cause === undefined ? undefined : packError(error.cause);
      return { method: error.method, ending: packEnding(error), cause };
    } catch {} // it has the name, and is none
  }
  return { error: sendable(error) };
}

export function unpackError(failure: Failure): unknown {
  if ("error" in failure) return failure.error;
  return statusError(failure.method, unpackEnding(failure.ending), failure.cause && unpackError(failure.cause));
}

/** A value that can be sent: the value itself, or an error that says what it was. */
export function sendable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return new Error(show(value));
  }
}
