// Package transport is the interface between a channel and the network. An implementation
// carries HTTP exchanges and knows nothing of gRPC. jsbridge.Fetch is one that uses the
// browser's fetch.
package transport

import (
	"context"
	"strconv"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// RoundTripper carries HTTP exchanges. It is safe for concurrent use.
type RoundTripper interface {
	// RoundTrip sends the request and returns when the response head has arrived. When
	// ctx ends, the whole exchange is aborted, including the response's body. The error
	// is a *Error; any other error is treated as one with Progress Processed.
	RoundTrip(ctx context.Context, req *Request) (*Response, error)
}

// A Streamer is a RoundTripper that may send a request's body while it is still being
// made. Any other RoundTripper gets complete requests only: of a call that sends several
// messages, when it half-closes.
type Streamer interface {
	RoundTripper
	// StreamsRequests reports whether requests are streamed. It is called once for each
	// call.
	StreamsRequests() bool
}

// A Socket is a Streamer that carries requests that stream over WebSockets, in the
// dialect of the improbable wrapper. The response then has Status 101 and no Header, and
// its Body begins with the response head, as that dialect has it. Next of the Body
// reports how the socket was closed: io.EOF if the server had nothing more to say, a
// *CloseError otherwise.
type Socket interface {
	Streamer
	// OpensSockets reports whether requests that stream use WebSockets. It is called once
	// for each call.
	OpensSockets() bool
}

// CloseError says how a WebSocket was closed too early.
type CloseError struct {
	Code   int // of RFC 6455, 7.4; 1006 if the connection was lost
	Reason string
}

func (e *CloseError) Error() string {
	text := "the WebSocket was closed with code " + strconv.Itoa(e.Code)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// A Network is a RoundTripper that knows whether there is a network, so that calls can
// wait for it (waitForReady in a service config). With any other RoundTripper, there is
// assumed to be one.
type Network interface {
	RoundTripper
	// Online reports whether there may be a network. It must not wait.
	Online() bool
	// Watch calls a function, in a goroutine of its own, whenever the result of Online
	// may have changed, until stop is called. Watch and stop must not wait. The network
	// is watched only while there are calls that would wait for it.
	Watch(changed func()) (stop func())
}

// Page is a transport that runs in a page, which may be left at any moment.
type Page interface {
	RoundTripper
	// WatchHide calls a function whenever the page is left, while that can still do
	// something that does not wait, until stop is called.
	WatchHide(hidden func()) (stop func())
}

// Request is a POST request.
type Request struct {
	URL    string
	Header metadata.MD // values as they are sent: those of -bin names are base64
	// Body is read as the transport sends. Whatever was read counts as sent. A
	// transport that will not read any further closes it. It is never nil. Its pieces
	// are shared by all attempts of a call, so the transport must not change them.
	Body Body
	// Size is the body's length in bytes. It is -1 if the body is still being made,
	// which happens only with a Streamer.
	Size int64
	// Streams is true if the call sends its messages as they come. All of them may be
	// there already.
	Streams bool
}

// Response is a response head, and the body that follows it.
type Response struct {
	Status int         // HTTP status
	Header metadata.MD // values as they were received
	Body   Body        // never nil; the caller closes it
}

// Body is a sequence of bytes that is read piece by piece.
type Body interface {
	// Next waits for the next piece, which is never empty. At the end, the error is
	// io.EOF. Next is never called again before it has returned. A piece of a response
	// belongs to the caller until the next call: the caller may change it. When ctx
	// ends, Next returns, and the exchange is aborted.
	Next(ctx context.Context) ([]byte, error)
	// Close drops the rest. It may be called at any time, more than once, and during a
	// Next, which then returns.
	Close() error
}

// A Placer is a Body of a response that can put a piece where its reader wants it, so that a
// long message is assembled without another copy.
type Placer interface {
	Body
	// Place offers memory for the piece that the following Next returns. Next may put the
	// piece at its beginning, or into any other memory. The offer ends with that Next.
	Place(memory []byte)
}

// Progress is how far an exchange got before it failed (SEMANTICS 2.9d).
type Progress uint8

// The stages that an exchange may have reached.
const (
	Processed Progress = iota // the server may have run the request: the value to use unless another one is certain
	NotSent                   // it never left the client
	Refused                   // the server refused it before any application saw it, as by HTTP/2 REFUSED_STREAM
	Dropped                   // the transport dropped it for a reason of its own
)

// Error is the failure of an exchange before its response head; with Aborted, also of its
// body.
type Error struct {
	Progress Progress
	// Aborted is true if something other than the caller ended the exchange, such as
	// the user leaving the page.
	Aborted bool
	// Invalid is true if no request could be made, for example because the URL cannot
	// be parsed. Nothing was sent, and a retry would not help.
	Invalid bool
	// Unreadable is true if there was a response, but it cannot be read as one.
	Unreadable bool
	// Redirected is true if the response is a redirect that was not followed and about
	// which the browser says nothing else. If more is known, there is a Response instead.
	Redirected bool
	// Forbidden is true if the page's Content-Security-Policy forbids the request. Err
	// then says which directive does.
	Forbidden bool
	Err       error // never nil
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the network's own error.
func (e *Error) Unwrap() error { return e.Err }
