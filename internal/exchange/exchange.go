// Package exchange reads one attempt's HTTP response: the head, the body's
// frames and the end become header metadata, messages and a status.
//
// It decides what the response is (SEMANTICS 5.1) and says so; what follows for
// the call is the business of package call.
package exchange

import (
	"strconv"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Exchange is the response of one attempt. It begins before the head.
type Exchange struct {
	// MaxMessage is the longest message that is taken, in bytes.
	MaxMessage int64

	state    state
	header   metadata.MD
	status   *status.Status // of the head, while a body may still overrule it; then the end's
	encoding string         // grpc-encoding
	frames   wire.FrameReader
	trailer  []byte // the trailers frame so far
	trailers bool   // the trailers frame has begun
	empty    bool   // no byte of a body has come
}

type state uint8

const (
	waiting   state = iota // no head yet
	tentative              // the head holds a grpc-status: Trailers-Only, if no body follows
	open                   // Response-Headers: messages and trailers follow
	over
)

// Reading is what the driver is to do next.
type Reading uint8

// What may follow a head or a chunk.
const (
	// More: read on. The exchange is not committed by what has come so far.
	More Reading = iota
	// Headers: this is Response-Headers; the call commits, then reads on.
	Headers
	// Ended: the status is known and no more of the body is wanted.
	Ended
)

// Head reads the response head, in the order of SEMANTICS 5.1.
func (x *Exchange) Head(httpStatus int, fields metadata.MD) Reading {
	x.header, x.empty = fields, true
	_, told := fields.Lookup("grpc-status")
	foreign := checkContentType(fields.Get("content-type"))
	switch {
	case told && foreign != nil:
		return x.end(withTrailer(statusOf(fields), fields)) // a proxy's own answer: its body holds no frames
	case told: // it wins over the HTTP status
		x.state, x.status = tentative, statusOf(fields)
		return More
	case httpStatus != 200:
		return x.end(withTrailer(fromHTTP(httpStatus), fields))
	case foreign != nil:
		return x.end(withTrailer(foreign, fields))
	}
	return x.headers()
}

func (x *Exchange) headers() Reading {
	x.state, x.status = open, nil
	x.encoding = x.header.Get("grpc-encoding")
	x.header = userMetadata(x.header)
	return Headers
}

// Header is the header metadata, once Headers was answered.
func (x *Exchange) Header() metadata.MD { return x.header }

// Body reports whether bytes turn a tentative Trailers-Only into a response
// with a body, whose trailers overrule the head's status. The driver asks
// before it feeds.
func (x *Exchange) Body() Reading {
	x.empty = false
	if x.state == tentative {
		return x.headers()
	}
	return More
}

// Feed cuts the chunk, from offset at, into fragments of messages, which it
// appends to the given ones up to their capacity. It answers with them and with
// the offset up to which it has read; short of the chunk's end, feed again.
func (x *Exchange) Feed(chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int, Reading) {
	for len(to) < cap(to) {
		if x.trailers && x.frames.Left() == 0 && at < len(chunk) {
			return to, at, x.end(status.New(status.Internal, "the response goes on behind its trailers frame, which must be the last"))
		}
		f, next, ok := x.frames.Next(chunk, at)
		at = next
		if !ok {
			break
		}
		if st := x.check(f); st != nil {
			return to, at, x.end(st)
		}
		if f.Flags&wire.FlagTrailers == 0 {
			to = append(to, f)
			continue
		}
		x.trailers = true
		x.trailer = append(x.trailer, chunk[f.Offset:f.Offset+f.Length]...)
	}
	return to, at, More
}

// Skip passes over so many bytes of the present message, which the driver has
// taken without feeding them.
func (x *Exchange) Skip(n int) { x.frames.Skip(n) }

// Left is how many bytes of the present message are still to come.
func (x *Exchange) Left() int { return x.frames.Left() }

// check refuses what must not be, on the prefix, before anything is kept
// (SEMANTICS 5.2).
func (x *Exchange) check(f wire.Fragment) *status.Status {
	if !f.First {
		return nil
	}
	switch {
	case f.Flags&^(wire.FlagCompressed|wire.FlagTrailers) != 0:
		return status.New(status.Internal, "a response frame has the unknown flag byte "+strconv.Itoa(int(f.Flags))+
			": this is no gRPC-Web body, or it was damaged on the way")
	case f.Flags&wire.FlagCompressed != 0:
		return x.compressed()
	case f.Flags&wire.FlagTrailers != 0:
		return tooLarge("trailers frame", f.Total, maxTrailer)
	}
	return tooLarge("message", f.Total, x.MaxMessage)
}

// maxTrailer bounds the trailers frame, which is kept in memory: as long as
// HTTP servers let header blocks be, and more than any allows by default.
const maxTrailer = 1 << 20

func tooLarge(what string, size int, limit int64) *status.Status {
	if int64(size) <= limit {
		return nil
	}
	return status.New(status.ResourceExhausted, "a response "+what+" of "+strconv.Itoa(size)+
		" bytes is larger than the limit of "+strconv.FormatInt(limit, 10))
}

func (x *Exchange) compressed() *status.Status {
	if x.encoding == "" || x.encoding == "identity" {
		return status.New(status.Internal, "a response frame is marked as compressed, but the response names no grpc-encoding")
	}
	return status.New(status.Internal, "the response is compressed with "+text.Quote(x.encoding)+
		", which the request did not accept")
}

// End reads the clean end of the body: the attempt's status. uncommitted says
// that the response was Trailers-Only, so that a policy may try again.
func (x *Exchange) End() Reading {
	switch {
	case x.state == over:
	case x.state == tentative:
		return x.end(withTrailer(x.status, x.header))
	case x.frames.Inside():
		return x.end(status.New(status.Unavailable, "the response ended inside a frame: the connection or a proxy cut it short"))
	case x.trailers:
		return x.end(x.trailerStatus())
	case x.empty:
		return x.end(status.New(status.Unknown, hiddenText))
	default:
		return x.end(status.New(status.Unknown, "the response ended without a trailers frame, so its status is not known"))
	}
	return Ended
}

// hiddenText is for the empty 200 that a Trailers-Only answer looks like where
// CORS hides its headers (SEMANTICS 5.5, scenario 101).
const hiddenText = "the response was empty and showed no grpc-status. If the server is on another origin, " +
	"it must expose it: Access-Control-Expose-Headers: grpc-status, grpc-message, grpc-status-details-bin, grpc-retry-pushback-ms"

// Break reads a body that failed: the connection was lost. A status that had
// arrived whole stands.
func (x *Exchange) Break(cause error) Reading {
	if x.state == over || x.state == tentative || x.trailers && !x.frames.Inside() {
		return x.End()
	}
	st := status.New(status.Unavailable, "the connection was lost while the response was read: "+cause.Error())
	st.Cause = cause
	return x.end(st)
}

func (x *Exchange) trailerStatus() *status.Status {
	fields := wire.ParseTrailer(string(x.trailer))
	st := statusOf(fields)
	return withTrailer(st, fields)
}

func (x *Exchange) end(st *status.Status) Reading {
	if x.state != open {
		x.header = metadata.MD{} // Trailers-Only metadata is all in the trailer
	}
	st.Header = x.header
	x.state, x.status, x.trailer = over, st, nil
	return Ended
}

// Status is how the exchange ended, once Ended was answered.
func (x *Exchange) Status() *status.Status { return x.status }
