import { Code, ConnectError } from "@connectrpc/connect";

/** The longest that a timer can be set to. */
const LONGEST = 2 ** 31 - 1;

/**
 * A call's deadline until the channel has the call: it covers interceptors and a channel that is still being made. From then on the
 * channel watches it, which knows what was tried. Were connect's own timer to run beside it, that one would end calls as cancelled.
 */
export class Countdown {
  /** Aborted as the caller's is, and at the deadline. */
  readonly signal: AbortSignal;
  #end = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unlink: () => void = () => {};

  constructor(signal: AbortSignal | undefined, timeoutMs: number | undefined) {
    const controller = new AbortController();
    this.signal = controller.signal;
    const follow = (): void => controller.abort(signal?.reason);
    if (signal?.aborted) follow();
    signal?.addEventListener("abort", follow);
    this.#unlink = () => signal?.removeEventListener("abort", follow);
    if (timeoutMs === undefined) return;
    this.#end = performance.now() + timeoutMs;
    const late = (): void =>
      controller.abort(new ConnectError("the deadline passed before the call began", Code.DeadlineExceeded));
    if (timeoutMs <= LONGEST) this.#timer = setTimeout(late, timeoutMs);
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
