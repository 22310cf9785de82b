package call

import (
	"slices"

	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/attempts"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// The warnings of a call, in addition to the machine's own.
const (
	warnCORS attempts.Warning = attempts.FirstFree + iota
	warnStatusHidden
	warnEncodingHidden
	warnRetryLost
	warnRefreshLost
)

// Warning returns the text of a Warn action, which is about an attempt, for the developer.
func (c *Call) Warning(id int, w attempts.Warning) channel.Warning {
	switch w {
	case warnCORS:
		allow := c.allowed()
		return channel.Warning{
			Kind: "corsSuspected", Allow: allow, Expose: c.exposed(),
			Text: "attempts with the header " + channel.AttemptsHeader + " get no response from " + c.endpoint(id).BaseURL +
				", while others do: its CORS response seems not to allow the header. Have the server answer preflights with " +
				"Access-Control-Allow-Headers: " + text.List(allow),
		}
	case warnStatusHidden:
		expose := c.exposed()
		return channel.Warning{
			Kind: "statusHidden", Expose: expose,
			Text: "a response to " + c.path + " from " + c.endpoint(id).BaseURL + " was empty and showed no status: failures that the server " +
				"sends in headers cannot be read or retried, and its pushback cannot be heeded. Have the server answer with " +
				"Access-Control-Expose-Headers: " + text.List(expose),
		}
	case warnEncodingHidden:
		expose := c.exposed()
		if !slices.Contains(expose, encodingHeader) {
			expose = append(expose, encodingHeader)
		}
		return channel.Warning{
			Kind: "statusHidden", Expose: expose,
			Text: "a response to " + c.path + " from " + c.endpoint(id).BaseURL + " is compressed and shows no " + encodingHeader + ", without which it " +
				"cannot be read. Have the server answer with Access-Control-Expose-Headers: " + text.List(expose),
		}
	case warnRetryLost:
		return channel.Warning{
			Kind: "retryLostToBodyTrailers",
			Text: "a failure of " + c.path + " was not retried although its policy lists the status: the server sent the status in the body, " +
				"after response headers, and headers commit a call. If such responses may be retried, set the channel's headerCommit to \"firstFrame\"",
		}
	}
	if w == warnRefreshLost {
		return channel.Warning{
			Kind: "retryLostToBodyTrailers",
			Text: "credentials were not refreshed for " + c.path + " although they were refused: the server sent the status in the body, " +
				"after response headers, and headers commit a call. If such calls may be sent again, set the channel's headerCommit to \"firstFrame\"",
		}
	}
	return channel.Warning{
		Kind: "halfDuplexStalled",
		Text: "no message of " + c.path + " has come for " + text.Decimal(attempts.StallSeconds) + " s while the request is still open. Over fetch " +
			"a response may stay hidden until the request has ended: end the request's messages, or set a deadline",
	}
}

// explain warns about what may have kept a failed call from being retried, once for each
// method.
func (c *Call) explain(id int, st *status.Status) {
	a := c.attempt(id)
	switch {
	case a.Hidden() && c.endpoint(id).CrossOrigin && !c.method.Hidden:
		c.method.Hidden = true
		c.machine.Warn(id, warnStatusHidden)
	case a.Unnamed() && c.endpoint(id).CrossOrigin && !c.method.Hidden:
		c.method.Hidden = true
		c.machine.Warn(id, warnEncodingHidden)
	case a.messages > 0 || !a.TrailersAlone() || c.machine.Reason() != status.ReasonResponseHeaders || c.method.Lost:
	case c.machine.MayRefresh(st.Code):
		c.method.Lost = true
		c.machine.Warn(id, warnRefreshLost)
	case c.repeats(st.Code):
		c.method.Lost = true
		c.machine.Warn(id, warnRetryLost)
	}
}

// repeats reports whether the policy lists the code and allows one more attempt.
func (c *Call) repeats(code status.Code) bool {
	return c.machine.MayRepeat() && c.method.Config.Repeats(code)
}
