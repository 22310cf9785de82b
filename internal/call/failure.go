package call

import (
	"strings"

	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/plan"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/text"
)

// Failure is how an attempt failed on this side of the network.
type Failure uint8

// The ways in which an attempt fails.
const (
	NoResponse     Failure = iota // the network failed, or something that a browser reports in the same way
	AbortedByHost                 // something other than this client ended the exchange, such as the user leaving the page, or a service worker
	InvalidRequest                // no request could be made, for example because fetch refuses the URL
	BadPayload                    // a payload that is marked as compressed could not be inflated
	NotResponse                   // what fetch returned is not a response, or cannot be read as one
	Redirected                    // the response is a redirect, and the browser says nothing else about it
	Forbidden                     // the page's Content-Security-Policy forbids the request; the cause names the directive
)

// Failed reports that an attempt got no response head, or that something other than the
// client and the server ended it at any stage. The server is not to blame for the latter,
// so it takes no throttle token and is never retried, whatever codes the policy lists
// (SEMANTICS 2.9d, 5.3b). The same is true of a request that is known not to have been sent
// (5.3d), of a response that cannot be read (5.3h), and of a redirect (5.3i).
func (c *Call) Failed(now plan.Duration, id int, how Failure, p plan.Progress, cause error) {
	if !c.machine.Live(id) {
		return
	}
	var st *status.Status
	switch how {
	case AbortedByHost:
		if c.attempt(id).Whole() { // the status had come whole, so it stands
			c.Break(now, id, cause)
			return
		}
		st = status.New(status.Canceled, "the request was ended by something other than this client: "+cause.Error())
		st.Header, p = c.given(id), plan.Dropped
	case BadPayload:
		c.damaged(now, id, cause)
		return
	case Redirected:
		c.noteAnswer(id)
		c.react(now, id, c.attempt(id).Redirect())
		return
	case InvalidRequest, NotResponse, Forbidden:
		c.machine.Broken(now, id, caused(status.New(status.Internal, c.brokenText(id, how, cause)), cause))
		return
	default:
		st = status.New(status.Unavailable, c.noResponseText(id, cause))
		switch {
		case now >= c.machine.Deadline(): // the call ends now, so there is no trial
		case c.triesWithoutHeader(id):
			p = plan.NotSent // the browser asked the server with a preflight, and did not send the request
		case c.seemsBlockedByCORS(id) && c.maySendAgain():
			c.warnCORSOnce(id)
		}
	}
	c.machine.Ended(now, id, plan.Outcome{Status: caused(st, cause), Pushback: plan.NoPushback, Progress: p})
}

// given returns the attempt's header metadata if the application has it already.
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
func (c *Call) brokenText(id int, how Failure, cause error) string {
	why := cause.Error()
	switch how {
	case NotResponse:
		return "the response to POST " + c.URL(id) + " cannot be read: " + why
	case Forbidden:
		return "the page's Content-Security-Policy forbids requests to " + c.URL(id) + ": allow its origin in the directive " + why
	}
	message := "no request can be made to " + c.URL(id) + ": " + why
	if strings.Contains(why, "AbortSignal") {
		message = text.Clause(message) + ". fetch does not know the signals of the global AbortController, as happens where a test environment brings a DOM of " +
			"its own: run such tests in an environment without one, or give the channel a fetch that takes its signals"
	}
	return message
}

// noResponseText says what was tried and what to check. A browser reports all of
// these faults as one and the same error, so the text names each of them.
func (c *Call) noResponseText(id int, cause error) string {
	if c.socket {
		return "no WebSocket could be opened for " + c.URL(id) + ": " + text.Clause(cause.Error()) + ". Check that the server is running and reachable, " +
			"that it accepts gRPC-Web over WebSockets (the improbable wrapper does with WithWebsockets(true)), and that it allows the page's " +
			"origin there (WithWebsocketOriginFunc)"
	}
	message := "no response from POST " + c.URL(id) + ": " + text.Clause(cause.Error()) + ". Check that the server is running and reachable"
	if c.endpoint(id).CrossOrigin {
		message += "; it is on another origin than the page, so also check its CORS response, which must not be a redirect, as to the login page " +
			"of a session that has ended, and must allow the page's origin and the headers " + text.List(c.allowed())
	}
	if c.seemsBlockedByCORS(id) {
		message += ". The server answers attempts without the header " + channel.AttemptsHeader + ", so that may be the one it does not allow"
	}
	return message
}
