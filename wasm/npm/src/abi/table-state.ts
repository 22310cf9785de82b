// Generated from internal/abi/table by internal/abi/generate: do not edit. wasm/ABI.md explains it.
/** The kind of the warnings about the option state. */
export const STATE_UNUSABLE = "stateUnusable";

/** The text of a warning; a colon and the reason follow. */
export const STATE_NOT_READ = "the option state could not be read, so the channel keeps nothing";

/** Likewise. */
export const STATE_NOT_WRITTEN = "the option state could not be written, so the channel keeps nothing any more";
