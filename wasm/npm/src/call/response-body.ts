import type { Fragment } from "../abi/host.js";
import { FragmentFlag, SLICE } from "../abi/table.js";
import { Code } from "../api/code.js";
import type { AttemptOwner } from "./attempt-owner.js";
import type { Inflate } from "./carrier.js";
import { Payload } from "./payload.js";

/** What a body needs of its attempt. */
interface BodyOwner {
  readonly id: number;
  readonly over: boolean;
  badPayload(error: unknown): void;
}

/**
 * The body of an attempt's response. Go finds the frames, slice by slice. Messages are put together here, because their bytes stay on
 * this side: once Go knows the length of a payload, it is told only how many bytes of it were passed over. A message that is whole within
 * a chunk is a view of the chunk. What Go decoded from text is copied from Go's memory. A compressed payload is inflated before Go is fed
 * the rest of the chunk.
 */
export class ResponseBody {
  #call: AttemptOwner;
  #attempt: BodyOwner;
  /** The current chunk, and up to where it has been used. */
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  #payload: Payload = new Payload();
  /** The payload is decoded from text: all of it has to be fed. */
  #decoded = false;
  /** The longest slice that is fed next. */
  #most: number = SLICE;
  /** A compressed payload that is complete. No more is fed until it is inflated. */
  #packed: Uint8Array | undefined;

  constructor(call: AttemptOwner, attempt: BodyOwner) {
    this.#call = call;
    this.#attempt = attempt;
  }

  /** Takes a chunk. The one before must have been used up. */
  take(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#call.engine.batch(() => this.#advance());
  }

  /** Forgets what has come. */
  drop(): void {
    this.#chunk = NOTHING;
    this.#payload = new Payload();
    this.#packed = undefined;
  }

  /** Takes the chunk apart to its end, or up to a payload that is to be inflated. */
  #advance(): void {
    let drained = false; // Go knows it if it has seen the chunk's end
    while (!this.#stopped && this.#at < this.#chunk.length) {
      if (this.#payload.missing > 0 && !this.#decoded) this.#pass();
      else drained = this.#feed();
    }
    const { engine, id } = this.#call;
    if (!this.#stopped && !drained) engine.enter("drained", id, this.#attempt.id, engine.clock.now());
  }

  get #stopped(): boolean {
    return this.#attempt.over || this.#packed !== undefined;
  }

  /** Takes what is here of a payload that began in an earlier chunk. */
  #pass(): void {
    const part = this.#chunk.subarray(this.#at, this.#at + this.#payload.missing);
    this.#keep(part);
    this.#skip(part.length);
  }

  /** Feeds a slice. Answers whether Go saw the end of the chunk. */
  #feed(): boolean {
    const { engine, id } = this.#call;
    const { buffers } = engine;
    const from = this.#at;
    const chunk = this.#chunk;
    const slice = from === 0 && chunk.length <= this.#most ? chunk : chunk.subarray(from, from + this.#most);
    this.#most = SLICE;
    const last = from + slice.length === chunk.length;
    engine.enter("feed", id, this.#attempt.id, engine.clock.now(), last ? 1 : 0, buffers.bytes(slice));
    if (!buffers.alive) {
      this.drop();
      return true;
    }
    const consumed = buffers.result;
    this.#at += consumed;
    for (const fragment of buffers.fragments()) this.#fragment(fragment, from);
    return last && consumed === slice.length && !this.#packed;
  }

  /** Keeps a fragment. If the payload goes on after the slice but within the chunk, that part is kept with it, so that all of it is one view. */
  #fragment({ flags, first, decoded, offset, length, total }: Fragment, slice: number): void {
    this.#decoded = decoded;
    if (first) {
      this.#payload.begin(flags, total);
      if (total > SLICE) this.#most = SHORT;
    }
    if (decoded) {
      this.#keep(this.#call.engine.buffers.decoded(offset, length));
      return;
    }
    const from = slice + offset;
    const part = this.#chunk.subarray(from, from + this.#payload.missing);
    this.#keep(part);
    if (part.length > length) this.#skip(part.length - length);
  }

  /** Tells Go how many bytes of the current payload it is not fed. */
  #skip(bytes: number): void {
    this.#at += bytes;
    this.#call.engine.enter("skip", this.#call.id, this.#attempt.id, bytes);
  }

  #keep(part: Uint8Array): void {
    const tapped = this.#call.tap && !this.#inTrailers; // whoever taps the chunks already has the bytes
    const payload = this.#payload.add(part, tapped ? NOTHING : part);
    if (!payload) return;
    if ((this.#payload.flags & FragmentFlag.Compressed) === 0) this.#call.deliver(payload);
    else this.#packed = payload;
  }

  get #inTrailers(): boolean {
    return (this.#payload.flags & FragmentFlag.Trailers) !== 0;
  }

  /** Inflates the payload that is now complete, as Go asked. */
  async inflate(limit: number): Promise<void> {
    const { channel, engine, id, tap } = this.#call;
    const packed = this.#packed as Uint8Array;
    const trailers = this.#inTrailers;
    let inflated = NOTHING; // for a message that another client will inflate itself
    let inflate: Inflate;
    try {
      inflate = await channel.loadInflate();
    } catch (error) {
      this.#call.cancel((error as Error).message, error, Code.INTERNAL);
      return;
    }
    try {
      if (trailers || !tap) inflated = await inflate(packed, limit);
    } catch (error) {
      this.#attempt.badPayload(error);
      return;
    }
    if (this.#attempt.over) return;
    engine.batch(() => {
      this.#packed = undefined;
      const { length } = inflated;
      const shown = trailers ? engine.buffers.bytes(inflated) : 0;
      engine.enter("inflated", id, this.#attempt.id, engine.clock.now(), length, shown);
      if (!trailers && !this.#call.over) this.#call.deliver(inflated);
      this.#advance();
    });
  }
}

/** How much is fed behind a payload that is longer than a slice: the next one is likely to be so too, and Go needs only its prefix. */
const SHORT = 64;

const NOTHING: Uint8Array = new Uint8Array();
