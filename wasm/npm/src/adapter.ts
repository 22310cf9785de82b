// What the adapters for other clients share.
import type { LoadError, StatusError } from "./errors.js";
import type { Channel } from "./types.js";

/** A channel, or the promise that createChannel answers with: then calls wait for it. */
export type ChannelInit = Channel | Promise<Channel>;

/** The channel as a promise whose rejection is told by the calls that need it, and by nobody else. */
export function channelOf(init: ChannelInit): Promise<Channel> {
  const ready = Promise.resolve(init);
  ready.catch(() => {});
  return ready;
}

/** What the promise comes to, unless the signal is aborted before: then it rejects with the signal's reason. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

// Errors are told by their names: with an import of the classes, what every page loads would fall into one more file.

export function isStatusError(error: unknown): error is StatusError {
  return error instanceof Error && error.name === "StatusError";
}

export function isLoadError(error: unknown): error is LoadError {
  return error instanceof Error && error.name === "LoadError";
}
