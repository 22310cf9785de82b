package call

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
)

// Warning is what a Warn action of the call's machine tells of.
func (c *Call) Warning(w attempts.Warning) channel.Warning {
	switch w {
	case warnCORS:
		allow := c.allowed()
		return channel.Warning{
			Kind: "corsSuspected", Allow: allow, Expose: c.exposed(),
			Text: "attempts that carry " + channel.AttemptsHeader + " come to no response from " + c.channel.BaseURL() + ", while others do: its CORS answer " +
				"seems not to allow the header. Have the server answer with Access-Control-Allow-Headers: " + channel.List(allow),
		}
	case warnStatusHidden:
		expose := c.exposed()
		return channel.Warning{
			Kind: "statusHidden", Expose: expose,
			Text: "a response of " + c.path + " from " + c.channel.BaseURL() + " was empty and showed no status: failures that the server sends in " +
				"headers cannot be read or retried, nor can it say when to try again. Have it answer with Access-Control-Expose-Headers: " +
				channel.List(expose),
		}
	case warnRetryLost:
		return channel.Warning{
			Kind: "retryLostToBodyTrailers",
			Text: "a failure of " + c.path + " was not tried again, though its policy says so: the server sent the status in the body, behind " +
				"response headers, and those commit a call. If such answers may be tried again, set the channel's headerCommit to \"firstFrame\"",
		}
	}
	return channel.Warning{
		Kind: "halfDuplexStalled",
		Text: "a message of " + c.path + " has been waited for these 5 s, nothing has come, and the request is still open. Over fetch " +
			"a server's answer may not be seen before the request has ended: end the request's messages, or set a deadline",
	}
}

// explain warns of what may have kept a failed call from being tried again, once
// for each method.
func (c *Call) explain(id int) {
	a := c.attempt(id)
	switch {
	case a.Hidden() && c.channel.Options().CrossOrigin && !c.method.Hidden:
		c.method.Hidden = true
		c.machine.Warn(warnStatusHidden)
	case a.messages == 0 && a.TrailersAlone() && c.machine.Reason() == status.ReasonResponseHeaders && c.repeats(a.Status().Code) && !c.method.Lost:
		c.method.Lost = true
		c.machine.Warn(warnRetryLost)
	}
}

// repeats reports whether the policy would have answered the code with another
// attempt.
func (c *Call) repeats(code status.Code) bool {
	return c.machine.MayRepeat() && c.method.Config.Repeats(code)
}
