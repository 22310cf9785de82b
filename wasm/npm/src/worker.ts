// The program of the worker that createChannel({ worker: true }) starts. Its channels are like any other, but a page makes their calls, by messages.

import { Code } from "./api/code.js";
import { ConfigError, refusal, StatusError } from "./api/errors.js";
import { peek, show } from "./api/foreign.js";
import { blockOfMetadata, type MetadataInit, metadataOfBlock } from "./api/metadata.js";
import type { AttemptContext, CallOptions, Clock, LoadOptions } from "./api/options.js";
import type { AbstractChannel } from "./call/abstract-channel.js";
import type { LiveCall, Receiver } from "./call/live-call.js";
import { openChannel } from "./channel/channel.js";
import { load } from "./channel/load.js";
import {
  type Asked,
  type Asks,
  type FromWorker,
  type Prepared,
  packEnding,
  packError,
  type Start,
  sendable,
  type ToWorker,
  unpackError,
} from "./worker/worker-messages.js";

/** The part of a worker's global scope that is used here. TypeScript's own types for it and those for pages exclude each other. */
interface Scope {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

const scope = globalThis as unknown as Scope;
const channels = new Map<number, AbstractChannel>();
const calls = new Map<number, LiveCall>();
const asked = new Map<number, (prepared: Prepared) => void>();
const questions = new Map<number, (answer: Extract<ToWorker, { kind: "answer" }>) => void>();
const sources = new Map<number, Pick<LoadOptions, "wasmModule" | "wasmBinary">>();
let lastAsked = 0;
let clock: Clock | undefined;

function tell(message: FromWorker, ...transfer: Transferable[]): void {
  scope.postMessage(message, transfer);
}

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case "page":
      dispatchEvent(new Event(data.type)); // the engine listens for it here, as in a page
      return;
    case "open":
      void open(data);
      return;
    case "close":
      channels.get(data.channel)?.close();
      channels.delete(data.channel);
      return;
    case "start":
      start(data);
      return;
    case "prepared":
      asked.get(data.id)?.(data.prepared);
      asked.delete(data.id);
      return;
    case "renew":
      void renew(data);
      return;
    case "answer":
      questions.get(data.id)?.(data);
      questions.delete(data.id);
      return;
  }
  const call = calls.get(data.call);
  if (!call) return; // it has ended in the meantime
  switch (data.kind) {
    case "message":
      void call.write(data.message).then(() => tell({ kind: "written", call: data.call }));
      return;
    case "halfClose":
      call.halfClose();
      return;
    case "want":
      call.want();
      return;
    case "cancel":
      call.cancel(data.why, undefined, data.code);
  }
};

async function open({ channel, options, asks, timeOrigin, source }: Extract<ToWorker, { kind: "open" }>): Promise<void> {
  clock ??= pageClock(timeOrigin);
  try {
    const opened = await openChannel(
      {
        ...options,
        ...(source === undefined ? {} : sourceOf(source, options)),
        clock,
        onFatal: (error) => tell({ kind: "fatal", channel, error: sendable(error) }),
        ...functions(channel, asks),
      },
      (options) => load(options, new URL("./hedgerow.wasm", import.meta.url)),
    );
    channels.set(channel, opened);
    tell({ kind: "opened", channel });
  } catch (error) {
    if (error instanceof ConfigError) tell({ kind: "opened", channel, problems: error.problems });
    else tell({ kind: "opened", channel, failure: show(peek(error, "message") ?? error) });
  }
}

/** All channels of a page share one load. They recognize it by the identity of the module or bytes that they name. */
function sourceOf(source: number, { wasmModule, wasmBinary }: LoadOptions): Pick<LoadOptions, "wasmModule" | "wasmBinary"> {
  const first = sources.get(source) ?? { wasmModule, wasmBinary };
  sources.set(source, first);
  return first;
}

/** performance.now counts from the start of the worker. Instants must be on the page's clock. */
function pageClock(timeOrigin: number): Clock {
  const ahead = performance.timeOrigin - timeOrigin;
  return {
    now: () => performance.now() + ahead,
    setTimeout: (act, ms) => setTimeout(act, ms),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  };
}

function functions(
  channel: number,
  asks: Asks,
): Pick<Parameters<typeof openChannel>[0], "metadata" | "onEvent" | "state" | "credentialsRefresh"> {
  return {
    ...(asks.state
      ? { state: { get: () => question(channel, "getState"), set: (text: string) => question(channel, "setState", text) } }
      : {}),
    ...(asks.refresh
      ? {
          credentialsRefresh: {
            codes: asks.refresh.codes,
            refresh: async ({ signal }: { readonly signal: AbortSignal }) =>
              void (await question(channel, "refresh", "", signal)),
          },
        }
      : {}),
    ...(asks.metadata ? { metadata: (context: AttemptContext) => ask(channel, context) } : {}),
    ...(asks.onEvent
      ? {
          onEvent: (event) => {
            if (event.callId === 0) tell({ kind: "warning", channel, event }); // calls have their own listeners
          },
        }
      : {}),
  };
}

async function renew({ channel, id, method, code, lost, failures }: Extract<ToWorker, { kind: "renew" }>): Promise<void> {
  const after =
    (await channels
      .get(channel)
      ?.renew(method, code, lost, failures)
      .catch(() => 0)) ?? Number.POSITIVE_INFINITY;
  tell({ kind: "renewed", id, after });
}

/** Has the page call a function of its own. */
function question(channel: number, what: Asked, text = "", signal?: AbortSignal): Promise<string | undefined> {
  const id = ++lastAsked;
  signal?.addEventListener("abort", () => questions.delete(id) && tell({ kind: "unask", id }));
  const answer = new Promise<string | undefined>((resolve, reject) => {
    questions.set(id, ({ text, failure }) => (failure ? reject(unpackError(failure)) : resolve(text)));
  });
  tell({ kind: "ask", channel, id, what, text });
  return answer;
}

/** Has the page call its metadata function. */
async function ask(channel: number, { method, attempt, signal }: AttemptContext): Promise<MetadataInit> {
  const id = ++lastAsked;
  const answer = new Promise<Prepared>((resolve, reject) => {
    asked.set(id, resolve);
    signal.addEventListener("abort", () => {
      if (asked.delete(id)) tell({ kind: "unprepare", id });
      reject(signal.reason);
    });
  });
  tell({ kind: "prepare", channel, id, method, attempt });
  const prepared = await answer;
  if ("metadata" in prepared) return metadataOfBlock(prepared.metadata);
  const error = unpackError(prepared.failure);
  if (!prepared.unusable) throw error;
  return {
    // Fails when it is read, as what the function returned failed in the page.
    [Symbol.iterator]: () => {
      throw error;
    },
  };
}

function start(of: Start): void {
  const channel = channels.get(of.channel);
  let call: LiveCall | undefined;
  const receiver: Receiver = {
    onHeader: (header, attempt) => tell({ kind: "header", call: of.call, header: blockOfMetadata(header).text, attempt }),
    onMessage: (view) => {
      const message = view.slice();
      tell({ kind: "message", call: of.call, message }, message.buffer);
    },
    onEnd: (ending, error) => {
      calls.delete(of.call);
      const cause = error?.cause === undefined ? undefined : packError(error.cause);
      tell({ kind: "end", call: of.call, ending: packEnding(ending), failed: error !== undefined, cause });
    },
  };
  const options: CallOptions = {
    metadata: metadataOfBlock(of.metadata),
    timeoutMs: of.timeoutMs,
    waitForReady: of.waitForReady,
    ...(of.noRefresh ? { credentialsRefresh: false } : {}),
    ...(of.maxReceiveMessageBytes > 0 ? { maxReceiveMessageBytes: of.maxReceiveMessageBytes } : {}),
    ...(of.observe || of.streaming
      ? {
          onEvent: (event) => {
            if (of.streaming && call && !call.over) tell({ kind: "history", call: of.call, history: call.history });
            if (of.observe) tell({ kind: "event", call: of.call, event });
          },
        }
      : {}),
  };
  try {
    if (!channel) throw new Error("the worker has no such channel");
    call = channel.make(of.method, of.message ? { message: of.message } : { messages: [] }, options, of.streaming, receiver);
  } catch (error) {
    // The page has checked the arguments. What may fail here is a fresh instance of the WebAssembly.
    const status = error instanceof StatusError ? error : refusal(of.method, Code.INTERNAL, String(error), "internal", error);
    receiver.onEnd(status, status, -1);
    return;
  }
  calls.set(of.call, call);
  call.start(Math.min(of.begun, (clock as Clock).now())); // its deadline counts from when the page asked for it for it
  if (of.message) call.sendOnlyMessage(of.message);
}
