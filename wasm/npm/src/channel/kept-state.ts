// Loaded only where the option state is set: see openChannel. It imports no code that others import, so that it shares no chunk.

import { STATE_NOT_READ, STATE_NOT_WRITTEN, STATE_UNUSABLE } from "../abi/table-state.js";
import type { Clock, StateStore } from "../api/options.js";

/** How long opening a channel waits for what was stored, and how long lies between two writes, in milliseconds (SEMANTICS 8.1b, 8.1d). */
const PATIENCE = 1000;

/** What a channel has learned, and where the application stores it. */
export class KeptState {
  /** What is stored. */
  text = "";
  #store: StateStore;
  #clock: Clock;
  #warn: (kind: typeof STATE_UNUSABLE, text: string, why: unknown) => void;
  #ask: () => string | undefined = () => undefined;
  #usable = true;
  #warned = false;
  #timer: unknown;

  /** warn warns of the store, for a reason that may be anything. */
  constructor(store: StateStore, clock: Clock, warn: (kind: typeof STATE_UNUSABLE, text: string, why: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#warn = warn;
  }

  /** Reads what is stored. A store that does not answer in time counts as empty. */
  async read(): Promise<void> {
    let timer: unknown;
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.setTimeout(() => reject(`it took more than ${PATIENCE} ms`), PATIENCE);
    });
    try {
      const text: unknown = await Promise.race([this.#get(), late]);
      if (typeof text === "string") this.text = text.replaceAll("\0", "\ufffd");
      else if (text !== undefined && text !== null) throw "get gave something other than a string"; // null is what localStorage gives
    } catch (error) {
      this.#fail(STATE_NOT_READ, error);
    }
    this.#clock.clearTimeout(timer);
  }

  async #get(): Promise<unknown> {
    return this.#store.get();
  }

  /** Starts to store what is learned. ask asks Go for it; undefined: it has not changed. In a page, it is stored also when that is left. */
  start(ask: () => string | undefined): void {
    this.#ask = ask;
    globalThis.addEventListener?.("pagehide", this.#save);
  }

  /** A call has ended, so something may have been learned. It is stored soon. */
  readonly touch = (): void => {
    if (!this.#usable || this.#timer !== undefined) return;
    this.#timer = this.#clock.setTimeout(this.#save, PATIENCE);
    (this.#timer as { unref?: () => void }).unref?.(); // Node need not wait for it
  };

  #save = async (): Promise<void> => {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#usable ? this.#ask() : undefined;
    if (text === undefined) return;
    this.text = text;
    try {
      await this.#store.set(text);
    } catch (error) {
      this.#fail(STATE_NOT_WRITTEN, error);
    }
  };

  /** Stores what was learned for the last time. */
  stop(): void {
    void this.#save();
    this.#usable = false;
    globalThis.removeEventListener?.("pagehide", this.#save);
  }

  /** The application was warned of the store. Once is enough. */
  silence(): void {
    this.#warned = true;
  }

  #fail(text: string, why: unknown): void {
    this.#usable = false;
    if (this.#warned) return;
    this.#warned = true;
    this.#warn(STATE_UNUSABLE, text, why);
  }
}
