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
	// MaxMessage is the longest message that is taken, in bytes, as it comes and
	// as it is when it was inflated.
	MaxMessage int64
	// FirstFrame withholds Response-Headers until the body's first frame: a body
	// that begins with its trailers is taken for Trailers-Only (SEMANTICS 5.1f).
	FirstFrame bool

	state    state
	header   metadata.MD
	status   *status.Status // of the head, while a body may still overrule it; then the end's
	encoding string         // grpc-encoding
	frames   wire.FrameReader
	text     wire.TextReader
	inText   bool   // the body is base64
	block    []byte // the trailers frame so far; of a WebSocket, first the head
	trailers bool   // the trailers frame has begun
	deflated bool   // the present payload is compressed
	packed   bool   // it has come whole, and is to be inflated before anything else is read
	empty    bool   // no byte of a body has come
	hidden   bool   // the response was empty
	refused  bool   // a frame that is no trailers frame was, by its prefix
}

type state uint8

const (
	waiting   state = iota // no head yet
	upgraded               // a WebSocket is open, whose first frame is the head
	tentative              // the head holds a grpc-status: Trailers-Only, if no body follows
	withheld               // Response-Headers, of which nobody is told before the first frame
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

// switchingProtocols is the HTTP status with which a WebSocket opens. Nothing else
// shows it: fetch has only final ones.
const switchingProtocols = 101

// Head reads the response head, in the order of SEMANTICS 5.1. An HTTP status of
// 101 says that a WebSocket has opened: then the body begins with the head.
func (x *Exchange) Head(httpStatus int, fields metadata.MD) Reading {
	x.empty = true
	if httpStatus == switchingProtocols {
		x.state = upgraded
		return More
	}
	x.header = fields
	_, told := fields.Lookup("grpc-status")
	inText, foreign := readContentType(fields.Get("content-type"))
	x.inText = inText
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

// socketHead reads the head that came as a WebSocket's first frame.
func (x *Exchange) socketHead() Reading {
	x.header, x.block = wire.ParseTrailer(string(x.block)), nil
	if _, told := x.header.Lookup("grpc-status"); told {
		return x.end(withTrailer(statusOf(x.header), x.header))
	}
	return x.headers()
}

func (x *Exchange) headers() Reading {
	x.status = nil
	x.encoding = x.header.Get("grpc-encoding")
	x.header = userMetadata(x.header)
	if x.FirstFrame {
		x.state = withheld
		return More
	}
	x.state = open
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
// the offset up to which it has read; short of the chunk's end, feed again, but
// not before Packed was answered to. With Headers, commit before anything is made
// of the fragments. A chunk in text mode is written over: fragments lie in what
// was decoded.
func (x *Exchange) Feed(chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int, Reading) {
	for len(to) < cap(to) && !x.packed {
		at = x.skipPadding(chunk, at)
		if x.trailers && x.frames.Left() == 0 && at < len(chunk) {
			return to, at, x.end(status.New(status.Internal, "the response goes on behind its trailers frame, which must be the last"))
		}
		f, next, ok := x.next(chunk, at)
		at = next
		if x.state == over { // no base64
			return to, at, Ended
		}
		if !ok {
			break
		}
		if st := x.check(f); st != nil {
			x.refused = f.Flags&wire.FlagTrailers == 0 && x.state != upgraded
			return to, at, x.end(st)
		}
		var r Reading
		if to, r = x.take(chunk, f, to); r != More {
			return to, at, r
		}
	}
	return to, at, More
}

// take keeps a fragment, or hands it out.
func (x *Exchange) take(chunk []byte, f wire.Fragment, to []wire.Fragment) ([]wire.Fragment, Reading) {
	trailers := f.Flags&wire.FlagTrailers != 0
	x.trailers = trailers && x.state != upgraded
	switch x.packed = x.deflated && f.Last; {
	case trailers && !x.deflated:
		if x.block = append(x.block, chunk[f.Offset:f.Offset+f.Length]...); f.Last && x.state == upgraded {
			return to, x.socketHead()
		}
		return to, More
	case !trailers && x.state == withheld:
		x.state = open
		return append(to, f), Headers
	}
	return append(to, f), More
}

// next is the frame reader's, of what a chunk in text mode decodes to.
func (x *Exchange) next(chunk []byte, at int) (f wire.Fragment, next int, ok bool) {
	if !x.inText {
		return x.frames.Next(chunk, at)
	}
	n, next, ok := x.text.Decode(chunk, at, x.frames.Want())
	if !ok {
		x.end(status.New(status.Internal, "the response's body holds "+text.Quote(string(chunk[next:next+1]))+
			" where base64 is due: it was damaged on the way"))
		return f, next, false
	}
	f, _, ok = x.frames.Next(chunk[:at+n], at)
	return f, next, ok
}

// skipPadding passes over what is left of the padding behind the last byte.
func (x *Exchange) skipPadding(chunk []byte, at int) int {
	if x.inText {
		_, at, _ = x.text.Decode(chunk, at, 0)
	}
	return at
}

// InText reports whether the body is base64, so that Feed writes over its chunks.
func (x *Exchange) InText() bool { return x.inText }

// Skip passes over so many bytes of the present message, which the driver has
// taken without feeding them.
func (x *Exchange) Skip(n int) {
	x.frames.Skip(n)
	x.packed = x.deflated && x.frames.Left() == 0
}

// Left is how many bytes of the present message are still to come.
func (x *Exchange) Left() int64 { return x.frames.Left() }

// Packed reports whether the last fragment ended a compressed payload. The driver
// inflates it, as far as limit bytes and one more, and says Inflated or Damaged
// before it feeds on.
func (x *Exchange) Packed() (limit int64, packed bool) {
	if x.trailers {
		return maxTrailer, x.packed
	}
	return x.MaxMessage, x.packed
}

// Inflated: the payload is so many bytes long; trailers are shown.
func (x *Exchange) Inflated(size int64, trailers []byte) Reading {
	x.packed = false
	what, limit := "message", x.MaxMessage
	if x.trailers {
		what, limit = "trailers frame", maxTrailer
		x.block = trailers
	}
	if size > limit {
		return x.end(status.New(status.ResourceExhausted, "a response "+what+" is, inflated, larger than the limit of "+
			strconv.FormatInt(limit, 10)+" bytes"))
	}
	return More
}

// Damaged: the payload could not be inflated.
func (x *Exchange) Damaged(cause error) Reading {
	st := status.New(status.Internal, "a response frame that is marked as compressed with "+x.encoding+" could not be inflated: "+cause.Error())
	st.Cause = cause
	return x.end(st)
}

// check refuses what must not be, on the prefix, before anything is kept
// (SEMANTICS 5.2a, 5.2f).
func (x *Exchange) check(f wire.Fragment) *status.Status {
	if !f.First {
		return nil
	}
	x.deflated = f.Flags&wire.FlagCompressed != 0
	switch {
	case f.Flags&^(wire.FlagCompressed|wire.FlagTrailers) != 0:
		return status.New(status.Internal, "a response frame has the unknown flag byte "+strconv.Itoa(int(f.Flags))+
			": this is no gRPC-Web body, or it was damaged on the way")
	case x.state == upgraded && f.Flags != wire.FlagTrailers:
		return status.New(status.Internal, "the WebSocket's first frame is not the response's head: "+
			"the server speaks another protocol than grpc-websockets")
	case x.deflated && x.encoding != Gzip:
		return x.compressed()
	case f.Flags&wire.FlagTrailers != 0:
		return tooLarge("trailers frame", f.Total, maxTrailer)
	}
	return tooLarge("message", f.Total, x.MaxMessage)
}

// Gzip is the one grpc-encoding, beside identity, that is read. It is read whether
// it was asked for or not: servers answer in the encoding of the request.
const Gzip = "gzip"

// maxTrailer bounds the trailers frame, which is kept in memory: as long as
// HTTP servers let header blocks be, and more than any allows by default.
const maxTrailer = 1 << 20

func tooLarge(what string, size, limit int64) *status.Status {
	if size <= limit {
		return nil
	}
	return status.New(status.ResourceExhausted, "a response "+what+" of "+strconv.FormatInt(size, 10)+
		" bytes is larger than the limit of "+strconv.FormatInt(limit, 10))
}

func (x *Exchange) compressed() *status.Status {
	if x.encoding == "" || x.encoding == "identity" {
		return status.New(status.Internal, "a response frame is marked as compressed, but the response names no grpc-encoding")
	}
	return status.New(status.Internal, "the response is compressed with "+text.Quote(x.encoding)+
		", which is not known here: gzip is")
}

// End reads the clean end of the body: the attempt's status. uncommitted says
// that the response was Trailers-Only, so that a policy may try again.
func (x *Exchange) End() Reading {
	switch {
	case x.state == over:
	case x.state == tentative:
		return x.end(withTrailer(x.status, x.header))
	case x.frames.Inside() || x.text.Inside():
		return x.end(status.New(status.Unavailable, "the response ended inside a frame: the connection or a proxy cut it short"))
	case x.trailers:
		return x.end(x.trailerStatus())
	case x.empty && x.state != upgraded:
		x.hidden = true
		return x.end(status.New(status.Unknown, hiddenText()))
	default:
		return x.end(status.New(status.Unknown, "the response ended without a trailers frame, so its status is not known"))
	}
	return Ended
}

// StatusFields are the response headers that hold a status and what goes with it. A
// server on another origin must expose them (SEMANTICS 5.5b).
var StatusFields = []string{"grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-retry-pushback-ms"}

// hiddenText explains an empty 200, which a Trailers-Only response looks like where
// CORS hides its headers (scenario 101).
func hiddenText() string {
	return "the response was empty and showed no grpc-status: it was cut short, or, if the server is on another origin, " +
		"it must expose the status: Access-Control-Expose-Headers: " + text.List(StatusFields)
}

// Hidden reports whether the exchange has ended as a Trailers-Only answer does
// whose headers CORS hides.
func (x *Exchange) Hidden() bool { return x.hidden }

// Refused reports whether the exchange has ended at the prefix of a frame that is
// not taken, and that holds no trailers: a message that is too large, for one.
func (x *Exchange) Refused() bool { return x.refused }

// InTrailers reports whether the trailers frame has begun.
func (x *Exchange) InTrailers() bool { return x.trailers }

// TrailersAlone reports whether the exchange has ended with nothing but trailers
// in its body.
func (x *Exchange) TrailersAlone() bool { return x.state == over && x.trailers }

// Whole reports whether the response's status has come whole, though its body may
// not have ended yet.
func (x *Exchange) Whole() bool {
	return x.state == over || x.state == tentative || x.trailers && !x.frames.Inside() && !x.packed
}

// Break reads a body that failed: the connection was lost. A status that had
// arrived whole stands.
func (x *Exchange) Break(cause error) Reading {
	if x.Whole() {
		return x.End()
	}
	st := status.New(status.Unavailable, "the connection was lost while the response was read: "+cause.Error())
	st.Cause = cause
	return x.end(st)
}

func (x *Exchange) trailerStatus() *status.Status {
	fields := wire.ParseTrailer(string(x.block))
	st := statusOf(fields)
	return withTrailer(st, fields)
}

// Close reads the closing of a WebSocket, by its code (RFC 6455, 7.4). A status
// that had arrived whole stands.
func (x *Exchange) Close(code int, reason string) Reading {
	if x.state == over || x.trailers && !x.frames.Inside() || code == closedNormally || code == closedSilently {
		return x.End()
	}
	message := "the server closed the WebSocket with code " + strconv.Itoa(code)
	if code == closedAbnormally {
		message = "the WebSocket was lost while the response was read"
	}
	if reason != "" {
		message += ": " + text.Quote(reason)
	}
	return x.end(status.New(codeOfClose(code), message))
}

func (x *Exchange) end(st *status.Status) Reading {
	if x.state != open && x.state != withheld {
		x.header = metadata.MD{} // Trailers-Only metadata is all in the trailer
	}
	st.Header = x.header
	x.state, x.status, x.block = over, st, nil
	return Ended
}

// Status is how the exchange ended, once Ended was answered.
func (x *Exchange) Status() *status.Status { return x.status }
