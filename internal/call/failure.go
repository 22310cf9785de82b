package call

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Failure is how an attempt failed on this side of the network.
type Failure uint8

// The ways in which an attempt fails.
const (
	NoResponse    Failure = iota // the network failed, or something that a browser reports in the same way
	AbortedByHost                // something other than this client ended the exchange: a page that is left, a service worker
	NotRequest                   // no request could be made of it at all
	BadPayload                   // a payload that is marked as compressed could not be inflated
	NotResponse                  // what fetch returned is not a response, or cannot be read as one
	Redirected                   // the response is a redirect, and a browser tells nothing else of it
	Forbidden                    // the page's Content-Security-Policy forbids the request; the cause names the directive
)

// Failed reports that an attempt got no response head, or that something other than
// client and server ended it at any stage. The latter is not the server's failure: it
// takes no throttle token and is never retried, whatever codes the policy lists
// (SEMANTICS 2.9d, 5.3b). Neither is what is known not to have been sent (5.3d), nor a
// response that cannot be read (5.3h), nor a redirect (5.3i).
func (c *Call) Failed(now plan.Duration, id int, how Failure, p plan.Progress, cause error) {
	if !c.machine.Live(id) {
		return
	}
	var st *status.Status
	switch how {
	case AbortedByHost:
		if c.attempt(id).Whole() { // the status had come: it stands
			c.Break(now, id, cause)
			return
		}
		st = status.New(status.Canceled, "the request was ended by something other than this client: "+cause.Error())
		st.Header, p = c.given(id), plan.Dropped
	case BadPayload:
		c.damaged(now, id, cause)
		return
	case Redirected:
		c.heard(id)
		c.react(now, id, c.attempt(id).Redirect())
		return
	case NotRequest, NotResponse, Forbidden:
		c.Fail(now, caused(status.New(status.Internal, c.brokenText(how, cause)), cause))
		return
	default:
		st = status.New(status.Unavailable, c.noResponseText(id, cause))
		switch {
		case now >= c.machine.Deadline(): // the call ends now: nothing is tried, and nothing learned
		case c.triesUnmarked(id):
			p = plan.NotSent // the browser asked the server with a preflight, and did not send the request
		case c.blocked(id) && c.maySendAgain():
			c.warnCORSOnce()
		}
	}
	c.machine.Ended(now, id, plan.Outcome{Status: caused(st, cause), Pushback: plan.NoPushback, Progress: p})
}

// given is the header metadata of an attempt that the application already has.
func (c *Call) given(id int) metadata.MD {
	if at, ok := c.machine.Committed(); ok && at == id && c.machine.Headed() {
		return c.attempt(id).Header()
	}
	return metadata.MD{}
}

func caused(st *status.Status, cause error) *status.Status {
	st.Cause = cause
	return st
}

// brokenText says what is wrong on this side.
func (c *Call) brokenText(how Failure, cause error) string {
	why := cause.Error()
	switch how {
	case NotResponse:
		return "the response to POST " + c.URL() + " cannot be read: " + why
	case Forbidden:
		return "the page's Content-Security-Policy forbids requests to " + c.URL() + ": allow its origin in the directive " + why
	}
	message := "no request can be made to " + c.URL() + ": " + why
	if strings.Contains(why, "AbortSignal") {
		message += ". fetch does not know the signals of the global AbortController, as happens where a test environment brings a DOM of " +
			"its own: run such tests in an environment without one, or give the channel a fetch that takes its signals"
	}
	return message
}

// noResponseText says what was tried and what to check. A browser reports all of
// these faults as one and the same error, so the text names each of them.
func (c *Call) noResponseText(id int, cause error) string {
	if c.socket {
		return "no WebSocket could be opened for " + c.URL() + ": " + cause.Error() + ". Check that the server is running and reachable, " +
			"that it accepts gRPC-Web over WebSockets (the improbable wrapper does with WithWebsockets(true)), and that it allows the page's " +
			"origin there (WithWebsocketOriginFunc)"
	}
	message := "no response from POST " + c.URL() + ": " + cause.Error() + ". Check that the server is running and reachable"
	if c.channel.Options().CrossOrigin {
		message += "; it is on another origin than the page, so also check its CORS response, which must not be a redirect, as to the login page " +
			"of a session that has ended, and must allow the page's origin and the headers " + text.List(c.allowed())
	}
	if c.blocked(id) {
		message += ". The server answers attempts without the header " + channel.AttemptsHeader + ", so that may be the one it does not allow"
	}
	return message
}
