// Loaded only by createChannel({ userTiming: true }).

import type { Code } from "../api/code.js";
import { CODE_NAMES } from "../api/code-names.js";
import type { CallEvent } from "../api/events.js";
import type { Listener } from "../api/observe.js";

type Event<T extends CallEvent["type"]> = Extract<CallEvent, { type: T }>;

/** The browser keeps entries for as long as the page lives, so the oldest are removed. */
const KEPT = 1000;

/** The track group of Chromium's performance panel in which the entries stand. */
const GROUP = "Hedgerow";

/** A call that runs. */
interface Running {
  readonly started: Event<"callStarted">;
  /** By number. A transparent restart repeats the number of an attempt that has ended. */
  readonly attempts: Map<number, Event<"attemptStarted">>;
  readonly httpStatus: Map<number, number>;
}

/** Makes a listener that adds an entry to the User Timing API for each attempt and for each call that ends. */
export function measureCalls(): Listener {
  const running = new Map<number, Running>();
  const kept: string[] = [];

  /** Names are unique, so that an entry can be removed by its name. */
  function measure(name: string, method: string, start: number, end: number, color: string, properties: Properties): void {
    const track = method.slice(1, method.lastIndexOf("/"));
    const shown = properties.filter((one): one is [string, string] => one[1] !== undefined);
    const devtools = { dataType: "track-entry", trackGroup: GROUP, track, color, properties: shown };
    performance.measure(name, { start, end, detail: { devtools } });
    kept.push(name);
    if (kept.length > KEPT) performance.clearMeasures(kept.shift());
  }

  function attemptEnded(call: Running, event: Event<"attemptEnded">): void {
    const { attempt, callId, method, at, outcome, code, statusMessage, pushback } = event;
    const started = call.attempts.get(attempt);
    if (!started) return;
    call.attempts.delete(attempt);
    measure(
      `${nameOf(method, callId)} attempt ${attempt}${started.kind === "transparent" || started.kind === "refresh" ? " again" : ""}`,
      method,
      started.at,
      at,
      outcome === "aborted" ? "secondary-light" : code === 0 ? "tertiary" : "error",
      [
        ["kind", started.kind],
        ["outcome", outcome],
        ["status", statusOf(code, statusMessage)],
        ["HTTP status", call.httpStatus.get(attempt)?.toString()],
        ["pushback", pushback && ("stop" in pushback ? "stop" : `${pushback.delayMs} ms`)],
      ],
    );
  }

  function callEnded(call: Running, { callId, method, at, code, statusMessage, attempts, reason }: Event<"callEnded">): void {
    running.delete(callId);
    measure(nameOf(method, callId), method, call.started.at, at, code === 0 ? "primary" : "error", [
      ["status", statusOf(code, statusMessage)],
      ["attempts", String(attempts)],
      ["commit reason", reason],
      ["policy", call.started.policy],
    ]);
  }

  return (event) => {
    if (event.type === "callStarted") {
      running.set(event.callId, { started: event, attempts: new Map(), httpStatus: new Map() });
      return;
    }
    const call = running.get(event.callId);
    if (!call) return; // a warning about the channel
    if (event.type === "attemptStarted") call.attempts.set(event.attempt, event);
    else if (event.type === "attemptHead") call.httpStatus.set(event.attempt, event.httpStatus);
    else if (event.type === "attemptEnded") attemptEnded(call, event);
    else if (event.type === "callEnded") callEnded(call, event);
  };
}

/** What the panel shows of an entry that is selected; what is undefined is left out. */
type Properties = readonly (readonly [string, string | undefined])[];

function nameOf(method: string, callId: number): string {
  return `${method.slice(1)} #${callId}`;
}

function statusOf(code: Code | undefined, message: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  return `${CODE_NAMES[code] ?? code}${message ? `: ${message}` : ""}`;
}
