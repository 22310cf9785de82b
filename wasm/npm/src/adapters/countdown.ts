import { follow } from "./adapter.js";

/** The longest that a timer can be set to. */
const LONGEST = 2 ** 31 - 1;

/**
 * A call's deadline until the channel has the call: it covers interceptors and a channel that is still being made. From then on the
 * channel watches it, which knows what was tried. A timer that ran beside the channel's would end calls as cancelled.
 */
export class Countdown {
  /** Aborted as the caller's is, and at the deadline: then the reason is what `late` answers with. */
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

  /** The milliseconds that are left; the channel counts them from now on. undefined: no deadline. */
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
