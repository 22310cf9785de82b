// The entry "hedgerow/cors": what a server on another origin than the page must allow and expose, as data. Importing it has no effects.
// internal/channel/header.go says what is sent, internal/exchange what is read; test/package/cors.test.ts compares.

/** For Access-Control-Allow-Methods: POST, which browsers allow by themselves, but not every server does. */
export const allowedMethods: readonly string[] = Object.freeze(["POST"]);

/**
 * For Access-Control-Allow-Headers: every request header that Hedgerow itself sends, `compressionHeaders` aside. Without
 * "grpc-previous-rpc-attempts" first attempts pass and browsers refuse retries; `attemptHeader` says what a channel makes of that.
 * Add the names of your own metadata: "authorization", for example.
 */
export const allowedHeaders: readonly string[] = Object.freeze([
  "content-type",
  "x-grpc-web",
  "x-user-agent",
  "grpc-timeout",
  "grpc-previous-rpc-attempts",
]);

/** For Access-Control-Allow-Headers too, where channels set `sendCompression` (the first) or `acceptCompression` (the second). */
export const compressionHeaders: readonly string[] = Object.freeze(["grpc-encoding", "grpc-accept-encoding"]);

/**
 * For Access-Control-Expose-Headers: every response header that Hedgerow itself reads. A failure without messages has its status there,
 * and with it the server's pushback. Add the names of metadata that your program reads: header metadata, and what a failure's trailers hold.
 */
export const exposedHeaders: readonly string[] = Object.freeze([
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "grpc-retry-pushback-ms",
  "grpc-encoding",
]);
