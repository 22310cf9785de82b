// Package exchange reads the HTTP response of one attempt: from the head, the body's
// frames and the end it makes header metadata, messages and a status.
//
// It decides what kind of response it is (SEMANTICS 5.1). What that means for the call
// is decided in package call.
package exchange

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Exchange is the response of one attempt. It begins before the head.
type Exchange struct {
	// MaxMessage is the longest message that is accepted, in bytes, both before and
	// after it is inflated.
	MaxMessage int64
	// FirstFrame withholds Response-Headers until the body's first frame, so that a body
	// that begins with its trailers is treated as Trailers-Only (SEMANTICS 5.1f).
	FirstFrame bool

	state    state
	header   metadata.MD
	told     *status.Status // the status in the head, which is valid unless the trailers have another
	whole    *status.Status // the status once the whole trailers frame has come: the frame's own, or else the head's
	status   *status.Status // the status with which the exchange has ended
	encoding string         // grpc-encoding
	frames   wire.FrameReader
	text     wire.TextReader
	inText   bool   // the body is base64
	block    []byte // what has come of the trailers frame or, over a WebSocket, of the head before it
	trailers bool   // the trailers frame has begun
	deflated bool   // the current payload is compressed
	packed   bool   // the current payload has come whole, and must be inflated before anything else is read
	empty    bool   // no byte of a body has come
	socket   bool   // the exchange is over a WebSocket
	hidden   bool   // the exchange has ended as in Hidden
	unnamed  bool   // the exchange has ended as in Unnamed
	refused  bool   // the exchange has ended as in Refused
	redirect bool   // the exchange has ended as in Redirected
}

type state uint8

const (
	waiting   state = iota // the head has not come
	upgraded               // a WebSocket has opened, whose first frame is the head
	tentative              // the head has a grpc-status: it is Trailers-Only, unless the body has a message or a status
	withheld               // the head is Response-Headers, which are reported only at the first frame
	open                   // the head is Response-Headers, and was reported; messages and trailers follow
	over
)

// Reading says what the driver does next.
type Reading uint8

const (
	// More means to read on. What has come so far does not commit the attempt.
	More Reading = iota
	// Headers means that this is Response-Headers: the call commits, then reads on.
	Headers
	// Ended means that the status is known, and no more of the body is wanted.
	Ended
)

// Redirected reports whether the response is a redirect.
func (x *Exchange) Redirected() bool { return x.redirect }

// Header returns the header metadata. It is known once Headers was returned.
func (x *Exchange) Header() metadata.MD { return x.header }

// Hidden reports whether the exchange has ended with an empty response, which is what a
// Trailers-Only response looks like if CORS hides its headers.
func (x *Exchange) Hidden() bool { return x.hidden }

// Unnamed reports whether the exchange has ended because a frame is compressed but there
// is no grpc-encoding, as happens if CORS hides it.
func (x *Exchange) Unnamed() bool { return x.unnamed }

// Refused reports whether the exchange has ended at the prefix of a frame other than the
// trailers that was refused, such as a message that is too large.
func (x *Exchange) Refused() bool { return x.refused }

// InTrailers reports whether the trailers frame has begun.
func (x *Exchange) InTrailers() bool { return x.trailers }

// TrailersAlone reports whether the status is known and the body had nothing but
// trailers.
func (x *Exchange) TrailersAlone() bool { return x.trailers && (x.state == over || x.whole != nil) }

// Status returns the status of the exchange. It is known once Ended was returned.
func (x *Exchange) Status() *status.Status { return x.status }
