/** Tells the sender of a call's messages when to send the next one. */
export class Backpressure {
  #queued = 0;
  #written = 0;
  #over: boolean;
  #go: (() => void) | undefined;
  #leave: (() => void) | undefined;

  constructor(over = false) {
    this.#over = over;
  }

  /** A message was added: waits until the next one is wanted, or the call is over. */
  async queued(): Promise<void> {
    const number = ++this.#queued;
    while (number > this.#written && !this.#over) {
      await new Promise<void>((go) => {
        this.#go = go;
      });
    }
  }

  /** The sender need not wait any longer for this many messages, from the first. */
  written(messages: number): void {
    this.#written = messages;
    this.#go?.();
  }

  /** The call is over, so everything that waits is released. */
  end(): void {
    this.#over = true;
    this.#go?.();
    this.#leave?.();
  }

  /** Waits for a value for as long as the call lasts: undefined once it is over. */
  unlessOver<T>(value: T | Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#leave = () => resolve(undefined);
      if (this.#over) this.#leave(); // what made the value may have ended the call
      Promise.resolve(value).then(resolve, reject);
    });
  }
}
