import { REQUEST_UNREADABLE } from "../abi/table.js";
import { Code } from "../api/code.js";
import { describe, isBytes, show } from "../api/foreign.js";
import type { Messages } from "../api/types.js";
import type { LiveCall } from "./live-call.js";

type Source = AsyncIterator<Uint8Array> | Iterator<Uint8Array>;

/**
 * Sends an application's messages, one after another. The next message is asked for once the call wants it, and none is after the call
 * is over.
 */
export async function pump(messages: Messages, call: LiveCall): Promise<void> {
  let source: Source | undefined;
  try {
    if (!call.over) {
      source = iteratorOf(messages);
      if (!source) throw new TypeError(`the iterator is ${describe(source)}`);
    }
    while (source && !call.over) {
      const next = await call.unlessOver(source.next());
      if (call.over) break;
      if (typeof next !== "object") throw new TypeError(`the iterator's next() must return an object, not ${describe(next)}`);
      if (next.done) {
        call.halfClose();
        return;
      }
      if (isBytes(next.value)) await call.write(next.value);
      else call.cancel(notBytes(next.value), undefined, Code.INTERNAL);
    }
  } catch (error) {
    call.cancel(`${REQUEST_UNREADABLE}: ${show(error)}`, error);
    return;
  }
  await leave(source);
}

function iteratorOf(messages: Messages): Source {
  if (Symbol.asyncIterator in messages) return messages[Symbol.asyncIterator]();
  return messages[Symbol.iterator]();
}

function notBytes(value: unknown): string {
  return `a message must be a Uint8Array (the serialized message), not ${describe(value)}`;
}

/** Tells the application's iterator that no more messages are wanted. What it does then has no effect on the call. */
async function leave(source: Source | undefined): Promise<void> {
  try {
    await source?.return?.();
  } catch {}
}
