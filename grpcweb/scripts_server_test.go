package grpcweb_test

import (
	"errors"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/driverscripts"
	"github.com/hedgerow-web/hedgerow/internal/fake"
)

// failures are the errors behind the words of a script.
var failures = map[string]error{
	"network": errors.New("the network failed"),
	"abort":   &transport.Error{Aborted: true, Err: errors.New("the page is left")},
}

func span(n int) time.Duration { return time.Duration(n) * ms }

// scriptNetwork plays a script's server.
func scriptNetwork(s driverscripts.Script) *fake.Network {
	attempts := make([]fake.Attempt, len(s.Server))
	for i, x := range s.Server {
		attempts[i] = scriptAttempt(x)
	}
	if len(attempts) == 0 {
		attempts = append(attempts, fake.Break(errors.New("the script has no server")))
	}
	if s.Streams {
		return fake.Streaming(attempts...)
	}
	return fake.New(attempts...)
}

func scriptAttempt(x driverscripts.Exchange) fake.Attempt {
	a := fake.Attempt{Wait: span(x.After), Err: failures[x.Fail], Status: x.HTTP, Header: fieldsOf(x.Fields())}
	switch n := x.Takes(); n {
	case driverscripts.All:
	case 0:
		a.Take = fake.Nothing
	default:
		a.Take = n
	}
	for _, c := range x.Chunks() {
		a.Body = append(a.Body, fake.Piece{Wait: span(c.After), Take: c.Take, Data: c.Data, Err: failures[c.Fail]})
	}
	return a
}

// requests are what the server saw.
func (r *scriptRun) requests() []driverscripts.SeenRequest {
	var requests []driverscripts.SeenRequest
	for _, x := range r.network.Seen() {
		requests = append(requests, driverscripts.SeenRequest{
			At: int(x.Begun.Sub(r.begun) / ms), Messages: driverscripts.Messages(x.Body), Whole: x.Whole, Header: valuesOf(x.Request.Header),
		})
	}
	return requests
}
