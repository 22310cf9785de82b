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
	told     *status.Status // of the head: it stands where the trailers tell no other
	whole    *status.Status // what the whole trailers frame came to, its own or the head's
	status   *status.Status // how it ended
	encoding string         // grpc-encoding
	frames   wire.FrameReader
	text     wire.TextReader
	inText   bool   // the body is base64
	block    []byte // the trailers frame so far; of a WebSocket, first the head
	trailers bool   // the trailers frame has begun
	deflated bool   // the present payload is compressed
	packed   bool   // it has come whole, and is to be inflated before anything else is read
	empty    bool   // no byte of a body has come
	socket   bool   // a WebSocket carries it
	hidden   bool   // the response was empty
	unnamed  bool   // it is compressed, and names no encoding
	refused  bool   // a message was, by its prefix
}

type state uint8

const (
	waiting   state = iota // no head yet
	upgraded               // a WebSocket is open, whose first frame is the head
	tentative              // the head holds a grpc-status: Trailers-Only, unless the body has a message or a status
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
		x.state, x.socket = upgraded, true
		return More
	}
	if st := tooMany(fields, "head"); st != nil {
		return x.end(st)
	}
	_, told := fields.Lookup("grpc-status")
	inText, foreign := readContentType(fields)
	x.inText = inText
	switch {
	case told && foreign != nil:
		return x.end(withTrailer(statusOfHead(fields), fields)) // a proxy's own answer: its body holds no frames
	case told: // it wins over the HTTP status
		x.told = withTrailer(statusOfHead(fields), fields)
		x.begin(tentative, fields)
		return More
	case httpStatus != 200:
		return x.end(withTrailer(fromHTTP(httpStatus), fields))
	case foreign != nil:
		return x.end(withTrailer(foreign, fields))
	}
	return x.headers(fields)
}

// socketHead reads the head that came as a WebSocket's first frame.
func (x *Exchange) socketHead() Reading {
	fields := wire.ParseTrailer(string(x.block))
	x.block = nil
	if st := tooMany(fields, "head"); st != nil {
		return x.end(st)
	}
	if _, told := fields.Lookup("grpc-status"); told {
		return x.end(withTrailer(statusOf(fields), fields))
	}
	return x.headers(fields)
}

func (x *Exchange) headers(fields metadata.MD) Reading {
	if x.FirstFrame {
		x.begin(withheld, fields)
		return More
	}
	x.begin(open, fields)
	return Headers
}

// begin makes ready for the frames of a body.
func (x *Exchange) begin(s state, fields metadata.MD) {
	x.state, x.encoding, x.header = s, wire.LowerASCII(fields.Get("grpc-encoding")), userMetadata(fields)
}

// Header is the header metadata, once Headers was answered.
func (x *Exchange) Header() metadata.MD { return x.header }

// Feed cuts the chunk, from offset at, into fragments of messages, which it
// appends to the given ones up to their capacity. It answers with them and with
// the offset up to which it has read; short of the chunk's end, feed again, but
// not before Packed was answered to. With Headers, commit before anything is made
// of the fragments. A chunk in text mode is written over: fragments lie in what
// was decoded.
func (x *Exchange) Feed(chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int, Reading) {
	x.empty = x.empty && len(chunk) == 0
	for len(to) < cap(to) && !x.packed {
		at = x.skipPadding(chunk, at)
		if x.trailers && x.frames.Left() == 0 && at < len(chunk) {
			return to, at, x.fault(status.New(status.Internal, "the response goes on behind its trailers frame, which must be the last"))
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
			x.refuse(f)
			return to, at, x.fault(st)
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
	if !x.deflated {
		f.Flags &^= wire.FlagCompressed // nothing is in it that could be inflated
	}
	switch x.packed = x.deflated && f.Last; {
	case trailers && !x.deflated:
		x.block = append(x.block, chunk[f.Offset:f.Offset+f.Length]...)
		switch {
		case !f.Last:
		case x.state == upgraded:
			return to, x.socketHead()
		default:
			return to, x.readTrailers()
		}
		return to, More
	case !trailers && x.state != open:
		x.commit()
		return append(to, f), Headers
	}
	return append(to, f), More
}

// commit: the response holds more than a status.
func (x *Exchange) commit() {
	x.state = open
	if x.told != nil {
		x.told.Trailer = metadata.MD{} // it is the header
	}
}

// readTrailers reads the whole trailers frame. Its status wins over the head's
// (SEMANTICS 5.1); one without a status adds to what the head tells, and where no
// message came, to Trailers-Only.
func (x *Exchange) readTrailers() Reading {
	fields := wire.ParseTrailer(string(x.block))
	x.block = nil
	if st := tooMany(fields, "trailers frame"); st != nil {
		return x.fault(st)
	}
	if _, tells := fields.Lookup("grpc-status"); x.told != nil && !tells {
		x.told.Trailer.AppendAll(userMetadata(fields))
		x.whole = x.told
		return More
	}
	x.whole = withTrailer(statusOf(fields), fields)
	switch {
	case x.state != tentative:
		return More
	case x.FirstFrame:
		x.state = withheld
		return More
	}
	x.commit()
	return Headers
}

// next is the frame reader's, of what a chunk in text mode decodes to.
func (x *Exchange) next(chunk []byte, at int) (f wire.Fragment, next int, ok bool) {
	if !x.inText {
		return x.frames.Next(chunk, at)
	}
	n, next, ok := x.text.Decode(chunk, at, x.frames.Want())
	if !ok {
		x.fault(status.New(status.Internal, "the response's body holds "+text.Quote(string(chunk[next:next+1]))+
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
	switch {
	case size > limit:
		return x.fault(status.New(status.ResourceExhausted, "a response "+what+" is, inflated, larger than the limit of "+
			strconv.FormatInt(limit, 10)+" bytes"))
	case x.trailers:
		return x.readTrailers()
	}
	return More
}

// Damaged: the payload could not be inflated.
func (x *Exchange) Damaged(cause error) Reading {
	st := status.New(status.Internal, "a response frame that is marked as compressed with "+x.encoding+" could not be inflated: "+cause.Error())
	st.Cause = cause
	return x.fault(st)
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
	}
	x.deflated = x.deflated && f.Total > 0
	switch {
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

// tooMany refuses a block of fields, before anything is made of them.
func tooMany(fields metadata.MD, what string) *status.Status {
	if fields.Len() <= wire.MaxFields {
		return nil
	}
	return status.New(status.ResourceExhausted, "a response "+what+" of more than "+strconv.Itoa(wire.MaxFields)+
		" fields and values is larger than the limit")
}

func (x *Exchange) compressed() *status.Status {
	if x.unnamed = x.encoding == "" && !x.socket; x.unnamed {
		return status.New(status.Internal, "a response frame is marked as compressed, but the response names no grpc-encoding, or, "+
			"if the server is on another origin, does not expose it: Access-Control-Expose-Headers: grpc-encoding")
	}
	if x.encoding == "" || x.encoding == "identity" {
		return status.New(status.Internal, "a response frame is marked as compressed, but the response names no grpc-encoding")
	}
	return status.New(status.Internal, "the response is compressed with "+text.Quote(x.encoding)+
		", which is not known here: gzip is")
}

// refuse takes note of a frame that is not taken, by its prefix. A message that is
// not commits all the same; what is no frame does not, where the head has told of a
// failure.
func (x *Exchange) refuse(f wire.Fragment) {
	unknown := f.Flags&^(wire.FlagCompressed|wire.FlagTrailers) != 0
	x.refused = f.Flags&wire.FlagTrailers == 0 && x.state != upgraded && !(unknown && x.failed())
	if x.refused && x.state == tentative {
		x.commit()
	}
}

// failed: the head has told of a failure.
func (x *Exchange) failed() bool { return x.told != nil && x.told.Code != status.OK }

// fault ends an exchange whose body is wrong. A failure that the head has told of is
// not made another by that.
func (x *Exchange) fault(st *status.Status) Reading {
	if x.failed() && (x.whole == nil || x.whole == x.told) {
		st = x.told
	}
	return x.end(st)
}

// Settled is the status, once all of the trailers frame has come: what may still
// follow of the body is its end, or a mistake. Nil before that.
func (x *Exchange) Settled() *status.Status {
	if x.state == over || x.whole == nil {
		return nil
	}
	return x.headed(x.whole)
}

// Told is the failure that the head has told of, while nothing of a body has come
// that could tell another. Nil: there is none.
func (x *Exchange) Told() *status.Status {
	if x.state != tentative || !x.empty || !x.failed() {
		return nil
	}
	return x.headed(x.told)
}

// End reads the clean end of the body: the attempt's status.
func (x *Exchange) End() Reading {
	inside := x.frames.Inside() || x.text.Inside()
	switch {
	case x.state == over:
	case x.whole != nil:
		return x.end(x.whole)
	case x.told != nil && (x.failed() || !inside):
		return x.end(x.told)
	case inside:
		return x.end(status.New(status.Unavailable, "the response ended inside a frame: the connection or a proxy cut it short"))
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

// Unnamed reports whether the exchange has ended at a compressed frame for want of
// a grpc-encoding, as it does where CORS hides that.
func (x *Exchange) Unnamed() bool { return x.unnamed }

// Refused reports whether the exchange has ended at the prefix of a frame that is
// not taken, and that holds no trailers: a message that is too large, for one.
func (x *Exchange) Refused() bool { return x.refused }

// InTrailers reports whether the trailers frame has begun.
func (x *Exchange) InTrailers() bool { return x.trailers }

// TrailersAlone reports whether the exchange has come to its status with nothing
// but trailers in its body.
func (x *Exchange) TrailersAlone() bool { return x.trailers && (x.state == over || x.whole != nil) }

// Whole reports whether a status has come whole that stands if the body breaks off.
func (x *Exchange) Whole() bool {
	return x.state == over || x.whole != nil || x.failed() || x.told != nil && x.empty
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

// Close reads the closing of a WebSocket, by its code (RFC 6455, 7.4). A status
// that had arrived whole stands.
func (x *Exchange) Close(code int, reason string) Reading {
	if x.state == over || x.whole != nil || code == closedNormally || code == closedSilently {
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
	x.status = x.headed(st)
	x.header, x.state, x.block = st.Header, over, nil
	return Ended
}

// headed gives a status the header metadata. Of Trailers-Only that is none: all of
// it is in the trailer.
func (x *Exchange) headed(st *status.Status) *status.Status {
	st.Header = x.header
	if x.state == tentative && st == x.told {
		st.Header = metadata.MD{}
	}
	return st
}

// Status is how the exchange ended, once Ended was answered.
func (x *Exchange) Status() *status.Status { return x.status }
