package call

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/channel"
	"github.com/hedgerow-web/hedgerow/internal/plan"
)

// Failure is how an attempt failed on this side of the server.
type Failure uint8

// The ways.
const (
	NoResponse    Failure = iota // the network, or what a browser shows as such
	AbortedByHost                // something other than this client ended it, at any stage: a page that is left, a service worker
	NotRequest                   // it could not be made into a request at all
	BadPayload                   // what is marked as compressed could not be inflated
)

// Failed: an attempt came to no response head, or something else than client
// and server ended it. That is no failure of the server's: it takes no token and
// is not tried again, whatever the policy lists (SEMANTICS 2.9d, 5.3b).
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
		st = status.New(status.Canceled, "the request was ended by something else than this client: "+cause.Error())
		st.Header, p = c.given(id), plan.Dropped
	case BadPayload:
		c.damaged(now, id, cause)
		return
	case NotRequest:
		c.Fail(now, caused(status.New(status.Internal, "no request can be made to "+c.URL()+": "+cause.Error()), cause))
		return
	default:
		st = status.New(status.Unavailable, c.noResponseText(id, cause))
		switch {
		case now >= c.machine.Deadline(): // the call ends now: nothing is tried, and nothing learned
		case c.triesUnmarked(id):
			p = plan.NotSent // the browser asked the server, and did not send
		case c.blocked(id) && c.maySendAgain():
			c.warnCORSOnce()
		}
	}
	c.machine.Ended(now, id, plan.Outcome{Status: caused(st, cause), Pushback: plan.NoPushback, Progress: p})
}

// given is the header metadata that the application was given of an attempt.
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

// noResponseText says what was tried and where to look. A browser shows all of
// these faults as one and the same error, so that all are named.
func (c *Call) noResponseText(id int, cause error) string {
	if c.socket {
		return "no WebSocket could be opened for " + c.URL() + ": " + cause.Error() + ". Look whether the server runs, can be reached from " +
			"here, takes gRPC-Web over WebSocket, as the improbable wrapper does with WithWebsockets(true), and allows the page's " +
			"origin there (WithWebsocketOriginFunc)"
	}
	text := "no response from POST " + c.URL() + ": " + cause.Error() +
		". Look whether the server runs and can be reached from here"
	if c.channel.Options().CrossOrigin {
		text += "; the address is of another origin than the page, so look at its CORS answer too: it must allow the origin and the headers " +
			channel.List(c.allowed())
	}
	if c.blocked(id) {
		text += ". Attempts without the header " + channel.AttemptsHeader + " are answered: that may be the one that is not allowed"
	}
	return text
}
