package call

import (
	"github.com/hedgerow-web/hedgerow/internal/text"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/exchange"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// The content types of requests, and those that responses are asked for in.
const (
	binaryType = "application/grpc-web"
	textType   = "application/grpc-web-text"
)

const (
	encodingHeader = "grpc-encoding"
	acceptHeader   = "grpc-accept-encoding"
)

// URL is where an attempt is sent.
//
//go:noinline
func (c *Call) URL(id int) string { return c.endpoint(id).BaseURL + c.path }

// endpoint is the one that an attempt is sent to.
//
//go:noinline
func (c *Call) endpoint(id int) *channel.Endpoint { return c.channel.Endpoint(c.machine.Endpoint(id)) }

// Endpoint is the index of the endpoint that an attempt is sent to.
func (c *Call) Endpoint(id int) int { return c.machine.Endpoint(id) }

// RequestHeader returns the header of an attempt that is sent now. Except for the
// attempts header, all calls of a method have the same fields, so that a browser's
// cached preflight holds for all of them.
func (c *Call) RequestHeader(now plan.Duration, id int) metadata.MD {
	var md metadata.MD
	c.AppendRequestHeader(&md, now, id)
	return md
}

// AppendRequestHeader is RequestHeader for a driver that has room for it.
func (c *Call) AppendRequestHeader(md *metadata.MD, now plan.Duration, id int) {
	o, parts := c.channel.Options(), c.parts(id)
	md.Grow(8 + parts[0].Len() + parts[1].Len() + parts[2].Len())
	if o.Text && !c.socket { // a WebSocket carries bytes
		md.Append("content-type", textType)
		md.Append("accept", textType)
	} else {
		md.Append("content-type", binaryType)
	}
	md.Append("x-grpc-web", "1")
	md.Append("x-user-agent", "grpc-web-hedgerow/"+channel.Version)
	if deadline := c.machine.Deadline(); deadline != plan.Never {
		md.Append("grpc-timeout", wire.FormatTimeout(int64(deadline-now)))
	}
	if o.SendGzip {
		md.Append(encodingHeader, exchange.Gzip)
	}
	if o.AcceptGzip {
		md.Append(acceptHeader, exchange.Gzip)
	}
	if c.sendsAttemptsHeader(id) {
		c.attempt(id).hasAttemptsHeader = true
		md.Append(channel.AttemptsHeader, text.Decimal(c.machine.Number(id)-1))
	}
	for _, part := range parts {
		for i := range part.Len() { // TinyGo would allocate what a loop over All changes
			if f := part.At(i); f.Name != channel.AttemptsHeader { // the number is counted here, not taken from the caller
				md.Append(f.Name, f.Value)
			}
		}
	}
}

// parts returns the metadata that the attempt carries, in order.
func (c *Call) parts(id int) [3]metadata.MD {
	return [...]metadata.MD{c.channel.Options().Metadata, c.attempt(id).metadata, c.metadata}
}
