// Loaded only where the service config has a retryBudget. It imports no code, so that it shares no chunk.

/** What the tabs of a browser tell one another of the budget that they share (SEMANTICS 8.7f). */
export class SharedBudget {
  #name: string;
  #hear: (text: string) => void;
  #channel: BroadcastChannel | undefined;

  /** hear is called with what another tab tells. */
  constructor(name: string, hear: (text: string) => void) {
    this.#name = name;
    this.#hear = hear;
    this.#open();
    globalThis.addEventListener?.("pagehide", this.#close);
    globalThis.addEventListener?.("pageshow", this.#open);
  }

  tell(text: string): void {
    this.#channel?.postMessage(text);
  }

  stop(): void {
    this.#close();
    globalThis.removeEventListener?.("pagehide", this.#close);
    globalThis.removeEventListener?.("pageshow", this.#open);
  }

  /** A page that is shown again, from the back/forward cache, listens again. */
  #open = (): void => {
    if (this.#channel) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: { readonly data: unknown }) => {
      if (typeof data === "string") this.#hear(data);
    };
    (this.#channel as { unref?: () => void }).unref?.(); // Node need not stay for it
  };

  /** An open channel would keep a page out of the back/forward cache. */
  #close = (): void => {
    this.#channel?.close();
    this.#channel = undefined;
  };
}
