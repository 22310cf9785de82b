package channel

import (
	"strconv"
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/internal/call"
	"github.com/hedgerow-web/hedgerow/internal/exchange"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// AttemptsHeader tells the server, and in the answer the application, how many
// attempts were made before (gRFC A6).
const AttemptsHeader = "grpc-previous-rpc-attempts"

// What requests are sent as, and answers expected in.
const (
	binaryType = "application/grpc-web"
	textType   = "application/grpc-web-text"
)

const (
	encodingHeader = "grpc-encoding"
	acceptHeader   = "grpc-accept-encoding"
)

// URL is where the call's attempts are sent.
func (c *Call) URL() string { return c.channel.base + c.method }

// RequestHeader is the header of an attempt that is sent now. Which fields it
// has depends on the method alone, but for the attempts header, so that a
// browser's cached preflight keeps holding.
func (c *Call) RequestHeader(now call.Duration, id int) metadata.MD {
	o, parts := &c.channel.options, c.parts(id)
	var md metadata.MD
	md.Grow(8 + parts[0].Len() + parts[1].Len() + parts[2].Len())
	if o.Text && !c.socket { // which carries bytes
		md.Append("content-type", textType)
		md.Append("accept", textType)
	} else {
		md.Append("content-type", binaryType)
	}
	md.Append("x-grpc-web", "1")
	md.Append("x-user-agent", "grpc-web-hedgerow/"+Version)
	if deadline := c.machine.Deadline(); deadline != call.Never {
		md.Append("grpc-timeout", wire.FormatTimeout(int64(deadline-now)))
	}
	if o.SendGzip {
		md.Append(encodingHeader, exchange.Gzip)
	}
	if o.AcceptGzip {
		md.Append(acceptHeader, exchange.Gzip)
	}
	if c.marks(id) {
		c.attempt(id).marked = true
		md.Append(AttemptsHeader, strconv.Itoa(c.machine.Number(id)-1))
	}
	for _, part := range parts {
		for name, value := range part.All() {
			if name != AttemptsHeader { // the caller's own would be a lie
				md.Append(name, value)
			}
		}
	}
	return md
}

// parts are the metadata that the attempt carries, in their order.
func (c *Call) parts(id int) [3]metadata.MD {
	return [...]metadata.MD{c.channel.options.Metadata, c.attempt(id).metadata, c.metadata}
}

// checkMetadata refuses what a request may not carry: malformed fields, and
// those that belong to the protocol, to the transport, or to the browser.
func (o *Options) checkMetadata(md metadata.MD) error {
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
