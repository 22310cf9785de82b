package call

import (
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Warnings of a call, beside the machine's own.
const (
	warnCORS attempts.Warning = attempts.FirstFree + iota
	warnStatusHidden
	warnRetryLost
)

// marks reports whether the attempt carries how many were made before it.
func (c *Call) marks(id int) bool {
	switch c.channel.Options().AttemptHeader {
	case channel.AttemptHeaderAuto:
		return c.machine.Number(id) > 1 && id != c.trial && !c.channel.Origin().Refuses
	case channel.AttemptHeaderAlways:
		return c.machine.Number(id) > 1
	}
	return false
}

// blocked reports whether an attempt that came to no response may have been refused
// for its header: the server answers others, and never one that had it.
func (c *Call) blocked(id int) bool {
	o := c.channel.Origin()
	return c.channel.Options().CrossOrigin && !c.socket && c.attempt(id).marked && !o.Allows && o.Answers
}

// triesUnmarked has an attempt that seems blocked made again at once, without the
// header. It was never sent, so that nothing is counted. Where that gets no answer
// either, it was the network: then the origin must answer something before there is
// another trial. The driver must still have the request.
func (c *Call) triesUnmarked(id int) bool {
	if c.channel.Options().AttemptHeader != channel.AttemptHeaderAuto || !c.machine.Replays() || !c.maySendAgain() || !c.blocked(id) {
		return false
	}
	c.channel.Origin().Answers = false
	c.trial = c.machine.Attempts() // the index of the next one
	return true
}

// maySendAgain: the policy lets the method run again where nobody knows what became
// of it. For all that can be seen, the server may have run what was not answered.
func (c *Call) maySendAgain() bool {
	retry := c.method.Config.Retry
	return retry == nil || retry.RetryableStatusCodes.Has(status.Unavailable)
}

// heard learns from a response that the attempt got. That a WebSocket opened shows
// nothing: CORS is not asked for it.
func (c *Call) heard(id int) {
	switch o := c.channel.Origin(); {
	case c.socket:
	case c.attempt(id).marked: // if a trial was answered before, it was the network all the same
		o.Allows, o.Refuses = true, false
	case id > 0 && id == c.trial && !o.Allows:
		o.Refuses = true
		c.warnCORSOnce()
	default:
		o.Answers = true
	}
}

// warnCORSOnce warns of the origin's CORS answers, one time.
func (c *Call) warnCORSOnce() {
	if o := c.channel.Origin(); !o.Warned {
		o.Warned = true
		c.machine.Warn(warnCORS)
	}
}

// exposed are the response headers that a server on another origin must let pages
// see (SEMANTICS 5.5a).
func (c *Call) exposed() []string {
	names := []string{"grpc-status", "grpc-message", "grpc-status-details-bin", plan.PushbackHeader}
	if o := c.channel.Options(); o.SendGzip || o.AcceptGzip {
		names = append(names, encodingHeader)
	}
	return names
}

// allowed are the request headers that it must let pages send, for this call and
// for others of its channel.
func (c *Call) allowed() []string {
	o := c.channel.Options()
	names := []string{"content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", channel.AttemptsHeader}
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
