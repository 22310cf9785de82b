// What a page has and Node does not: events of the window and the document, and a network that comes and goes.
import type { TestContext } from "node:test";

/** Puts a property into the global object until the test ends. */
function put(t: TestContext, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  t.after(() => {
    if (before) Object.defineProperty(globalThis, name, before);
    else Reflect.deleteProperty(globalThis, name);
  });
}

/** Makes this a page at an address. */
export function putLocation(t: TestContext, href: string): void {
  put(t, "location", { href });
}

/** Makes the process look like a page. It must be made before the channel. */
export class FakePage {
  readonly window: EventTarget = new EventTarget();
  readonly document: EventTarget = new EventTarget();
  readonly navigator = { onLine: true };
  /** How many listeners there are. */
  listeners = 0;

  constructor(t: TestContext, onLine = true) {
    this.navigator.onLine = onLine;
    for (const target of [this.window, this.document]) {
      const { addEventListener, removeEventListener } = target;
      target.addEventListener = (...args: Parameters<EventTarget["addEventListener"]>) => {
        this.listeners++;
        addEventListener.apply(target, args);
      };
      target.removeEventListener = (...args: Parameters<EventTarget["removeEventListener"]>) => {
        this.listeners--;
        removeEventListener.apply(target, args);
      };
    }
    put(t, "addEventListener", this.window.addEventListener);
    put(t, "removeEventListener", this.window.removeEventListener);
    put(t, "document", this.document);
    put(t, "navigator", this.navigator);
  }

  online(): void {
    this.navigator.onLine = true;
    this.window.dispatchEvent(new Event("online"));
  }

  offline(): void {
    this.navigator.onLine = false;
    this.window.dispatchEvent(new Event("offline"));
  }

  /** The page is told that it may be left. */
  unload(): void {
    this.window.dispatchEvent(new Event("beforeunload"));
  }

  /** The page is left. Chromium sends an event for that, and then one because the page is hidden. */
  hide(): void {
    this.window.dispatchEvent(new Event("pagehide"));
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  /** The user comes back to the page. */
  show(): void {
    this.window.dispatchEvent(new Event("pageshow"));
    this.document.dispatchEvent(new Event("visibilitychange"));
  }
}
