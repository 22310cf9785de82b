package exchange

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// failed reports whether the head has told of a failure.
func (x *Exchange) failed() bool { return x.told != nil && x.told.Code != status.OK }

// fault ends an exchange whose body is invalid. If the head has a
// failure, that stays the status.
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

// Told returns the failure in the head, as long as nothing of the body has come that could
// replace it. Otherwise it returns nil.
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

// Whole reports whether a complete status has come, which is valid even if the body
// breaks off.
func (x *Exchange) Whole() bool {
	return x.state == over || x.whole != nil || x.failed() || x.told != nil && x.empty
}

// Came reports whether a status has come from the server, in the head or in trailers.
func (x *Exchange) Came() bool { return x.whole != nil || x.told != nil }

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
