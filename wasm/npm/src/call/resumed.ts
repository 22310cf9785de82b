// Loaded only by channel.resumableStreaming. It imports no code that others import, so that it shares no chunk.

import type { StatusError } from "../api/errors.js";
import type { Clock, ResumableSource, ResumeOptions } from "../api/options.js";
import type { ResponseStream } from "../api/types.js";

/** What a subscription needs of its channel. */
export interface Resumer {
  readonly clock: Clock;
  /** Subscribes. */
  open(request: Uint8Array, options: ResumeOptions): ResponseStream;
  /** How many milliseconds to wait before subscribing again; Infinity: not at all. NaN: the method has no retryPolicy. */
  renew(code: number, lost: boolean, failures: number): Promise<number>;
  /** Whether an error is a StatusError whose connection was lost after the commit; undefined: it is none. */
  lost(error: unknown): boolean | undefined;
  /** The error of a subscription whose source threw. */
  broken(error: unknown): StatusError;
  /** The error of a method without a retryPolicy. */
  unresumable(): Error;
}

/** Events after which the network, or the page, may be there again. */
const AWAKE = ["online", "pageshow"];

/** Yields the messages of a subscription, across streams that break (SEMANTICS 8.4). */
export async function* resumed<C>(
  resumer: Resumer,
  source: ResumableSource<C>,
  { whileHidden = "run", onState, timeoutMs, signal, ...options }: ResumeOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { clock } = resumer;
  const end = timeoutMs === undefined ? undefined : clock.now() + timeoutMs;
  const wake = new Wake(clock);
  const tell = (state: "live" | "waiting" | "paused", why: string): void => {
    try {
      onState?.(state, why);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  const ask = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw resumer.broken(error);
    }
  };
  let cursor: C | undefined;
  let failures = 0;
  if (Number.isNaN(await resumer.renew(0, false, 0))) throw resumer.unresumable();
  try {
    for (;;) {
      const pauses = whileHidden === "pause";
      if (pauses && wake.hidden) {
        tell("paused", "the page is hidden");
        await wake.shown(signal);
      }
      const request = ask(() => source.request(cursor));
      const rest = end === undefined ? {} : { timeoutMs: end - clock.now() };
      const stream = resumer.open(request, { ...options, ...rest, signal });
      let paused = false;
      const forget = pauses
        ? wake.onHidden(() => {
            paused = true;
            stream.cancel();
          })
        : undefined;
      void stream.header.then(
        () => tell("live", "the server answers"),
        () => {},
      );
      try {
        for await (const message of stream) {
          cursor = ask(() => source.cursor(message, cursor));
          failures = 0;
          yield message;
        }
        return;
      } catch (error) {
        if (paused && !signal?.aborted) continue;
        const lost = resumer.lost(error);
        if (lost === undefined || signal?.aborted) throw error;
        const { code, message, commitReason } = error as StatusError;
        const ours = commitReason === "cancelled" || commitReason === "internal";
        const after = ours ? Number.POSITIVE_INFINITY : await resumer.renew(code, lost, failures++);
        if (!(after < Number.POSITIVE_INFINITY) || (end !== undefined && clock.now() >= end)) throw error;
        tell("waiting", message);
        await wake.after(end === undefined ? after : Math.min(after, end - clock.now()), signal);
      } finally {
        forget?.();
      }
    }
  } finally {
    wake.stop();
  }
}

/** Waits that end early when the network or the page comes back. */
class Wake {
  #waiting: Set<() => void> = new Set();
  #onHidden: (() => void) | undefined;
  #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    for (const type of AWAKE) globalThis.addEventListener?.(type, this.#awake);
    if (typeof document === "object") document.addEventListener("visibilitychange", this.#visible);
  }

  stop(): void {
    for (const type of AWAKE) globalThis.removeEventListener?.(type, this.#awake);
    if (typeof document === "object") document.removeEventListener("visibilitychange", this.#visible);
  }

  get hidden(): boolean {
    return typeof document === "object" && document.visibilityState === "hidden";
  }

  #awake = (): void => {
    for (const go of [...this.#waiting]) go();
  };

  #visible = (): void => {
    if (this.hidden) this.#onHidden?.();
    else this.#awake();
  };

  onHidden(act: () => void): () => void {
    this.#onHidden = act;
    return () => {
      this.#onHidden = undefined;
    };
  }

  /** Waits until the page is shown, or the signal aborts. */
  async shown(signal: AbortSignal | undefined): Promise<void> {
    while (this.hidden && !signal?.aborted) await this.after(Number.POSITIVE_INFINITY, signal);
  }

  /** Waits for so many milliseconds, until something wakes it, or until the signal aborts. */
  after(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#clock.clearTimeout(timer);
        this.#waiting.delete(go);
        signal?.removeEventListener("abort", go);
        resolve();
      };
      const timer = ms < 2 ** 31 ? this.#clock.setTimeout(go, Math.max(ms, 0)) : undefined;
      this.#waiting.add(go);
      signal?.addEventListener("abort", go);
      if (signal?.aborted) go();
    });
  }
}
