import { follow } from "./adapter.js";

/** The longest that a timer can be set to. */
const LONGEST = 2 ** 31 - 1;

/**
 * Watches a call's deadline until the channel has the call: while interceptors run, and while the channel is being made. From then on the
 * channel watches it, which knows what was tried. If this timer went on running, it would end calls as canceled.
 */
export class Countdown {
  /** Aborted when the caller's signal is, and at the deadline: then the reason is what `late` returns. */
  readonly signal: AbortSignal;
  #end = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unlink: () => void;

  constructor(signal: AbortSignal | undefined, timeoutMs: number | undefined, late: () => unknown) {
    const controller = new AbortController();
    this.signal = controller.signal;
    const abort = (): void => controller.abort(signal?.reason);
    if (signal?.aborted) abort();
    this.#unlink = signal ? follow(signal, abort) : () => {};
    if (timeoutMs === undefined) return;
    this.#end = performance.now() + timeoutMs;
    if (timeoutMs <= LONGEST) this.#timer = setTimeout(() => controller.abort(late()), timeoutMs);
  }

  /** The milliseconds that are left, which the channel counts from now on. undefined if there is no deadline. */
  handOver(): number | undefined {
    clearTimeout(this.#timer);
    return this.#end === Number.POSITIVE_INFINITY ? undefined : this.#end - performance.now();
  }

  /** The call is over. */
  end(): void {
    clearTimeout(this.#timer);
    this.#unlink();
  }
}
