import { checkText } from "../abi/check-text.js";
import { MAX_TEXT } from "../abi/table.js";
import { Code } from "../api/code.js";
import { isStatusError } from "../api/errors.js";
import { show } from "../api/foreign.js";
import { blockOfMetadata, Metadata } from "../api/metadata.js";
import type { AttemptOwner } from "./attempt-owner.js";

/** An attempt that has not been sent yet. */
interface Unsent {
  readonly id: number;
  readonly signal: AbortSignal;
  error: unknown;
}

/** Calls the channel's metadata function for the attempt with this number, and reports the result to Go. */
export async function prepare(call: AttemptOwner, attempt: Unsent, number: number): Promise<void> {
  const { channel, engine, id, method } = call;
  let code = Code.OK; // which says that the function itself failed
  let block: { readonly count: number; readonly text: string };
  try {
    const given = await channel.prepare?.({ method, attempt: number, signal: attempt.signal });
    code = Code.INTERNAL;
    block = blockOfMetadata(new Metadata(given ?? {}));
    checkText(block.text, "the metadata is");
  } catch (error) {
    fail(call, attempt, error, code);
    return;
  }
  engine.enter("prepared", id, attempt.id, engine.clock.now(), block.count, engine.buffers.text(block.text));
}

function fail({ engine, id }: AttemptOwner, attempt: Unsent, error: unknown, code: Code): void {
  attempt.error = error;
  let said = show(error);
  let number: number = code;
  let trailer = { count: 0, text: "" };
  if (isStatusError(error)) {
    try {
      trailer = blockOfMetadata(error.trailer);
      said = String(error.message);
      number = Number(error.code);
    } catch {} // it has the name of a StatusError, but is not one
  }
  if (trailer.text.length > MAX_TEXT / 2) trailer = { count: 0, text: "" };
  const block = engine.buffers.text(`${said.slice(0, MAX_TEXT / 4).replaceAll("\0", " ")}\0${trailer.text}`);
  engine.enter("unprepared", id, attempt.id, engine.clock.now(), number, trailer.count, block);
}
