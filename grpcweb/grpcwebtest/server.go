// Package grpcwebtest is a server inside a test, without a network. It answers as its steps say: two failures and a success, a slow
// answer, a server that says when to come back. With it you test the service config that you ship, and the code that makes calls.
//
//	synctest.Test(t, func(t *testing.T) {
//		server := grpcwebtest.NewServer(t)
//		server.On("/shop.Orders/Place", grpcwebtest.Fail(status.Unavailable), grpcwebtest.Reply(receipt))
//		channel := server.Channel(grpcweb.WithServiceConfigJSON(config))
//		…
//	})
//
// The server waits for nothing but timers of package time and the contexts of calls. So in a bubble of testing/synctest a test takes
// no real time, and all instants are exact. It works outside of a bubble too, in real time.
package grpcwebtest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hedgerow-web/hedgerow/grpcweb"
	"github.com/hedgerow-web/hedgerow/grpcweb/metadata"
	"github.com/hedgerow-web/hedgerow/grpcweb/status"
	"github.com/hedgerow-web/hedgerow/grpcweb/transport"
	"github.com/hedgerow-web/hedgerow/internal/wire"
)

// BaseURL is the base URL of channels to a Server.
const BaseURL = "https://server.test"

// Server is a transport.RoundTripper that plays steps. It is safe for concurrent use.
type Server struct {
	tb testing.TB

	mu       sync.Mutex
	scripts  map[string]*script
	requests []*Request
	problems []string
}

// script has the steps of one method.
type script struct {
	steps []repeated
	came  int // how many requests
}

// repeated is a step for several requests.
type repeated struct {
	step Step
	left int // how many more requests it answers; endless: any number
}

const endless = -1

// NewServer makes a server. When the test ends it fails, as Verify does, unless every request had a step and every step a request.
func NewServer(tb testing.TB) *Server {
	s := &Server{tb: tb, scripts: map[string]*script{}}
	tb.Cleanup(func() {
		tb.Helper()
		s.Verify()
	})
	return s
}

// Channel opens a channel to the server, which is closed when the test ends. Its backoffs are not drawn at random: with FullJitter
// they are exactly as long as the policy allows. WithRandom among the options changes that. Options that are not valid end the test.
func (s *Server) Channel(options ...grpcweb.Option) *grpcweb.Channel {
	s.tb.Helper()
	exact := grpcweb.WithRandom(func() float64 { return 1 })
	channel, err := grpcweb.NewChannel(s, BaseURL, append([]grpcweb.Option{exact}, options...)...)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(func() { channel.Close() })
	return channel
}

var methodPattern = regexp.MustCompile(`^(\*|/[^/]+/[^/]+)$`)

// On says how requests to a method ("/package.Service/Method") are answered: each step answers one request, in the order in which they
// come, after the steps that were added before. The method "*" is every method without steps of its own. A request for which no step
// is left fails with INTERNAL, and the test with it. On returns the server.
func (s *Server) On(method string, steps ...Step) *Server {
	s.tb.Helper()
	if !methodPattern.MatchString(method) {
		s.tb.Fatalf(`grpcwebtest: On was given the method %q; give one such as "/package.Service/Method", or "*" for all others`, method)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, step := range steps {
		if err := step.check(); err != "" {
			s.tb.Fatalf("grpcwebtest: a step for %s %s", method, err)
		}
		s.script(method).steps = append(s.script(method).steps, repeated{step, step.times})
	}
	return s
}

func (s *Server) script(method string) *script {
	if s.scripts[method] == nil {
		s.scripts[method] = &script{}
	}
	return s.scripts[method]
}

// Requests returns the requests that have come so far to a method, or to all methods if it is "", in their order.
func (s *Server) Requests(method string) []*Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Request
	for _, r := range s.requests {
		if method == "" || r.Method == method {
			list = append(list, r)
		}
	}
	return list
}

// Verify fails the test unless there was a step for every request, and a request for every step. The steps of Always need no request.
func (s *Server) Verify() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, problem := range s.problems {
		s.tb.Error("grpcwebtest: " + problem)
	}
	s.problems = nil
	for _, method := range s.methods() {
		for i, r := range s.scripts[method].steps {
			if r.left > 0 {
				s.tb.Errorf("grpcwebtest: no request to %s came for step %d, %s", method, i+1, r.step)
			}
		}
	}
}

// methods returns the methods that have steps, sorted.
func (s *Server) methods() []string {
	var methods []string
	for method, script := range s.scripts {
		if len(script.steps) > 0 {
			methods = append(methods, method)
		}
	}
	slices.Sort(methods)
	return methods
}

// StreamsRequests reports true: a step that is a function sees the messages of a request as they come.
func (s *Server) StreamsRequests() bool { return true }

// RoundTrip answers a request. Channels call it.
func (s *Server) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	request, step := s.begin(r)
	return request.answer(ctx, step)
}

// begin notes a request, and finds its step.
func (s *Server) begin(r *transport.Request) (*Request, Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method := strings.TrimPrefix(r.URL, BaseURL)
	request := &Request{Method: method, Attempt: 1, Metadata: received(r.Header), Began: time.Now(), body: r.Body, guard: &s.mu}
	if previous, err := strconv.Atoi(r.Header.Get("grpc-previous-rpc-attempts")); err == nil {
		request.Attempt = previous + 1
	}
	s.requests = append(s.requests, request)
	return request, s.stepFor(request)
}

func (s *Server) stepFor(r *Request) Step {
	from := s.scripts[r.Method]
	if from == nil || len(from.steps) == 0 {
		from = s.scripts["*"]
	}
	if from == nil {
		return s.missing(fmt.Sprintf("there is no step for %s: %s. Add some by On(%q, …)", r, s.known(), r.Method))
	}
	from.came++
	for i := range from.steps {
		switch entry := &from.steps[i]; {
		case entry.left == endless:
			return entry.step
		case entry.left > 0:
			entry.left--
			return entry.step
		}
	}
	return s.missing(fmt.Sprintf("no step is left for %s, which is number %d. Add one, or let the last one be Always(…)", r, from.came))
}

func (s *Server) known() string {
	switch methods := s.methods(); len(methods) {
	case 0:
		return "no method has steps"
	case 1:
		return "only " + methods[0] + " has steps"
	default:
		return "only " + strings.Join(methods, ", ") + " have steps"
	}
}

// missing notes a problem, and answers with it. The code is one that is hardly ever retried.
func (s *Server) missing(problem string) Step {
	s.problems = append(s.problems, problem)
	return Fail(status.Internal).WithMessage("grpcwebtest: " + problem).WithPushback(-1)
}

// received returns the metadata of a request without the fields that belong to the protocol.
func received(header metadata.MD) metadata.MD {
	var md metadata.MD
	for name, value := range header.All() {
		if !slices.Contains([]string{"content-type", "x-grpc-web", "x-user-agent"}, name) {
			wire.AppendField(&md, name, value)
		}
	}
	return md
}
