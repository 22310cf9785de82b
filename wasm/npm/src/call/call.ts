import {
  type History,
  type RequestFields,
  readEnding,
  readEvent,
  readHistory,
  readMetadata,
  readWarning,
  type Warning,
} from "../abi/actions.js";
import { checkText } from "../abi/check-text.js";
import type { Cursor } from "../abi/cursor.js";
import type { CallHandler, Engine } from "../abi/engine.js";
import { runSafely } from "../abi/run-safely.js";
import { Action, CANCELED_BY_CALLER, type StartBlock, StartFlag } from "../abi/table.js";
import { Code } from "../api/code.js";
import { type Ending, isStatusError, statusError } from "../api/errors.js";
import type { CallEvent } from "../api/events.js";
import { follow, isBytes, peek, show } from "../api/foreign.js";
import { blockOfMetadata, Metadata } from "../api/metadata.js";
import { Attempt } from "./attempt.js";
import type { AttemptOwner } from "./attempt-owner.js";
import { Backpressure } from "./backpressure.js";
import type { ChannelView } from "./channel-view.js";
import { type Listeners, listenersOf } from "./listeners.js";
import { type LiveCall, nextCallId, type Receiver } from "./live-call.js";
import { prepare } from "./prepare.js";
import type { Request, Tap } from "./request.js";

/** One call, on JavaScript's side of the border. It holds bytes and promises, and decides nothing. */
export class Call implements LiveCall, CallHandler, AttemptOwner {
  readonly id: number = nextCallId();
  readonly channel: ChannelView;
  readonly engine: Engine;
  /** The cause of an end that no attempt caused: the reason of a cancel, or why no request could be made. */
  #cause: unknown;
  #request: Request;
  #receiver: Receiver;
  #listeners: Listeners;
  /** The only attempt that still needs the request; undefined while others may. */
  #released: Attempt | undefined;
  #backpressure: Backpressure | undefined;
  #attempts: Attempt[] = [];
  #history: History | undefined;
  /** How the call ended; undefined until Go says so. */
  #ending: Ending | undefined;
  /** The receiver was told of the end. */
  #told = false;
  #unfollow: (() => void) | undefined;

  constructor(channel: ChannelView, request: Request, receiver: Receiver) {
    this.engine = channel.engine;
    this.channel = channel;
    this.#request = request;
    this.#receiver = receiver;
    this.#listeners = listenersOf(request.listeners);
  }

  /** Passes the call to Go, which answers with what to do first. */
  start(at: number = this.engine.clock.now()): void {
    const { method, outgoing, metadata, timeoutMs, maxReceiveMessageBytes, signal } = this.#request;
    const { count, text } = blockOfMetadata(metadata); // which throws if another client's metadata was not base64
    const said = `${method}\0${text}`;
    checkText(said, "the method and the metadata are");
    this.engine.calls.set(this.id, this);
    const block: StartBlock = {
      now: at,
      timeout: timeoutMs,
      size: outgoing.size,
      maxReceive: maxReceiveMessageBytes,
      channel: this.channel.id,
      flags: this.#flags(),
      fields: count,
    };
    this.engine.batch(() => {
      this.engine.enter("start", this.id, this.engine.buffers.start(block, said));
      if (signal && !this.over) this.#follow(signal);
    });
  }

  /** Follows the signal from the start of the call, before anything is sent: it may be the user's own class, and throw or abort at once. */
  #follow(signal: AbortSignal): void {
    try {
      this.#unfollow = follow(signal, (reason) => this.cancel(CANCELED_BY_CALLER, reason));
    } catch (error) {
      this.cancel(show(error), error, Code.INTERNAL);
    }
  }

  #flags(): number {
    const { outgoing, canStream, streaming, waitForReady, noRefresh } = this.#request;
    let flags = streaming ? StartFlag.Streaming : 0;
    if (!this.#listeners.empty) flags |= StartFlag.Observe;
    if (outgoing.open) flags |= StartFlag.Open;
    if (canStream) flags |= this.channel.webSocket ? StartFlag.Socket : StartFlag.CanStream;
    if (waitForReady !== undefined) flags |= waitForReady ? StartFlag.WaitForReady : StartFlag.NoWait;
    if ((waitForReady ?? this.channel.waits) && this.engine.offline) flags |= StartFlag.Offline;
    if (noRefresh) flags |= StartFlag.NoRefresh;
    return flags;
  }

  async write(message: Uint8Array): Promise<void> {
    if (this.over) return;
    const { compress } = this.channel;
    const { length } = message;
    let sent = message;
    try {
      if (compress) sent = await compress(message);
    } catch (error) {
      this.cancel(`a message could not be compressed: ${String(error)}`, error, Code.INTERNAL);
    }
    if (this.over) return;
    this.#request.outgoing.add(sent, sent.length < length);
    this.engine.enter("queue", this.id, this.engine.clock.now(), length, sent.length);
    await this.#sender.queued();
  }

  sendOnlyMessage(message: Uint8Array): void {
    // If it is open, then because the message is to be compressed.
    if (this.#request.outgoing.open) void this.write(message).then(() => this.halfClose());
  }

  halfClose(): void {
    if (this.over) return;
    this.#request.outgoing.end();
    this.engine.enter("half_close", this.id, this.engine.clock.now());
  }

  get tap(): Tap | undefined {
    return this.#request.tap;
  }

  get canStream(): boolean {
    return this.#request.canStream;
  }

  get method(): string {
    return this.#request.method;
  }

  /** The call has ended, and Go no longer knows it. */
  get over(): boolean {
    return this.#ending !== undefined;
  }

  unlessOver<T>(value: T | Promise<T>): Promise<T | undefined> {
    return this.#sender.unlessOver(value);
  }

  /** Made when somebody waits, which no call of one message does. */
  get #sender(): Backpressure {
    this.#backpressure ??= new Backpressure(this.#told);
    return this.#backpressure;
  }

  later(act: () => void): void {
    this.engine.later(act);
  }

  cancel(why: string, cause?: unknown, code: Code = Code.CANCELLED): void {
    if (this.over) return;
    this.#cause = cause;
    this.engine.enter("cancel", this.id, this.engine.clock.now(), code, this.engine.buffers.text(why));
  }

  want(): void {
    if (!this.over) this.engine.enter("read", this.id, this.engine.clock.now());
  }

  get history(): History {
    if (!this.over) this.engine.enter("history", this.id);
    return this.#ending ?? this.#history ?? { attempts: [], commitReason: undefined };
  }

  /** Reads one of Go's actions. Only facts are noted here; what the action asks for is done later, in its turn (see Engine). */
  read(action: Action, attempt: number, cursor: Cursor): void {
    switch (action) {
      case Action.Prepare: {
        const number = cursor.word();
        this.engine.later(() => void (this.over || prepare(this, this.#attempt(attempt), number)));
        return;
      }
      case Action.Open: {
        const url = this.channel.baseUrls[cursor.word()] + this.#request.method;
        const streams = cursor.flag();
        const fields = this.engine.fields(cursor);
        this.engine.later(() => this.#open(attempt, url, streams, fields));
        return;
      }
      case Action.Budget: {
        const text = cursor.text();
        this.engine.later(() => this.channel.tell?.(text));
        return;
      }
      case Action.Refresh:
        this.engine.later(() => this.channel.refresher?.start());
        return;
      case Action.StopRefresh:
        this.engine.later(() => this.channel.refresher?.stop());
        return;
      case Action.Abort:
        this.engine.later(() => this.#attempt(attempt).kill());
        return;
      case Action.Read:
        this.engine.later(() => this.#attempt(attempt).read());
        return;
      case Action.Inflate: {
        const limit = cursor.float();
        this.engine.later(() => this.#attempt(attempt).inflate(limit));
        return;
      }
      case Action.Head: {
        if (!this.#request.streaming) return; // the end has the header too
        const header = readMetadata(cursor);
        this.engine.later(() => this.#receiver.onHeader(header, attempt));
        return;
      }
      case Action.Release:
        this.engine.later(() => this.#release(this.#attempt(attempt)));
        return;
      case Action.Written: {
        const messages = cursor.word();
        this.engine.later(() => this.#sender.written(messages));
        return;
      }
      case Action.Warn: {
        const warning = readWarning(cursor);
        this.engine.later(() => this.#warn(warning));
        return;
      }
      case Action.End: {
        const ending = readEnding(cursor);
        this.#ending = ending;
        this.engine.later(() => this.#end(ending, attempt));
        return;
      }
      case Action.History: // the answer to history
        this.#history = readHistory(cursor);
        return;
      case Action.Observe: {
        const event = readEvent(cursor, this.id, this.#request.method);
        this.engine.later(() => this.#listeners.tell(event));
        return;
      }
    }
  }

  #attempt(id: number): Attempt {
    this.#attempts[id] ??= new Attempt(this, id);
    return this.#attempts[id];
  }

  #open(id: number, url: string, streams: boolean, fields: RequestFields): void {
    if (this.over) return;
    const { outgoing } = this.#request;
    const attempt = this.#attempt(id);
    const body = streams ? outgoing.stream((messages) => this.#took(id, messages)) : outgoing.whole();
    attempt.open(this.channel.carry, { url, fields, body });
    if (!streams) this.#noteTaken(attempt, Number.POSITIVE_INFINITY);
  }

  #took(id: number, messages: number): void {
    if (this.over) return;
    this.#noteTaken(this.#attempt(id), messages);
    this.engine.enter("took", this.id, id, messages);
  }

  #noteTaken(attempt: Attempt, messages: number): void {
    attempt.taken = messages;
    if (this.#released === attempt) this.#request.outgoing.release(messages);
  }

  /** From now on only this attempt needs the request, and of that only what it has not taken yet. */
  #release(attempt: Attempt): void {
    this.#released = attempt;
    this.#request.outgoing.release(attempt.taken);
  }

  #warn(warning: Warning): void {
    runSafely(() => console.warn(`hedgerow: ${warning.text}`));
    if (!this.#listeners.empty) this.#listeners.tell({ ...this.#eventBase, type: "warning", ...warning });
  }

  get #eventBase(): Pick<CallEvent, "callId" | "method" | "at"> {
    return { callId: this.id, method: this.#request.method, at: this.engine.clock.now() };
  }

  fault(error: unknown): void {
    this.#cause = error;
  }

  /** A message of the committed attempt. It may have come together with the end of the call, which is reported after it. */
  deliver(message: Uint8Array): void {
    if (!this.#told) this.#receiver.onMessage(message);
  }

  /** Releases everything that the call holds. */
  #close(): void {
    this.#told = true;
    this.#request.outgoing.drop();
    this.#backpressure?.end();
    this.engine.calls.delete(this.id);
    this.#unfollow?.();
    this.channel.ended?.();
  }

  #end(ending: Ending, answer: number): void {
    this.#close();
    if (this.#request.canStream) for (const attempt of this.#attempts) attempt.kill(); // no one reads the rest of their requests
    if (ending.code === Code.OK) {
      this.#receiver.onEnd(ending, undefined, answer);
      return;
    }
    const cause = this.#attempts[answer]?.error ?? this.#cause;
    const unrefreshed = answer < 0 && ending.code === Code.UNAUTHENTICATED ? this.channel.refresher?.failure : undefined;
    // What a function for per-attempt metadata failed with.
    const own = isStatusError(cause) ? cause : undefined;
    const [details, rawCode] = [peek(own, "details"), peek(own, "rawCode")];
    const whole: Ending = {
      ...ending,
      details: ending.details ?? (isBytes(details) ? details : undefined),
      rawCode: ending.rawCode ?? (typeof rawCode === "number" ? rawCode : undefined),
    };
    this.#receiver.onEnd(whole, statusError(this.#request.method, whole, cause ?? unrefreshed), answer);
  }

  /** The instance died while the call was running. */
  died(death: Error): void {
    const attempts = this.#history?.attempts ?? [];
    const none = new Metadata();
    const ending: Ending = {
      code: Code.INTERNAL,
      message: `${death.message}. The next call gets a fresh instance`,
      details: undefined,
      header: none,
      trailer: none,
      attempts,
      commitReason: "internal",
      drop: true,
    };
    this.#ending = ending;
    this.#close();
    for (const attempt of this.#attempts) attempt.kill();
    this.#listeners.tellDeath(this.#eventBase, ending, this.#attempts.length);
    this.#receiver.onEnd(ending, statusError(this.#request.method, ending, death), -1);
  }
}
