// Package exchange reads the HTTP response of one attempt: from the head, the body's
// frames and the end it makes header metadata, messages and a status.
//
// It decides what kind of response it is (SEMANTICS 5.1). What that means for the call
// is decided in package call.
package exchange

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
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

// switchingProtocols is the HTTP status with which a WebSocket opens. A head with this
// status always stands for a WebSocket, because fetch returns only final statuses.
const switchingProtocols = 101

// Head reads the response head, in the order of SEMANTICS 5.1. The HTTP status 101 means
// that a WebSocket has opened: then the body begins with the head.
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
		return x.end(withTrailer(statusOfHead(fields), fields)) // The response was made by a proxy, and its body has no frames.
	case told: // grpc-status takes precedence over the HTTP status.
		x.told = withTrailer(statusOfHead(fields), fields)
		x.begin(tentative, fields)
		return More
	case redirects(httpStatus):
		x.redirect = true
		return x.end(withTrailer(redirected(httpStatus), fields))
	case httpStatus != 200:
		return x.end(withTrailer(fromHTTP(httpStatus), fields))
	case foreign != nil:
		return x.end(withTrailer(foreign, fields))
	}
	return x.headers(fields)
}

// Redirect reads a response of which only one thing is told: that it is a redirect
// (SEMANTICS 5.3i).
func (x *Exchange) Redirect() Reading {
	x.redirect = true
	return x.end(redirected(0))
}

// Redirected reports whether the response is a redirect.
func (x *Exchange) Redirected() bool { return x.redirect }

// socketHead reads the head that came as a WebSocket's first frame.
func (x *Exchange) socketHead(block string) Reading {
	fields := wire.ParseTrailer(block)
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

// begin prepares for the frames of a body.
func (x *Exchange) begin(s state, fields metadata.MD) {
	x.state, x.encoding, x.header = s, wire.LowerASCII(fields.Get("grpc-encoding")), userMetadata(fields)
}

// Header returns the header metadata. It is known once Headers was returned.
func (x *Exchange) Header() metadata.MD { return x.header }

// Feed splits the chunk, from offset at on, into fragments of messages, and appends them
// to the given slice up to its capacity. It returns the slice and the offset up to which
// it has read. If that is not the chunk's end, the caller feeds the rest, but must first
// do what Packed says. If Headers is returned, the call commits before the fragments are
// used. In text mode the decoded bytes are written over the chunk, and the fragments are
// parts of these.
func (x *Exchange) Feed(chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int, Reading) {
	x.empty = x.empty && len(chunk) == 0
	for len(to) < cap(to) && !x.packed {
		at = x.skipPadding(chunk, at)
		if x.trailers && x.frames.Left() == 0 && at < len(chunk) {
			return to, at, x.fault(status.New(status.Internal, "the response has more data after its trailers frame, which must be the last"))
		}
		f, next, ok := x.next(chunk, at)
		at = next
		if x.state == over { // Something in the text is not base64.
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

// take keeps a fragment of the trailers, and appends any other.
func (x *Exchange) take(chunk []byte, f wire.Fragment, to []wire.Fragment) ([]wire.Fragment, Reading) {
	trailers := f.Flags&wire.FlagTrailers != 0
	x.trailers = trailers && x.state != upgraded
	if !x.deflated {
		f.Flags &^= wire.FlagCompressed // An empty payload may have the flag, but cannot be inflated.
	}
	switch x.packed = x.deflated && f.Last; {
	case trailers && !x.deflated:
		part := chunk[f.Offset : f.Offset+f.Length]
		if !f.Last {
			x.block = append(x.block, part...)
			return to, More
		}
		block := string(part) // as a rule it comes in one piece
		if len(x.block) > 0 {
			block = string(x.block) + block
			x.block = nil
		}
		if x.state == upgraded {
			return to, x.socketHead(block)
		}
		return to, x.readTrailers(block)
	case !trailers && x.state != open:
		x.commit()
		return append(to, f), Headers
	}
	return append(to, f), More
}

// commit makes Response-Headers of a head that has a status, because the response has
// more than a status.
func (x *Exchange) commit() {
	x.state = open
	if x.told != nil {
		x.told.Trailer = metadata.MD{} // The head's fields are now the header metadata.
	}
}

// readTrailers reads the whole trailers frame. Its status takes precedence over that of
// the head (SEMANTICS 5.1b). A frame without a status adds its fields to the trailer of
// the head's status; if no message came, the response is still Trailers-Only.
func (x *Exchange) readTrailers(block string) Reading {
	fields := wire.ParseTrailer(block)
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

// next is Next of the frame reader; in text mode it first decodes the chunk, as far as
// the reader needs it.
func (x *Exchange) next(chunk []byte, at int) (f wire.Fragment, next int, ok bool) {
	if !x.inText {
		return x.frames.Next(chunk, at)
	}
	n, next, ok := x.text.Decode(chunk, at, x.frames.Want())
	if !ok {
		x.fault(status.New(status.Internal, "the response's body has "+text.Quote(string(chunk[next:next+1]))+
			" where base64 is expected: it was damaged on the way"))
		return f, next, false
	}
	f, _, ok = x.frames.Next(chunk[:at+n], at)
	return f, next, ok
}

// skipPadding passes over the rest of the padding after the last byte.
func (x *Exchange) skipPadding(chunk []byte, at int) int {
	if x.inText {
		_, at, _ = x.text.Decode(chunk, at, 0)
	}
	return at
}

// InText reports whether the body is base64, so that Feed writes over its chunks.
func (x *Exchange) InText() bool { return x.inText }

// Skip passes over n bytes of the current message, which the driver has taken without
// feeding them.
func (x *Exchange) Skip(n int) {
	x.frames.Skip(n)
	x.packed = x.deflated && x.frames.Left() == 0
}

// Left returns how many bytes of the current message are still to come.
func (x *Exchange) Left() int64 { return x.frames.Left() }

// Packed reports whether the last fragment ended a compressed payload. If so, the driver
// inflates the payload, up to one byte more than the limit, and calls Inflated or Damaged
// before it feeds more.
func (x *Exchange) Packed() (limit int64, packed bool) {
	if x.trailers {
		return maxTrailer, x.packed
	}
	return x.MaxMessage, x.packed
}

// Inflated tells the length of the payload that was inflated. If it is the trailers
// frame, it is passed too.
func (x *Exchange) Inflated(size int64, trailers []byte) Reading {
	x.packed = false
	what, limit := "message", x.MaxMessage
	if x.trailers {
		what, limit = "trailers frame", maxTrailer
	}
	switch {
	case size > limit:
		return x.fault(status.New(status.ResourceExhausted, "a response "+what+", when inflated, is larger than the limit of "+
			text.Decimal(limit)+" bytes"))
	case x.trailers:
		return x.readTrailers(string(trailers))
	}
	return More
}

// Damaged tells that the payload could not be inflated.
func (x *Exchange) Damaged(cause error) Reading {
	st := status.New(status.Internal, "a response frame that is marked as compressed with "+x.encoding+" could not be inflated: "+cause.Error())
	st.Cause = cause
	return x.fault(st)
}

// check refuses invalid frames and frames that are too large, by their prefix, before
// anything of them is kept (SEMANTICS 5.2a, 5.2f).
func (x *Exchange) check(f wire.Fragment) *status.Status {
	if !f.First {
		return nil
	}
	x.deflated = f.Flags&wire.FlagCompressed != 0
	switch {
	case f.Flags&^(wire.FlagCompressed|wire.FlagTrailers) != 0:
		return status.New(status.Internal, "a response frame has the unknown flag byte "+text.Decimal(int(f.Flags))+
			": this is not a gRPC-Web body, or it was damaged on the way")
	case x.state == upgraded && f.Flags != wire.FlagTrailers:
		return status.New(status.Internal, "the WebSocket's first frame is not the response's head: "+
			"the server does not speak the protocol grpc-websockets")
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

// Gzip is the only grpc-encoding, beside identity, that is supported. It is read even if
// it was not requested, because servers answer in the encoding of the request.
const Gzip = "gzip"

// maxTrailer bounds the trailers frame, which is kept in memory. It is more than any HTTP
// server allows a header block to have by default.
const maxTrailer = 1 << 20

func tooLarge(what string, size, limit int64) *status.Status {
	if size <= limit {
		return nil
	}
	return status.New(status.ResourceExhausted, "a response "+what+" of "+text.Decimal(size)+
		" bytes is larger than the limit of "+text.Decimal(limit))
}

// tooMany refuses a block of fields, before anything is made of them.
func tooMany(fields metadata.MD, what string) *status.Status {
	if fields.Len() <= wire.MaxFields {
		return nil
	}
	return status.New(status.ResourceExhausted, "a response "+what+" of more than "+text.Decimal(wire.MaxFields)+
		" fields and values is larger than the limit")
}

func (x *Exchange) compressed() *status.Status {
	if x.unnamed = x.encoding == "" && !x.socket; x.unnamed {
		return status.New(status.Internal, "a response frame is marked as compressed, but the response names no grpc-encoding. "+
			"If the server is on another origin, it must expose it: Access-Control-Expose-Headers: grpc-encoding")
	}
	if x.encoding == "" || x.encoding == "identity" {
		return status.New(status.Internal, "a response frame is marked as compressed, but the response names no grpc-encoding")
	}
	return status.New(status.Internal, "the response is compressed with "+text.Quote(x.encoding)+
		", which is not supported: only gzip is")
}

// refuse notes that a frame was refused by its prefix. A message that is refused commits
// the attempt all the same. Bytes that are not a frame do not, if the head has told of a
// failure.
func (x *Exchange) refuse(f wire.Fragment) {
	unknown := f.Flags&^(wire.FlagCompressed|wire.FlagTrailers) != 0
	x.refused = f.Flags&wire.FlagTrailers == 0 && x.state != upgraded && !(unknown && x.failed())
	if x.refused && x.state == tentative {
		x.commit()
	}
}

// failed reports whether the head has told of a failure.
func (x *Exchange) failed() bool { return x.told != nil && x.told.Code != status.OK }

// fault ends an exchange whose body is invalid. A failure of which the head has told
// stays the status.
func (x *Exchange) fault(st *status.Status) Reading {
	if x.failed() && (x.whole == nil || x.whole == x.told) {
		st = x.told
	}
	return x.end(st)
}

// Settled returns the status once the whole trailers frame has come, and nil before. What
// may still follow in the body is its end, or an error.
func (x *Exchange) Settled() *status.Status {
	if x.state == over || x.whole == nil {
		return nil
	}
	return x.headed(x.whole)
}

// Told returns the failure of which the head has told, as long as nothing of the body has
// come that could tell of another. Else it returns nil.
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

// StatusFields are the response headers that describe a status. A server on another
// origin must expose them (SEMANTICS 5.5b).
var StatusFields = []string{"grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-retry-pushback-ms"}

// hiddenText explains an empty response with HTTP status 200. A Trailers-Only response
// looks like that if CORS hides its headers (scenario 101).
func hiddenText() string {
	return "the response was empty and showed no grpc-status. Either it was cut short, or the server is on another origin and must " +
		"expose the status: Access-Control-Expose-Headers: " + text.List(StatusFields)
}

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

// Whole reports whether a complete status has come, which is valid even if the body
// breaks off.
func (x *Exchange) Whole() bool {
	return x.state == over || x.whole != nil || x.failed() || x.told != nil && x.empty
}

// Break tells that the body failed because the connection was lost. A complete status
// that has come is still valid.
func (x *Exchange) Break(cause error) Reading {
	if x.Whole() {
		return x.End()
	}
	st := status.New(status.Unavailable, "the connection was lost while the response was read: "+cause.Error())
	st.Cause = cause
	return x.end(st)
}

// Close tells that a WebSocket was closed, and with which code (RFC 6455, 7.4). A complete
// status that has come is still valid.
func (x *Exchange) Close(code int, reason string) Reading {
	if x.state == over || x.whole != nil || code == closedNormally || code == closedSilently {
		return x.End()
	}
	message := "the server closed the WebSocket with code " + text.Decimal(code)
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

// headed sets the header metadata of a status. Trailers-Only has none, because all of its
// metadata is in the trailer.
func (x *Exchange) headed(st *status.Status) *status.Status {
	st.Header = x.header
	if x.state == tentative && st == x.told {
		st.Header = metadata.MD{}
	}
	return st
}

// Status returns the status of the exchange. It is known once Ended was returned.
func (x *Exchange) Status() *status.Status { return x.status }
