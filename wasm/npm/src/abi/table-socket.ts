// Generated from internal/abi/table by internal/abi/generate: do not edit. wasm/ABI.md explains it.
/** The control byte of a message: a piece of the request follows. */
export const SOCKET_DATA = 0;

/** The control byte of a message: no further piece follows. */
export const SOCKET_HALF_CLOSE = 1;

/** The longest piece, in bytes: the improbable wrapper reads 32 KiB at most, the control byte included, and closes with 1009 where there is more. */
export const SOCKET_PIECE = 32767;
