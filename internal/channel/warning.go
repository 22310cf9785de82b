package channel

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
)

// Warning is what a Warn action of the call's machine tells of.
func (c *Call) Warning(w call.Warning) Warning {
	switch w {
	case warnCORS:
		allow := c.allowed()
		return Warning{
			Kind: "corsSuspected", Allow: allow, Expose: c.exposed(),
			Text: "attempts that carry " + AttemptsHeader + " come to no response from " + c.channel.base + ", while others do: its CORS answer " +
				"seems not to allow the header. Have the server answer with Access-Control-Allow-Headers: " + List(allow),
		}
	case warnStatusHidden:
		expose := c.exposed()
		return Warning{
			Kind: "statusHidden", Expose: expose,
			Text: "a response of " + c.method + " from " + c.channel.base + " was empty and showed no status: failures that the server sends in " +
				"headers cannot be read or retried, nor can it say when to try again. Have it answer with Access-Control-Expose-Headers: " +
				List(expose),
		}
	case warnRetryLost:
		return Warning{
			Kind: "retryLostToBodyTrailers",
			Text: "a failure of " + c.method + " was not tried again, though its policy says so: the server sent the status in the body, behind " +
				"response headers, and those commit a call. If such answers may be tried again, set the channel's headerCommit to \"firstFrame\"",
		}
	}
	return Warning{
		Kind: "halfDuplexStalled",
		Text: "a message of " + c.method + " has been waited for these 5 s, nothing has come, and the request is still open. Over fetch " +
			"a server's answer may not be seen before the request has ended: end the request's messages, or set a deadline",
	}
}

// List is header names as a header has them. (strings.Join would cost a browser a
// kilobyte.)
func List(names []string) string {
	text := ""
	for i, name := range names {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// explain warns of what may have kept a failed call from being tried again, once
// for each method.
func (c *Call) explain(id int) {
	a := c.attempt(id)
	switch {
	case a.Hidden() && c.channel.options.CrossOrigin && !c.of.hidden:
		c.of.hidden = true
		c.machine.Warn(warnStatusHidden)
	case a.messages == 0 && a.TrailersAlone() && c.machine.Reason() == status.ReasonResponseHeaders && c.repeats(a.Status().Code) && !c.of.lost:
		c.of.lost = true
		c.machine.Warn(warnRetryLost)
	}
}

// repeats reports whether the policy would have answered the code with another
// attempt.
func (c *Call) repeats(code status.Code) bool {
	switch config := c.of.config; {
	case !c.machine.MayRepeat(): // without a policy, no call may
		return false
	case config.Retry != nil:
		return config.Retry.RetryableStatusCodes.Has(code)
	default:
		return config.Hedging.NonFatalStatusCodes.Has(code)
	}
}
