package channel

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
)

// AttemptsHeader tells the server, and in the answer the application, how many
// attempts were made before (gRFC A6).
const AttemptsHeader = "grpc-previous-rpc-attempts"

// CheckMetadata refuses what a request may not carry: malformed fields, and
// those that belong to the protocol, to the transport, or to the browser.
func (o *Options) CheckMetadata(md metadata.MD) error {
	if err := md.Validate(); err != nil {
		return err
	}
	for name := range md.All() {
		if reserved(name) && name != AttemptsHeader || o.Page && forbidden(name) {
			return &metadata.FieldError{Name: name, Reason: "the name is reserved: Hedgerow or the browser sets it"}
		}
	}
	return nil
}

// forbidden are the names, beside the reserved ones, that a browser's fetch drops
// without a word (forbidden request-headers of the Fetch standard). Elsewhere they
// are as good as any.
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
	return len(name) > 5 && name[:5] == "grpc-"
}
