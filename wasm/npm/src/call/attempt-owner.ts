import type { Engine } from "../abi/engine.js";
import type { Code } from "../api/code.js";
import type { ChannelView } from "./channel-view.js";
import type { Tap } from "./request.js";

/** What an attempt needs of its call. */
export interface AttemptOwner {
  readonly id: number;
  readonly method: string;
  readonly engine: Engine;
  /** Go has said how the call ended. */
  readonly over: boolean;
  /** The request's messages may be sent as they come, so an attempt may still be sending when its response ends. */
  readonly canStream: boolean;
  readonly tap: Tap | undefined;
  readonly channel: ChannelView;
  /** A message of the committed attempt. */
  deliver(message: Uint8Array): void;
  /** No request could be made, or its response cannot be read, which ends the call; error says why. */
  fault(error: unknown): void;
  cancel(why: string, cause?: unknown, code?: Code): void;
}
