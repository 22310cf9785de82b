// Loaded only where the option credentialsRefresh is set: see openChannel. It imports no code that others import, so that it shares no chunk.

import type { CredentialsRefresh } from "../api/options.js";
import type { Refresher } from "../call/channel-view.js";

/** Runs a channel's function for refreshing credentials, once at a time. */
export class CredentialsRefresher implements Refresher {
  inside = false;
  failure: unknown;
  #refresh: CredentialsRefresh;
  #ended: (error?: { readonly error: unknown }) => void;
  #abort: AbortController | undefined;

  /** ended is told how each refresh has ended, if somebody still waits for it. */
  constructor(refresh: CredentialsRefresh, ended: (error?: { readonly error: unknown }) => void) {
    this.#refresh = refresh;
    this.#ended = ended;
  }

  start(): void {
    const abort = new AbortController();
    this.#abort = abort;
    this.#run(abort.signal).then(
      () => abort.signal.aborted || this.#ended(),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        this.failure = error;
        this.#ended({ error });
      },
    );
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.inside = true;
    let refreshing: void | Promise<void>;
    try {
      refreshing = this.#refresh.refresh({ signal });
    } finally {
      this.inside = false;
    }
    await refreshing;
  }

  stop(): void {
    this.#abort?.abort();
  }
}
