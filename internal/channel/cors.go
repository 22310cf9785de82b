package channel

import (
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
)

// AttemptHeader is when grpc-previous-rpc-attempts is sent. Only further attempts
// have it, so that a server on another origin may let the first one pass and have
// the browser refuse the others unsent, which looks like a dead network.
type AttemptHeader uint8

// The modes (SEMANTICS 5.5).
const (
	AttemptHeaderAuto   AttemptHeader = iota // but no more to an origin that seems to refuse it
	AttemptHeaderAlways                      // whatever comes of it
	AttemptHeaderNever
)

// Origin is what its calls have shown of an origin's CORS answers. Channels of the
// same origin may share it.
type Origin struct {
	allows  bool // an attempt with the header was answered
	refuses bool // one was not, though the server was there: it is not sent any more
	warned  bool
}

// Warnings of a call, beside the machine's own.
const (
	warnCORS call.Warning = call.FirstFree + iota
	warnStatusHidden
	warnRetryLost
)

// marks reports whether the attempt carries how many were made before it.
func (c *Call) marks(id int) bool {
	return c.machine.Number(id) > 1 && !c.channel.origin.refuses && c.channel.options.AttemptHeader != AttemptHeaderNever
}

// blocked reports whether an attempt that came to no response may have been refused
// for its header: an earlier one, which had none, was answered, and no attempt that
// had it ever was.
func (c *Call) blocked(id int) bool {
	return c.channel.options.CrossOrigin && !c.socket && c.attempt(id).marked && !c.channel.origin.allows && c.answered()
}

// answered reports whether some attempt of the call got an HTTP response.
func (c *Call) answered() bool {
	return slices.ContainsFunc(c.machine.Records(), func(r status.AttemptRecord) bool { return r.HTTPStatus != status.None })
}

// retriesUnmarked has an attempt that seems blocked made again at once, without the
// header; once for each origin. It was never sent, so that nothing is counted. The
// driver must still have the request.
func (c *Call) retriesUnmarked(id int) bool {
	o := c.channel.origin
	if c.channel.options.AttemptHeader != AttemptHeaderAuto || o.refuses || !c.machine.Replays() || !c.blocked(id) {
		return false
	}
	o.refuses = true
	return true
}

// heard learns from a response that the attempt got.
func (c *Call) heard(id int) {
	switch o := c.channel.origin; {
	case c.attempt(id).marked:
		o.allows = true
	case o.refuses && c.machine.Number(id) > 1:
		c.warnOnce(warnCORS)
	}
}

// warnOnce warns of the origin's CORS answers, one time.
func (c *Call) warnOnce(w call.Warning) {
	if o := c.channel.origin; !o.warned {
		o.warned = true
		c.machine.Warn(w)
	}
}

// exposed are the response headers that a server on another origin must let pages
// see (SEMANTICS 5.5).
var exposed = []string{"grpc-status", "grpc-message", "grpc-status-details-bin", call.PushbackHeader}

// allowed are the request headers that it must let pages send, for this call and
// for others of its channel.
func (c *Call) allowed() []string {
	o := &c.channel.options
	names := []string{"content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", AttemptsHeader}
	if o.SendGzip {
		names = append(names, encodingHeader)
	}
	if o.AcceptGzip {
		names = append(names, acceptHeader)
	}
	for id := range c.exchanges {
		for _, part := range c.parts(id) {
			for name := range part.All() {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}
