package call

import (
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/exchange"
)

// sendsAttemptsHeader reports whether the attempt's request has the attempts header, which
// says how many attempts were made before it.
func (c *Call) sendsAttemptsHeader(id int) bool {
	switch c.channel.Options().AttemptHeader {
	case channel.AttemptHeaderAuto:
		return c.machine.Number(id) > 1 && id != c.trial && !c.endpoint(id).Origin.Refuses
	case channel.AttemptHeaderAlways:
		return c.machine.Number(id) > 1
	}
	return false
}

// seemsBlockedByCORS reports whether an attempt may have got no response because CORS does
// not allow its attempts header: the server has answered attempts without the header, and
// never one with it.
func (c *Call) seemsBlockedByCORS(id int) bool {
	o := c.endpoint(id).Origin
	return c.endpoint(id).CrossOrigin && !c.socket && c.attempt(id).hasAttemptsHeader && !o.Allows && o.Answers
}

// triesWithoutHeader decides to send an attempt that seems to be blocked by CORS once more,
// at once and without the header: a trial. The browser did not send the first one, so
// nothing is counted (SEMANTICS 5.5d). If the trial gets no response either, the network
// was the cause, and the origin must answer something before there is another trial. Only
// a call that keeps its request can make one.
func (c *Call) triesWithoutHeader(id int) bool {
	if c.channel.Options().AttemptHeader != channel.AttemptHeaderAuto || !c.machine.Replays() || !c.maySendAgain() || !c.seemsBlockedByCORS(id) {
		return false
	}
	c.endpoint(id).Origin.Answers = false
	c.machine.Stay()
	c.trial = c.machine.Attempts() // the index of the next attempt
	return true
}

// maySendAgain reports whether the policy lets the method run again when nobody knows
// what became of an attempt. As far as the client can see, the server may have run an
// attempt that it did not answer.
func (c *Call) maySendAgain() bool {
	retry := c.method.Config.Retry
	return retry == nil || retry.RetryableStatusCodes.Has(status.Unavailable)
}

// noteAnswer notes what a response shows about the origin. A WebSocket that opens shows
// nothing, because CORS does not apply to WebSockets.
func (c *Call) noteAnswer(id int) {
	switch o := c.endpoint(id).Origin; {
	case c.socket:
	case c.attempt(id).hasAttemptsHeader: // the header is allowed; if an earlier trial was answered, the attempt before it had failed because of the network after all
		o.Allows, o.Refuses = true, false
	case id > 0 && id == c.trial && !o.Allows:
		o.Refuses = true
		c.warnCORSOnce(id)
	default:
		o.Answers = true
	}
}

// warnCORSOnce warns of the origin's CORS response, once for each origin.
func (c *Call) warnCORSOnce(id int) {
	if o := c.endpoint(id).Origin; !o.Warned {
		o.Warned = true
		c.machine.Warn(id, warnCORS)
	}
}

// exposed are the response headers that a server on another origin must expose to
// pages (SEMANTICS 5.5a).
func (c *Call) exposed() []string {
	names := exchange.StatusFields
	if o := c.channel.Options(); o.SendGzip || o.AcceptGzip {
		names = append(slices.Clone(names), encodingHeader)
	}
	return names
}

// allowed are the request headers that a server on another origin must allow pages to
// send, for this call and for others of its channel (SEMANTICS 5.5a).
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
