import type { Call } from "./call.js";
import { Code } from "./code.js";
import { describe } from "./metadata.js";
import type { Messages } from "./types.js";

/**
 * Takes an application's messages into a call, one after another: the next is asked for when the last need not be waited for. It
 * stops asking when the call is over.
 */
export async function pump(messages: Messages, call: Call): Promise<void> {
  let iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | undefined;
  try {
    iterator = iteratorOf(messages);
    for (;;) {
      const next = await Promise.race([iterator.next(), call.ended]);
      if (call.over || !next) break;
      if (next.done) {
        iterator = undefined;
        call.halfClose();
        return;
      }
      if (!(next.value instanceof Uint8Array)) {
        call.cancel(
          `a message must be a Uint8Array, the serialized message, not ${describe(next.value)}`,
          undefined,
          Code.INTERNAL,
        );
        break;
      }
      await call.write(next.value);
    }
  } catch (error) {
    call.cancel(`the request's messages could not be read: ${String(error)}`, error);
  }
  // Told that nobody listens any more; what it makes of that concerns nobody.
  Promise.resolve(iterator?.return?.()).catch(() => {});
}

function iteratorOf(messages: Messages): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  if (Symbol.asyncIterator in messages) return messages[Symbol.asyncIterator]();
  return messages[Symbol.iterator]();
}
