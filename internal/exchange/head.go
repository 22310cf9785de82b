package exchange

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
	"github.com/hedgerow-web/hedgerow/internal/wire"
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

// Redirect reads a response about which only one thing is known: that it is a redirect
// (SEMANTICS 5.3i).
func (x *Exchange) Redirect() Reading {
	x.redirect = true
	return x.end(redirected(0))
}

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

// tooMany refuses a block of fields, before anything is made of them.
func tooMany(fields metadata.MD, what string) *status.Status {
	if fields.Len() <= wire.MaxFields {
		return nil
	}
	return status.New(status.ResourceExhausted, "a response "+what+" of more than "+text.Decimal(wire.MaxFields)+
		" fields and values is larger than the limit")
}
