package grpcweb

import (
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// Format is how requests and responses are written.
type Format uint8

// The formats.
const (
	Binary Format = iota // application/grpc-web; the default
	Text                 // application/grpc-web-text: base64, for what lets no bytes through
)

// WithFormat is the format of requests, and the one that is asked for in responses;
// a response is read in either. In text mode a request goes out as a whole, also
// where the transport streams requests, but over WebSockets, which carry bytes.
// Default: Binary.
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

// WithSendCompression compresses the messages of requests that become shorter by
// it, each by itself, and says so in grpc-encoding, which a server on another origin
// must allow. Limits of what is sent count the bytes before, the replay buffer those
// that are sent. Default: Identity.
func WithSendCompression(c Compression) Option {
	return word("sendCompression", c)
}

// WithAcceptCompression asks for responses with compressed messages, in
// grpc-accept-encoding, which a server on another origin must allow. Gzip is read
// whether it was asked for or not. Limits of what is received hold for messages as
// they come and as they are when inflated, and are heeded while that is done.
// Default: none.
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

// HeaderCommit is what commits a call to an attempt that answers (SEMANTICS 2.2a,
// 5.1f).
type HeaderCommit uint8

// The ways.
const (
	// StrictHeaderCommit: the response's head, as gRPC has it; the default.
	StrictHeaderCommit HeaderCommit = iota
	// FirstFrameHeaderCommit: the first frame of the response's body. A failure that
	// a server sends in the body alone, behind a head that says nothing, can then be
	// tried again. The header of a stream comes with its first message, and a head
	// that a server has sent early does not keep a call from being tried again.
	FirstFrameHeaderCommit
)

// WithHeaderCommit is what commits a call. Default: StrictHeaderCommit.
func WithHeaderCommit(c HeaderCommit) Option {
	return choice("headerCommit", c)
}

// AttemptHeader is when attempts carry grpc-previous-rpc-attempts.
type AttemptHeader = channel.AttemptHeader

// The modes.
const (
	// AttemptHeaderAuto: every attempt but the first, until a server on another
	// origin seems not to allow it: an attempt without it was answered, and one with
	// it came to no response. That one is made once more without, at once and
	// uncounted, and the channel sends it no more; observers get the warning
	// "corsSuspected". The default.
	AttemptHeaderAuto = channel.AttemptHeaderAuto
	// AttemptHeaderAlways: every attempt but the first.
	AttemptHeaderAlways = channel.AttemptHeaderAlways
	// AttemptHeaderNever: none.
	AttemptHeaderNever = channel.AttemptHeaderNever
)

// WithAttemptHeader is when attempts carry grpc-previous-rpc-attempts, the number of
// those before. Default: AttemptHeaderAuto.
func WithAttemptHeader(a AttemptHeader) Option {
	return choice("attemptHeader", a)
}
