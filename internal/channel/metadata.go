package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// AttemptsHeader tells the server how many attempts were made before this one (gRFC A6).
// In a response it tells the application.
const AttemptsHeader = "grpc-previous-rpc-attempts"

// CheckMetadata refuses fields that a request must not carry: malformed ones, and those
// that the protocol, the transport or the browser sets.
func (o *Options) CheckMetadata(md metadata.MD) error {
	if err := md.Validate(); err != nil {
		return err
	}
	for i := range md.Len() {
		name := md.At(i).Name
		if reserved(name) && name != AttemptsHeader || o.Page && forbidden(name) {
			return &metadata.FieldError{Name: name, Reason: "the name is reserved: Hedgerow or the browser sets it"}
		}
	}
	return nil
}

// forbidden reports whether a browser's fetch silently drops a header with this name,
// which is not reserved (the Fetch standard's forbidden request-headers). Elsewhere
// such a header is sent like any other.
func forbidden(name string) bool {
	switch name {
	case "accept-charset", "access-control-request-headers", "access-control-request-method",
		"cookie", "cookie2", "date", "dnt", "origin", "referer", "set-cookie", "via":
		return true
	}
	return strings.HasPrefix(name, "proxy-") || strings.HasPrefix(name, "sec-")
}

func reserved(name string) bool {
	switch name {
	case "accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host", "keep-alive",
		"te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-grpc-web", "x-user-agent":
		return true
	}
	return strings.HasPrefix(name, "grpc-")
}
