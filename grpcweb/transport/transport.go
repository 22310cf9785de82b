// Package transport is the Go driver's one seam to the network. An
// implementation carries one HTTP exchange at a time and knows nothing of gRPC:
// jsbridge.Fetch does it by the browser's fetch.
package transport

import (
	"context"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// RoundTripper carries HTTP exchanges. It is safe for concurrent use.
type RoundTripper interface {
	// RoundTrip sends the request and returns at the response head. Ending ctx
	// aborts the whole exchange, the response's body included, at any time.
	// An error is a *Error, or is taken for one with Progress Processed.
	RoundTrip(ctx context.Context, req *Request) (*Response, error)
}

// Request is a POST.
type Request struct {
	URL    string
	Header metadata.MD // values as they stand on the wire: -bin ones are base64
	Body   Body        // pulled as the transport sends; never nil
	// Size is the body's length in bytes if it is known before it is sent, -1 if not.
	Size int64
}

// Response is a response head, and the body behind it.
type Response struct {
	Status int         // HTTP status
	Header metadata.MD // values as they stand on the wire
	Body   Body        // never nil; the caller closes it
}

// Body is bytes that are pulled.
type Body interface {
	// Next waits for the next piece, of any size but none of length 0. The end
	// is io.EOF. The piece is the caller's until the next call. Ending ctx ends
	// the wait, and with it the exchange.
	Next(ctx context.Context) ([]byte, error)
	// Close lets go of what is left. It may be called at any time, repeatedly,
	// and beside a Next, which then ends.
	Close() error
}

// Progress is how far an exchange came before it failed (SEMANTICS 2.9).
type Progress uint8

// The stages.
const (
	Processed Progress = iota // the server may have run it; to be said wherever nothing else is certain
	NotSent                   // it never left the client
	Refused                   // the server refused it before any application saw it, as by HTTP/2 REFUSED_STREAM
	Dropped                   // the transport dropped it by a policy of its own
)

// Error is an exchange that failed before its response head.
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
