// What the adapters for other clients share.
import type { StatusError } from "../api/errors.js";
import type { Channel } from "../api/types.js";

/** A channel, or the promise that createChannel returns: then calls wait for it. */
export type ChannelInit = Channel | Promise<Channel>;

/** The channel as a promise. Calls that need it report its rejection, which is never an unhandled one. */
export function channelOf(init: ChannelInit): Promise<Channel> {
  const ready = Promise.resolve(init);
  ready.catch(() => {});
  return ready;
}

/** The message of a call whose deadline passed before there was a channel to make it. */
export const TOO_LATE = "the deadline passed before the call began";

/** Settles as the promise does, unless the signal is aborted first: then it rejects with the signal's reason. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    const unfollow = follow(signal, stop);
    promise.then(resolve, reject).finally(unfollow);
  });
}

/** Listens to a signal's abort, and returns what ends that. The signal may be the user's own. */
export function follow(signal: AbortSignal, tell: () => void): () => void {
  signal.addEventListener("abort", tell);
  return () => {
    try {
      signal.removeEventListener?.("abort", tell);
    } catch {}
  };
}

// Errors are told by their names: with an import of the classes, what every page loads would fall into one more file.

export function isStatusError(error: unknown): error is StatusError {
  return isNamed(error, "StatusError");
}

/** Whether it is an error of this name, of whatever realm or copy of a package. */
export function isNamed(error: unknown, name: string): boolean {
  try {
    return (error as Error).name === name;
  } catch {
    return false;
  }
}

/** What an error says. */
export function messageOf(error: unknown): string {
  try {
    const { message } = error as Error;
    return typeof message === "string" ? message : String(error);
  } catch {
    return "what it failed with cannot be read";
  }
}

/** Bytes as gRPC writes them into a header. */
export function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/=+$/, "");
}

/** The metadata of a header whose values are text: those of a -bin name are base64, padded or not, and commas separate them. */
export function* fieldsOf(name: string, text: string): Generator<[string, string | Uint8Array]> {
  if (!name.toLowerCase().endsWith("-bin")) yield [name, text];
  else for (const one of text.split(",")) yield [name, Uint8Array.from(atob(one), (char) => char.charCodeAt(0))];
}
