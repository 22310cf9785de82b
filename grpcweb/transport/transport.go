// Package transport is the Go driver's one seam to the network. An
// implementation carries one HTTP exchange at a time and knows nothing of gRPC:
// jsbridge.Fetch does it by the browser's fetch.
package transport

import (
	"context"
	"strconv"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// RoundTripper carries HTTP exchanges. It is safe for concurrent use.
type RoundTripper interface {
	// RoundTrip sends the request and returns at the response head. Ending ctx
	// aborts the whole exchange, the response's body included, at any time.
	// An error is a *Error, or is taken for one with Progress Processed.
	RoundTrip(ctx context.Context, req *Request) (*Response, error)
}

// A Streamer is a RoundTripper that can tell that it sends a request's body
// while it is still being made. What is no Streamer gets only requests that are
// complete: of a call that sends several messages, when it half-closes.
type Streamer interface {
	RoundTripper
	// StreamsRequests reports whether it does. It is asked once for each call.
	StreamsRequests() bool
}

// A Socket is a Streamer that carries the requests that stream over WebSockets, in
// the dialect of the improbable wrapper. The Status of such a response is 101, it
// has no Header, and its Body begins with the head, as that dialect has it. How the
// socket was closed is told by Body's Next: io.EOF where the server had nothing
// more to say, a *CloseError otherwise.
type Socket interface {
	Streamer
	// OpensSockets reports whether it does. It is asked once for each call.
	OpensSockets() bool
}

// CloseError is how a WebSocket was closed before its time.
type CloseError struct {
	Code   int // RFC 6455, 7.4: 1006 where the connection was lost
	Reason string
}

func (e *CloseError) Error() string {
	text := "the WebSocket was closed with code " + strconv.Itoa(e.Code)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// A Network is a RoundTripper that knows whether there is a network at all, so
// that calls can wait for it (waitForReady in a service config). Without this,
// there always is one.
type Network interface {
	RoundTripper
	// Online reports whether there may be a network. It does not wait.
	Online() bool
	// Watch has a function called, in a goroutine of its own, whenever Online
	// may say something else than before, until stop is called. Neither waits.
	// It is watched only while calls run that would wait for the network.
	Watch(changed func()) (stop func())
}

// Request is a POST.
type Request struct {
	URL    string
	Header metadata.MD // values as they stand on the wire: -bin ones are base64
	// Body is pulled as the transport sends: what it has taken counts as sent. A
	// transport that will take no more closes it. Never nil. Its pieces are
	// shared by all attempts of a call: they are only to be read.
	Body Body
	// Size is the body's length in bytes if it is known before it is sent; -1 if
	// not, which only a Streamer meets: more of the body is made as time goes by.
	Size int64
	// Streams: the call sends its messages as they come, though all of them may be
	// there already.
	Streams bool
}

// Response is a response head, and the body behind it.
type Response struct {
	Status int         // HTTP status
	Header metadata.MD // values as they stand on the wire
	Body   Body        // never nil; the caller closes it
}

// Body is bytes that are pulled.
type Body interface {
	// Next waits for the next piece, of any size but none of length 0. The end is
	// io.EOF. More than one Next is never called at a time. A response's piece is the
	// caller's until the next call, to write to as well. Ending ctx ends the wait,
	// and with it the exchange.
	Next(ctx context.Context) ([]byte, error)
	// Close lets go of what is left. It may be called at any time, repeatedly,
	// and beside a Next, which then ends.
	Close() error
}

// Progress is how far an exchange came before it failed (SEMANTICS 2.9d).
type Progress uint8

// The stages.
const (
	Processed Progress = iota // the server may have run it; to be said wherever nothing else is certain
	NotSent                   // it never left the client
	Refused                   // the server refused it before any application saw it, as by HTTP/2 REFUSED_STREAM
	Dropped                   // the transport dropped it by a policy of its own
)

// Error is an exchange that failed before its response head; or, with Aborted,
// in its body.
type Error struct {
	Progress Progress
	// Aborted: something other than the caller ended it, such as a page that
	// is being left.
	Aborted bool
	// Invalid: no request could be made of it at all, as of a URL that cannot be
	// parsed. Nothing was sent, and trying again would not help.
	Invalid bool
	Err     error // never nil
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the network's own error.
func (e *Error) Unwrap() error { return e.Err }
