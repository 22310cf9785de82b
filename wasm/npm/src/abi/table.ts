// Generated from internal/abi/table by internal/abi/generate: do not edit. wasm/ABI.md explains it.
import type { AttemptKind, AttemptRecord, CallEvent, CommitReason, WarningKind } from "../api/events.js";

/** A number of the table, which the program must know too. */
export const VERSION = 0x489756ed;

/** What an export answers with that has died. */
export const FATAL = 0xffffffff;

/** The longest slice of a chunk that is fed at once. */
export const SLICE = 65536;

/** The longest text that is written for one export, in UTF-16 units. Longer text is refused, or cut where it only explains. */
export const MAX_TEXT = 4194304;

/** Where an action's first word holds how many words it has, above its number. */
export const LENGTH_SHIFT = 8;

/** What the program exports. Each answers with the number of words in the action buffer, or with FATAL. */
export interface Exports {
  /** Longer text than usual comes. */
  reserve(bytes: number): number;
  /** A channel is made with these options: alternating names and values, with numbers as JavaScript writes them. Names of metadata begin with `>`. Names that begin with `?` are any options as the application gave them, whose values show their type: `"text"`, `7`, `true`, `a function`. Besides the options that users know, there are `seed`, a number; `state`, the text that was stored last; `credentialsRefresh`, the codes for that, one a line, as the application gave them; `random`, the result of every draw, in units of 2⁻⁵³; and, with any value, `perAttempt`: metadata is a function, `page`: a browser's fetch carries the requests, `crossOrigin`: the page is on another origin than the base URL before it. `baseUrl` comes once for each endpoint. */
  open_channel(channel: number, bytes: number): number;
  /** The channel is closed: its calls are canceled. */
  close_channel(channel: number, now: number): number;
  /** JavaScript asks for what the channel has learned, to store it. */
  state(channel: number): number;
  /** Another tab has told what is left of the budget that they share. */
  share(channel: number, bytes: number): number;
  /** A stream of a resumable subscription to the method in the input ended with this code. *lost* 1: its connection was lost after the commit. *failures*: how many in a row failed before it without a message. */
  renew(channel: number, now: number, code: number, lost: number, failures: number, bytes: number): number;
  /** The function that refreshes credentials has succeeded (0), or failed (1) with this error. */
  refreshed(channel: number, now: number, failed: number, bytes: number): number;
  /** A call begins; the input is a start block, then the call's method, then its metadata. The text is left out if it is that of the last *start*. */
  start(call: number, bytes: number): number;
  /** The application sends a message in an open call. *sent* is how many bytes are sent, which are fewer than *size* if the message was compressed. Limits count *size*, the replay buffer counts *sent*. */
  queue(call: number, now: number, size: number, sent: number): number;
  /** No further message follows. */
  half_close(call: number, now: number): number;
  /** How many messages fetch has taken for the attempt so far. */
  took(call: number, attempt: number, messages: number): number;
  /** The application waits for a message. */
  read(call: number, now: number): number;
  /** The caller ends the call, with this text: with CANCELLED (1), or with INTERNAL (13) because of a mistake of its own. */
  cancel(call: number, now: number, code: number, bytes: number): number;
  /** The application asks for the attempts so far. */
  history(call: number): number;
  /** The per-attempt function returned this metadata. */
  prepared(call: number, attempt: number, now: number, fields: number, bytes: number): number;
  /** The per-attempt function failed, with a status that has this code, message and metadata or, if the code is 0, with another error that has this message. */
  unprepared(call: number, attempt: number, now: number, code: number, fields: number, bytes: number): number;
  /** The response head came. The text is left out if it is that of the last *head* that had fields. HTTP status 101, without fields: a WebSocket has opened, and its first frame is the head. */
  head(call: number, attempt: number, now: number, httpStatus: number, fields: number, bytes: number): number;
  /** A slice of a chunk came, of at most 64 KiB. *result* is how many bytes were taken; if not all were, feed the rest. *last* 1: the chunk ends with the slice; `drained` need not be called if all was taken and nothing is to be inflated. */
  feed(call: number, attempt: number, now: number, last: number, bytes: number): number;
  /** JavaScript took this many bytes of the current payload without feeding them. */
  skip(call: number, attempt: number, length: number): number;
  /** All of the chunk has been taken. */
  drained(call: number, attempt: number, now: number): number;
  /** The payload of an *inflate* action is inflated and has this many bytes. The input is the payload if it is trailers, and empty if it is a message. */
  inflated(call: number, attempt: number, now: number, size: number, bytes: number): number;
  /** The body ended. */
  end(call: number, attempt: number, now: number): number;
  /** The body could not be read to its end, with this error. */
  broken(call: number, attempt: number, now: number, bytes: number): number;
  /** The attempt failed on this side, with this error. */
  failed(call: number, attempt: number, now: number, how: number, bytes: number): number;
  /** The WebSocket was closed, with this code and reason. */
  closed(call: number, attempt: number, now: number, code: number, bytes: number): number;
  /** The instant of the last *timer* action may have come. */
  timer(now: number): number;
  /** The page is online again (1), or offline (0). */
  network(now: number, up: number): number;
}

/** What the program may ask for. */
export enum Action {
  /** Run the per-attempt metadata function, for the attempt with this number. */
  Prepare = 0,
  /** Send the request with this header, by fetch or a new WebSocket, to the base URL that was given at this place, from 0. *streams*: send each message when it comes; otherwise the request is complete and is sent as a whole. *again*: the header is that of the last *open*, and is left out here. */
  Open = 1,
  /** End the attempt's exchange and ignore what it still reports. */
  Abort = 2,
  /** Read one chunk of the body. */
  Read = 3,
  /** Give the application the header. */
  Head = 4,
  /** Settle the call. The attempt is the one whose status this is, or −1. *drop*: the application gets none of the messages that it has not read yet. *lost*: the connection was lost after the commit, or the request was ended by something other than this client. *rawCode*: the number that the server sent if it is not a gRPC code, or 0. */
  End = 5,
  /** No other attempt than this one will send the request. */
  Release = 6,
  /** The application need not wait any longer for this many of its messages, from the first. */
  Written = 7,
  /** Set the instance's one timer to this instant; with Infinity, clear it. A patient timer waits for the end of a body, which usually comes at once, so it need not be set before that has had the chance. */
  Timer = 8,
  /** The answer to `history`. */
  History = 9,
  /** Tell the listeners. */
  Observe = 10,
  /** Tell the developer. For call 0, it is about the channel that is being opened. */
  Warn = 11,
  /** Report this problem with the options of the channel that is being opened. */
  Refuse = 12,
  /** The answer to `renew`: subscribe again after so many milliseconds. Infinity: do not. NaN: the method has no retryPolicy. */
  Renew = 13,
  /** Run the function that refreshes credentials, then call `refreshed`. */
  Refresh = 14,
  /** Nobody waits for the credentials any more: abort the function's signal, and do not call `refreshed`. */
  StopRefresh = 15,
  /** The answer to `state`, if the text has changed since it was stored. */
  State = 16,
  /** Tell the other tabs what is left of the budget that they share; it comes before the other actions of a call, and is part of the answers to open_channel, if the channel has a budget, and to renew, if that has changed it. */
  Budget = 17,
  /** Inflate the payload that is now complete, but stop one byte after the limit. */
  Inflate = 18,
}

/** The words at the address that `mailbox` returns, which never changes. The words themselves may change with every call of an export. */
export enum Box {
  /** The version of this table; JavaScript of another version stops here. */
  Version = 0x0,
  /** Address of the input buffer. */
  Input = 0x1,
  /** Its size in bytes. */
  Capacity = 0x2,
  /** Address of the action buffer. */
  Actions = 0x3,
  /** Address of the text buffer, into which actions point. */
  Text = 0x4,
  /** How many bytes of it the export has written. */
  TextSize = 0x5,
  /** Address of the last feed's fragments. */
  Fragments = 0x6,
  /** The number of these fragments. */
  Count = 0x7,
  /** What the export returns besides its actions. */
  Result = 0x8,
}

/** A *fragment* is a part of a frame's payload, in these words. */
export enum FragmentWord {
  /** The frame's flags, and those of the fragment above them. */
  Flags = 0x0,
  /** Where the fragment begins in the slice. */
  Offset = 0x1,
  /** How long it is. */
  Length = 0x2,
  /** How long the whole payload is. */
  Total = 0x3,
}

/** The flags of a fragment. The lowest byte is the frame's. */
export enum FragmentFlag {
  /** Of the frame: its payload is compressed. */
  Compressed = 0x1,
  /** Of the frame: its payload is trailers. */
  Trailers = 0x80,
  /** The payload begins with the fragment. */
  First = 0x100,
  /** The fragment was decoded from text, and lies in the input buffer. */
  Decoded = 0x200,
}

/** What is true of a call, or of the page, when the call begins. */
export enum StartFlag {
  /** The response is a stream. */
  Streaming = 0x1,
  /** There are listeners for events. */
  Observe = 0x2,
  /** The request's messages follow by `queue`, and then `half_close`. */
  Open = 0x4,
  /** Fetch can send messages as they come. */
  CanStream = 0x8,
  /** The caller wants the call to wait for a network. */
  WaitForReady = 0x10,
  /** The caller wants the call not to wait for a network. */
  NoWait = 0x20,
  /** There is no network now. */
  Offline = 0x40,
  /** Attempts are WebSockets, which implies *canStream*. */
  Socket = 0x80,
  /** The call neither waits for a refresh of the credentials nor starts one. */
  NoRefresh = 0x100,
}

/** How an attempt failed on this side of the network. */
export enum Failure {
  /** The network failed: no response head came. */
  NoResponse = 0x0,
  /** Something other than this client ended it, at any stage. */
  AbortedByHost = 0x1,
  /** No request could be made. */
  InvalidRequest = 0x2,
  /** A payload could not be inflated. */
  BadPayload = 0x3,
  /** What fetch returned is not a response, or cannot be read as one. */
  NotResponse = 0x4,
  /** The response is a redirect, and the browser says nothing else about it. */
  Redirected = 0x5,
  /** The page's Content-Security-Policy forbids the request: the text is the directive. */
  Forbidden = 0x6,
}

/** Why an attempt was made. */
export const ATTEMPT_KINDS = ["first", "retry", "hedge", "transparent", "refresh"] as const;

/** @internal */
export type SameAttemptKind = Same<Exclude<NonNullable<(typeof ATTEMPT_KINDS)[number]>, AttemptKind> | Exclude<AttemptKind, NonNullable<(typeof ATTEMPT_KINDS)[number]>>>;

/** What became of an attempt. */
export const OUTCOMES = ["pending", "committed", "failed", "aborted"] as const;

/** @internal */
export type SameOutcome = Same<Exclude<NonNullable<(typeof OUTCOMES)[number]>, AttemptRecord["outcome"]> | Exclude<AttemptRecord["outcome"], NonNullable<(typeof OUTCOMES)[number]>>>;

/** Why a call makes no further attempt. It is 0 until the call commits or ends. */
export const REASONS = [undefined, "responseHeaders", "fatalStatus", "exhausted", "deadline", "throttled", "bufferExceeded", "pushback", "cancelled", "drop", "internal"] as const;

/** @internal */
export type SameReason = Same<Exclude<NonNullable<(typeof REASONS)[number]>, CommitReason> | Exclude<CommitReason, NonNullable<(typeof REASONS)[number]>>>;

/** The kind of policy that a call has. */
export const POLICIES = ["none", "retry", "hedging"] as const;

/** @internal */
export type SamePolicy = Same<Exclude<NonNullable<(typeof POLICIES)[number]>, Extract<CallEvent, { type: "callStarted" }>["policy"]> | Exclude<Extract<CallEvent, { type: "callStarted" }>["policy"], NonNullable<(typeof POLICIES)[number]>>>;

/** What listeners are told about. */
export enum EventKind {
  /** Policy, attempts (how many may be made), timeout. */
  CallStarted = 0x0,
  /** Attempt, why, message (the base URL, if the channel has several). */
  AttemptStarted = 0x1,
  /** Attempt, httpStatus. */
  AttemptHead = 0x2,
  /** Attempt, outcome, code, message, pushback. */
  AttemptEnded = 0x3,
  /** Delay, bound, pushback (if it is not −1, the server asked for the delay). */
  Backoff = 0x4,
  /** Delay, pushback (likewise). */
  HedgeScheduled = 0x5,
  /** Tokens, maxTokens, tripped (it allows no further attempt). */
  Throttle = 0x6,
  /** CallBytes, channelBytes, tripped (a message did not fit). */
  Buffer = 0x7,
  /** Attempt (0: none was), reason. */
  Committed = 0x8,
  /** Code, message, attempts (how many were made), reason. */
  CallEnded = 0x9,
  /** Tokens, maxTokens, tripped (it could not pay for a retry or hedge). */
  Budget = 0xa,
}

/** What developers are warned about. The kind is sent as text, because few pages ever see a warning. */
export type WarningKindWord = "policyClamped" | "corsSuspected" | "statusHidden" | "retryLostToBodyTrailers" | "halfDuplexStalled" | "stateUnusable";

/** @internal */
export type SameWarningKind = Same<Exclude<WarningKindWord, WarningKind>>;

/** The message of a call that its caller canceled. */
export const CANCELED_BY_CALLER = "the caller canceled the call";

/** The message of a call that its caller canceled before it began. */
export const CANCELED_BEFORE = "the caller canceled the call before it began";

/** The message of a stream that its reader left. */
export const CANCELED_BY_READER = "the stream was closed before its end";

/** The message of a call on a closed channel. */
export const CHANNEL_IS_CLOSED = "the channel is closed";

/** Why a method cannot be resumed; a colon and the method follow. */
export const UNRESUMABLE = "resumableStreaming needs a retryPolicy for the method: it says which failures are temporary, and how long to wait";

/** The message of a call that would wait for the refresh that makes it. */
export const REFRESH_INSIDE = "a call from within refresh must set credentialsRefresh: false, or it would wait for itself";

/** The message of a call whose request messages could not be read; a colon and the reason follow. */
export const REQUEST_UNREADABLE = "the request's messages could not be read";

/** What a call begins with, besides its method and its metadata. */
export interface StartBlock {
  readonly now: number;
  /** Infinity: the channel's default. */
  readonly timeout: number;
  /** Bytes of the request's message, unless the flag *open* is set. */
  readonly size: number;
  /** The largest message that may be received, in bytes; 0: the channel's limit. */
  readonly maxReceive: number;
  readonly channel: number;
  readonly flags: number;
  /** How many fields the metadata has. */
  readonly fields: number;
}

/** How many bytes of an input it takes. */
export const START_BLOCK_SIZE = 44;

export function writeStartBlock(view: DataView, block: StartBlock): void {
  view.setFloat64(0, block.now, true);
  view.setFloat64(8, block.timeout, true);
  view.setFloat64(16, block.size, true);
  view.setFloat64(24, block.maxReceive, true);
  view.setUint32(32, block.channel, true);
  view.setUint32(36, block.flags, true);
  view.setUint32(40, block.fields, true);
}

/** Does not compile where a public type and the table have different words. */
type Same<Different extends never> = Different;
