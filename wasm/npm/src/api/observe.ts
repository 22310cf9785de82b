import type { CallEvent } from "./events.js";

/** A function that is told of what happens to calls. What it throws goes to reportError. */
export type Listener = (event: CallEvent) => void;

/**
 * A channel whose calls can be observed from outside: how hedgerow/inspector hears of them. It is not part of the public API. It has a
 * name rather than a symbol because the inspector is bundled on its own, so that a page loads it without the rest of the package.
 */
export interface Observable {
  /** Tells the listener of all calls that start from now on, until the function that this returns is called. */
  observe(listener: Listener): () => void;
}
