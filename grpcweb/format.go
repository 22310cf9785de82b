package grpcweb

import (
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// Format is how requests and responses are encoded.
type Format uint8

// The formats.
const (
	Binary Format = iota // application/grpc-web; the default
	Text                 // application/grpc-web-text: base64, for proxies that do not pass bytes through
)

// WithFormat sets the format of requests, and the one that is asked for in responses. A
// response is read in either. In text mode a request is sent as a whole even if the
// transport streams requests, except over WebSockets, which carry bytes. Default:
// Binary.
func WithFormat(f Format) Option {
	return choice("format", f)
}

// Compression is how messages are compressed.
type Compression string

// The compressions.
const (
	Identity Compression = "identity" // not at all; the default
	Gzip     Compression = "gzip"
)

// WithSendCompression compresses each message of a request that becomes shorter by it,
// and says so in the header grpc-encoding, which a server on another origin must allow.
// The limit of what is sent counts the bytes before compression, the replay buffer
// counts those after it. Default: Identity.
func WithSendCompression(c Compression) Option {
	return word("sendCompression", c)
}

// WithAcceptCompression asks for responses with compressed messages, in the header
// grpc-accept-encoding, which a server on another origin must allow. Gzip is read
// whether it was asked for or not. The limit of what is received holds for a message
// both before and after it is inflated, and inflating stops when it is reached. Default:
// none.
func WithAcceptCompression(c ...Compression) Option {
	return option(func(s *settings) {
		s.core.AcceptGzip = false
		for _, one := range c {
			if one != Identity { // which is accepted at all times
				word("acceptCompression", one).applyToChannel(s)
			}
		}
	})
}

// HeaderCommit is which part of a response commits a call to its attempt (SEMANTICS 2.2a,
// 5.1f).
type HeaderCommit uint8

// The ways.
const (
	// StrictHeaderCommit: the response's head, as gRPC has it; the default.
	StrictHeaderCommit HeaderCommit = iota
	// FirstFrameHeaderCommit: the first frame of the response's body. A failure that a
	// server sends in the body alone, after a head without a status, can then be
	// retried. The header of a stream comes with its first message, and a head that the
	// server sends early does not keep a call from being retried.
	FirstFrameHeaderCommit
)

// WithHeaderCommit sets which part of a response commits a call. Default:
// StrictHeaderCommit.
func WithHeaderCommit(c HeaderCommit) Option {
	return choice("headerCommit", c)
}

// AttemptHeader is which attempts carry the header grpc-previous-rpc-attempts.
type AttemptHeader = channel.AttemptHeader

// The modes.
const (
	// AttemptHeaderAuto: every attempt but the first, until a server on another origin
	// seems not to allow the header, because an attempt without it was answered and one
	// with it got no response. That attempt is sent once more without the header, at
	// once and without being counted. If it is answered, the channel does not send the
	// header any more, and observers get the warning "corsSuspected". The default.
	AttemptHeaderAuto = channel.AttemptHeaderAuto
	// AttemptHeaderAlways: every attempt but the first.
	AttemptHeaderAlways = channel.AttemptHeaderAlways
	// AttemptHeaderNever: none.
	AttemptHeaderNever = channel.AttemptHeaderNever
)

// WithAttemptHeader sets which attempts carry the header grpc-previous-rpc-attempts,
// which tells the server how many attempts were made before. Default:
// AttemptHeaderAuto.
func WithAttemptHeader(a AttemptHeader) Option {
	return choice("attemptHeader", a)
}
