// Package grpcweb calls gRPC services over gRPC-Web, and retries or hedges calls as a
// service config says. The config is the same JSON that gRPC clients in other languages
// read.
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
// Messages are serialized protobuf. With package grpcconn, stubs made by
// protoc-gen-go-grpc run over a channel. The network is a [transport.RoundTripper]: the
// browser's fetch in package jsbridge, or any other.
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
//     has not said, in the trailer grpc-retry-pushback-ms, not to retry.
//
// After a call is committed it is never retried, whatever its status and however few
// attempts it made. It is committed in two cases:
//
//   - The response's header arrives. A server sends it with the first message or
//     when its handler flushes it; a failure before that comes without a header.
//   - A request message does not fit into the replay buffer, whose size
//     [WithMaxRetryBufferSize] and [WithMaxRetryBufferPerCallSize] set.
//
// So a response stream is not retried after its first message has come: the application
// has to begin it again. A request that is larger than the buffer is sent once.
//
// Every attempt after the first carries the metadata grpc-previous-rpc-attempts, which is
// the number of attempts before it. If a later attempt is answered, the response's header
// metadata has it too.
//
// # Hedging
//
// Hedging sends copies of a call without waiting for a failure. The first response wins,
// and the other copies are aborted. Responses come sooner, at the price of work that is
// thrown away. The server may run a call several times, so hedge only methods that may
// safely run more than once. See [HedgingPolicy].
//
// # Streams
//
// [Channel.NewStream] begins calls of all kinds that stream. The messages of a request are
// kept, as far as the replay buffer holds them, and every attempt sends them again. So a
// client stream is retried and hedged like a unary call until it is committed. From then
// on [Stream.Send] waits until the transport has taken the message, and nothing piles up.
//
// Whether a bidirectional stream can be a conversation depends on the transport. Over
// HTTP/2 it can. A browser's fetch sends the whole request before it shows any response,
// so the request is sent at CloseSend (SEMANTICS 5.7a). WebSockets are full duplex in
// every browser: the transport for that is jsbridge.WebSocket.
//
// If a stream breaks after the first message of its response, only the application knows
// where to continue: [Resume] does so if it says where.
//
// # The options of a retry policy
//
//	MaxAttempts           attempts in all, including the first; the channel's
//	                      WithMaxRetryAttempts (default 5) limits it.
//	                      Required, greater than 1.
//	InitialBackoff        bound of the first delay; the delay is drawn at random
//	                      between 0 and the bound. Required, greater than 0.
//	MaxBackoff            the highest that the bound grows. Required, greater than 0.
//	BackoffMultiplier     multiplies the bound after each retry. Required, greater than 0.
//	RetryableStatusCodes  the codes that are retried. Required, at least one.
//	PerAttemptRecvTimeout how long an attempt may go without any response before it
//	                      is given up and retried. Optional, default: no limit.
//
// # The options of a hedging policy
//
//	MaxAttempts           as above. Required, 2 or more.
//	HedgingDelay          time from one copy to the next; 0 sends all at once.
//	                      Optional, default 0, not negative.
//	NonFatalStatusCodes   codes after which the other copies may still succeed;
//	                      any other code ends the call. Optional, default none.
//	PerAttemptRecvTimeout as above; the other copies go on.
//	Tuning                has the delay learned, and bounds the extra load.
//	                      Optional; default: HedgingDelay holds.
//
// # The options of a channel
//
//	WithServiceConfigJSON, WithServiceConfig  the policies. Default: none:
//	                                 nothing is retried.
//	WithEndpoints                    further base URLs with the same services: retries
//	                                 go to another one, calls leave one that fails or
//	                                 lags (docs/endpoints.md). Default: none.
//	WithMaxRetryAttempts             limits every policy's MaxAttempts. Default 5;
//	                                 1: no retries and no hedging.
//	WithMaxRetryBufferSize           bytes that all calls keep for replay. Default 16 MiB.
//	WithMaxRetryBufferPerCallSize    bytes that one call keeps. Default 1 MiB.
//	WithMaxReceiveMessageBytes       the longest message of a response. Default 4 MiB.
//	WithMaxSendMessageBytes          the longest message of a request. Default: no limit.
//	WithDefaultTimeout               for calls whose context has no deadline. Default: none.
//	WithJitter                       how delays are drawn. Default FullJitter.
//	WithHeaderCommit                 FirstFrameHeaderCommit also retries a failure
//	                                 whose status comes only in the body, as some
//	                                 servers send all. Default StrictHeaderCommit.
//	WithAttemptHeader                whether attempts carry grpc-previous-rpc-attempts,
//	                                 which a server on another origin must allow.
//	                                 Default AttemptHeaderAuto: until one seems not to.
//	WithFormat                       Text: base64, for proxies that do not pass bytes
//	                                 through. Default Binary.
//	WithSendCompression              Gzip: messages that become shorter by it are
//	                                 compressed. Default Identity.
//	WithAcceptCompression            Gzip: responses may be compressed. Default: not
//	                                 asked for; they are read in any case.
//	WithMetadata                     is sent with every attempt.
//	WithPerAttemptMetadata           is asked for more before each attempt, such as fresh
//	                                 credentials.
//	WithObserver                     is told of every attempt, wait and warning.
//	WithCredentialsRefresh           gets new credentials when a server refuses the old
//	                                 ones; the calls are then sent again.
//	WithState                        stores what the channel learns. Default: nothing
//	                                 outlives it.
//
// If the page is on another origin, the server must allow every request header, including
// those of WithAttemptHeader and of both compressions: see docs/cors.md in the repository.
//
// # Time
//
// The deadline is the context's. It covers all attempts and the waits between them, and
// ends the call with DEADLINE_EXCEEDED. What is left of it is sent to the server with
// each attempt, as grpc-timeout.
package grpcweb
