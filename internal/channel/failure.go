package channel

import (
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/internal/call"
)

// Failure is how an attempt failed before any response head.
type Failure uint8

// The ways.
const (
	NoResponse    Failure = iota // the network, or what a browser shows as such
	AbortedByHost                // something other than this client ended it: a page that is left, a service worker
	NotRequest                   // it could not be made into a request at all
)

// Failed: an attempt came to no response head (SEMANTICS 5.3).
func (c *Call) Failed(now call.Duration, id int, how Failure, p call.Progress, cause error) {
	if !c.machine.Live(id) {
		return
	}
	var st *status.Status
	switch how {
	case AbortedByHost:
		st = status.New(status.Canceled, "the request was ended by something else than this client: "+cause.Error())
	case NotRequest:
		c.Fail(now, caused(status.New(status.Internal, "no request can be made to "+c.URL()+": "+cause.Error()), cause))
		return
	default:
		st = status.New(status.Unavailable, c.noResponseText(cause))
	}
	c.machine.Ended(now, id, call.Outcome{Status: caused(st, cause), Pushback: call.NoPushback, Progress: p})
}

func caused(st *status.Status, cause error) *status.Status {
	st.Cause = cause
	return st
}

// noResponseText says what was tried and where to look. A browser shows all of
// these faults as one and the same error, so that all are named.
func (c *Call) noResponseText(cause error) string {
	text := "no response from POST " + c.URL() + ": " + cause.Error() +
		". Look whether the server runs and can be reached from here"
	if c.channel.options.CrossOrigin {
		text += "; the address is of another origin than the page, so look at its CORS answer too: it must allow the origin and the headers " +
			"content-type, x-grpc-web, x-user-agent, grpc-timeout, grpc-previous-rpc-attempts and your own"
	}
	return text
}
