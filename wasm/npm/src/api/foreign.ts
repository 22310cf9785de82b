// Values that come from elsewhere: from a user's own functions, or from another realm (an iframe, node:vm, a test's DOM), whose classes
// are not the ones of this realm. None of these functions throws, but for bytesOf.

/** Whether it is a Uint8Array, of whatever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === "Uint8Array";
}

/** The bytes of an ArrayBuffer or of a view of one: as a Uint8Array of this realm, and not of a subclass such as Node's Buffer. */
export function bytesOf(value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value)) {
    if (value.byteLength && Object.getPrototypeOf(value) === Uint8Array.prototype) return value as Uint8Array;
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength); // throws if the buffer is gone
  }
  if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") return new Uint8Array(value as ArrayBuffer);
  throw new TypeError(`the response body's stream gave ${describe(value)}, not a Uint8Array: look at what stands in for fetch`);
}

/** A property. undefined if there is none, or if reading it throws. */
export function peek(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Describes a value in an error message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object") return String(value);
  const type = peek(peek(value, "constructor"), "name");
  return `an object of type ${typeof type === "string" ? type : "Object"}`;
}

/** An error as text, even if its toString throws. */
export function show(error: unknown): string {
  try {
    return String(error);
  } catch {
    return describe(error);
  }
}

/** An error as text that a sentence may go on behind: some browsers end theirs with a full stop. */
export function clause(error: unknown): string {
  return show(error).replace(/\.+$/, "");
}

/** An error with its cause: Node says "fetch failed", and the reason only in the cause. */
export function explain(error: unknown): string {
  const message = peek(peek(error, "cause"), "message");
  return typeof message === "string" && message ? `${show(error)}: ${message}` : show(error);
}

/** Calls an asynchronous function of the user's own, and goes on with what it comes to. */
export function settle<T>(act: () => T | PromiseLike<T>, then: (value: T) => void, failed: (error: unknown) => void): void {
  try {
    Promise.resolve(act()).then(then, failed);
  } catch (error) {
    failed(error);
  }
}

/** Gives up a stream or its reader. What becomes of that concerns nobody. */
export function abandon(stream: { cancel(): unknown } | null | undefined): void {
  settle(() => stream?.cancel(), ignore, ignore);
}

/** Tells of a signal's abort, and returns what ends that. The signal may be the user's own. */
export function follow(signal: AbortSignal, tell: (reason: unknown) => void): () => void {
  const listener = (): void => tell(peek(signal, "reason"));
  signal.addEventListener("abort", listener);
  return () => {
    try {
      signal.removeEventListener?.("abort", listener);
    } catch {}
  };
}

function ignore(): void {}
