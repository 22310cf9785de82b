// Package grpcweb calls gRPC services over gRPC-Web and survives their faults:
// calls are retried or hedged as a service config says, the same JSON that
// gRPC clients in other languages read.
//
//	ch, err := grpcweb.NewChannel(jsbridge.Fetch(), "https://api.example.com",
//		grpcweb.WithServiceConfigJSON(text))
//	if err != nil {
//		return err // *grpcweb.ConfigError: every problem, each with its path
//	}
//	defer ch.Close()
//	res, err := ch.Unary(ctx, "/helloworld.Greeter/SayHello", message)
//	if st, ok := status.FromError(err); ok {
//		log.Print(st.Code, st.Message, st.CommitReason, len(st.Attempts))
//	}
//
// Messages are serialized protobuf; package grpcconn has stubs made by
// protoc-gen-go-grpc run over a channel. The network is a [transport.RoundTripper]: the browser's fetch in
// package jsbridge, or any other.
//
// # When a call is retried
//
// A failed attempt is followed by another when all of this holds:
//
//   - its status code is one of the policy's RetryableStatusCodes;
//   - fewer attempts than MaxAttempts were made;
//   - the call is not committed;
//   - the deadline has not passed, and the caller has not canceled;
//   - the channel is not throttled (see [RetryThrottlingPolicy]), and the server
//     has not said, by the trailer grpc-retry-pushback-ms, to leave it.
//
// A call is committed, and from then on never tried again whatever its status
// and however few attempts it made, in two cases:
//
//   - The response's header arrives. A server sends it with the first message or
//     when its handler flushes it; a failure before that comes without a header.
//   - A request message does not fit into the replay buffer, whose size
//     [WithMaxRetryBufferSize] and [WithMaxRetryBufferPerCallSize] set.
//
// So a response stream is not retried once its first message has come: the
// application subscribes anew. A request that is larger than the buffer runs
// once.
//
// Every attempt after the first carries the metadata grpc-previous-rpc-attempts
// with the number of those before it. The answer's header metadata has it too,
// where the answer came from a later attempt.
//
// # Hedging
//
// Hedging sends copies of a call without waiting for a failure. The first
// answer wins and the others are aborted. It gives answers sooner at the price
// of work that is thrown away, and the server may run a call several times: use
// it for methods that may safely run more than once. See [HedgingPolicy].
//
// # Streams
//
// [Channel.NewStream] begins calls of all kinds that stream. What was sent of a
// request is kept, as far as the replay buffer holds it, and sent again by every
// attempt; so a client stream is retried and hedged as a unary call is, until it
// is committed. From then on [Stream.Send] waits until the transport has taken
// the message, and nothing piles up.
//
// How much of a conversation a bidirectional stream can be is for the transport
// to say: over HTTP/2 it is one; the fetch of a browser sends the whole request
// before it shows any answer, so that the request goes out at CloseSend
// (SEMANTICS 5.7a). WebSockets are full duplex in every browser: the transport for
// that is jsbridge.WebSocket.
//
// After the first message of a response, a stream that breaks is the
// application's to begin anew, since only that knows where to go on: see the
// example of [Stream].
//
// # The options of a retry policy
//
//	MaxAttempts           attempts in all, the first included; the channel's
//	                      WithMaxRetryAttempts (default 5) limits it.
//	                      Required, greater than 1.
//	InitialBackoff        bound of the first delay; the delay is drawn at random
//	                      between 0 and the bound. Required, greater than 0.
//	MaxBackoff            the highest that the bound grows. Required, greater than 0.
//	BackoffMultiplier     multiplies the bound after each retry. Required, greater than 0.
//	RetryableStatusCodes  the codes that are tried again. Required, at least one.
//
// # The options of a hedging policy
//
//	MaxAttempts           as above. Required, 2 or more.
//	HedgingDelay          time from one copy to the next; 0 sends all at once.
//	                      Optional, default 0, not negative.
//	NonFatalStatusCodes   codes after which the other copies may still succeed;
//	                      any other code ends the call. Optional, default none.
//
// # The options of a channel
//
//	WithServiceConfigJSON, WithServiceConfig  the policies. Default: none, so
//	                                 that nothing is retried.
//	WithMaxRetryAttempts             limits every policy's MaxAttempts. Default 5;
//	                                 1: no retries and no hedging.
//	WithMaxRetryBufferSize           bytes that all calls keep for replay. Default 16 MiB.
//	WithMaxRetryBufferPerCallSize    bytes that one call keeps. Default 1 MiB.
//	WithMaxReceiveMessageBytes       the longest message of a response. Default 4 MiB.
//	WithMaxSendMessageBytes          the longest message of a request. Default: no limit.
//	WithDefaultTimeout               for calls whose context has no deadline. Default: none.
//	WithJitter                       how delays are drawn. Default FullJitter.
//	WithHeaderCommit                 FirstFrameHeaderCommit also retries what a
//	                                 server tells only in the body, as some do with
//	                                 every failure. Default StrictHeaderCommit.
//	WithAttemptHeader                whether attempts carry grpc-previous-rpc-attempts,
//	                                 which a server on another origin must allow.
//	                                 Default AttemptHeaderAuto: until one seems not to.
//	WithFormat                       Text: base64, for what lets no bytes through.
//	                                 Default Binary.
//	WithSendCompression              Gzip: messages that become shorter by it.
//	                                 Default Identity.
//	WithAcceptCompression            Gzip: responses may be compressed. Default: not
//	                                 asked for; they are read in any case.
//	WithMetadata                     goes out with every attempt.
//	WithPerAttemptMetadata           asks for more before each: fresh credentials.
//	WithObserver                     is told of every attempt, wait and warning.
//
// Pages of another origin need the server's leave for every request header, those
// of WithAttemptHeader and of both compressions among them: see docs/cors.md in the
// repository.
//
// # Time
//
// The deadline is the context's; it covers all attempts and the waits between
// them, and ends the call with DEADLINE_EXCEEDED at that instant. What is left
// of it goes to the server with each attempt, as grpc-timeout.
package grpcweb
