package exchange

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// Feed splits the chunk, from offset at on, into fragments of messages, and appends them
// to the given slice up to its capacity. It returns the slice and the offset up to which
// it has read. If that is not the chunk's end, the caller feeds the rest, but must first
// do what Packed says. If Headers is returned, the call commits before the fragments are
// used. In text mode the decoded bytes are written over the chunk, and the fragments are
// parts of these.
func (x *Exchange) Feed(chunk []byte, at int, to []wire.Fragment) ([]wire.Fragment, int, Reading) {
	x.empty = x.empty && len(chunk) == 0
	if had := len(to); x.state == open && !x.inText && !x.trailers && !x.packed {
		to, at = x.frames.Whole(chunk, at, x.MaxMessage, to)
		x.deflated = x.deflated && len(to) == had
	}
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
	if f.Flags&wire.FlagTrailers != 0 {
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
