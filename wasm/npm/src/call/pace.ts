/** How far an application need not wait with the messages that it sends, for as long as its call lasts. */
export class Pace {
  #queued = 0;
  #written = 0;
  #over = false;
  #go: (() => void) | undefined;
  #leave: (() => void) | undefined;

  /** Another message is there: waits until it need not be waited for any more, or the call is over. */
  async queued(): Promise<void> {
    const number = ++this.#queued;
    while (number > this.#written && !this.#over) {
      await new Promise<void>((go) => {
        this.#go = go;
      });
    }
  }

  /** The first so many need not be waited for. */
  written(messages: number): void {
    this.#written = messages;
    this.#go?.();
  }

  end(): void {
    this.#over = true;
    this.#go?.();
    this.#leave?.();
  }

  /** Waits for one value, but only as long as the call lasts: undefined, once it is over. */
  unlessOver<T>(value: T | Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#leave = () => resolve(undefined);
      Promise.resolve(value).then(resolve, reject);
    });
  }
}
